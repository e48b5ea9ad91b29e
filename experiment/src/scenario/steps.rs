//! The timeline of a round in words: whom faults meet, and what happens when.

use std::fmt::Write;

use cnsim::id::{NodeId, NodeIx};
use cnsim::scenario::{Effect, Kind, Manner, NodeSet, Planned, ROUND_END, Span, Timeline};
use cnsim::time::Interval;

use crate::plan::Plan;

/// So many names are shown of more nodes.
const NAMES_MAX: usize = 5;

/// So many steps of one fault are shown of more.
const STEPS_MAX: usize = 6;

/// A line for each fault: when, and whom.
pub(super) fn faults(plan: &Plan, timeline: &Timeline) -> Vec<[String; 5]> {
    let nodes = &plan.topology.nodes;
    let row = |(fault, planned): (&cnsim::scenario::FaultSpec, &Planned)| {
        let Span { begins, ends } = planned.window;
        let until = if ends == ROUND_END { "round's end".to_owned() } else { seconds(ends) };
        [fault.name.clone(), fault.kind.word().to_owned(), seconds(begins), until, targets(&planned.effect, nodes)]
    };
    plan.options.faults.iter().zip(&timeline.faults).map(row).collect()
}

/// What happens, in the order of time, and of the file at one instant.
pub(super) fn lines(plan: &Plan, timeline: &Timeline) -> Vec<[String; 2]> {
    let mut steps = Vec::new();
    for (fault, planned) in plan.options.faults.iter().zip(&timeline.faults) {
        steps.extend(steps_of(&fault.kind, planned, &plan.topology.nodes));
    }
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(at, what)| [seconds(at), what]).collect()
}

/// The begin and the end of one fault, and what befalls nodes at times of their own.
fn steps_of(kind: &Kind, planned: &Planned, nodes: &[NodeId]) -> Vec<(Interval, String)> {
    let Span { begins, ends } = planned.window;
    let name = &planned.name;
    let mut steps = vec![(begins, format!("{name} ({}) begins", kind.word()))];
    steps.extend((ends != ROUND_END).then(|| (ends, format!("{name} ends"))));
    if let Effect::Stopped { manner, nodes: stopped } = &planned.effect {
        let (down, back) = match manner {
            Manner::Down { .. } => ("goes down", "is back"),
            Manner::Asleep => ("falls asleep", "wakes up"),
            Manner::Paused => ("stands still", "goes on"),
        };
        let mut own: Vec<(Interval, String)> = Vec::new();
        for one in stopped {
            let node = &nodes[one.node.index()];
            let spans = one.spans.iter().flat_map(|span| [(span.begins, down), (span.ends, back)]);
            let apart = spans.filter(|(at, _)| *at != begins && *at != ends && *at != ROUND_END);
            own.extend(apart.map(|(at, what)| (at, format!("{name}: {node} {what}"))));
        }
        own.sort();
        fold(&mut own, name);
        steps.extend(own);
    }
    steps
}

/// Keeps the first steps and the last.
fn fold(steps: &mut Vec<(Interval, String)>, name: &str) {
    if steps.len() <= STEPS_MAX {
        return;
    }
    let last = steps.pop();
    let left_out = steps.split_off(STEPS_MAX - 2);
    let between = left_out.first().map(|(at, _)| (*at, format!("{name}: {} steps more", left_out.len())));
    steps.extend(between.into_iter().chain(last));
}

fn targets(effect: &Effect, nodes: &[NodeId]) -> String {
    match effect {
        Effect::Stopped { nodes: stopped, .. } => {
            counted(&stopped.iter().map(|stopped| stopped.node).collect::<Vec<_>>(), nodes)
        }
        Effect::Cut { sides, one_way } => {
            let sides: Vec<String> = sides.iter().map(|side| counted(side.nodes(), nodes)).collect();
            sides.join(if *one_way { " -> " } else { " | " })
        }
        Effect::Loss { nodes: set, .. }
        | Effect::Delay { nodes: set, .. }
        | Effect::Uplink { nodes: set, .. }
        | Effect::Mute { nodes: set } => counted(NodeSet::nodes(set), nodes),
    }
}

/// How many nodes, and the names of the first.
fn counted(meant: &[NodeIx], nodes: &[NodeId]) -> String {
    let mut text = format!("{}: ", meant.len());
    let names: Vec<&str> = meant.iter().take(NAMES_MAX).map(|node| nodes[node.index()].as_str()).collect();
    text.push_str(&names.join(" "));
    if meant.len() > NAMES_MAX {
        write!(text, " and {} more", meant.len() - NAMES_MAX).expect("a String takes what is written");
    }
    text
}

/// In seconds, to the millisecond.
fn seconds(at: Interval) -> String {
    let ms = at.0 / 1_000_000;
    if ms.is_multiple_of(1_000) { format!("{}s", ms / 1_000) } else { format!("{}.{:03}s", ms / 1_000, ms % 1_000) }
}
