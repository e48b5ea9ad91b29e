//! Whom a message can reach at all, and when at the earliest: a search over time through links that come and go and through the faults
//! of a round, in which no copy takes any time.
//!
//! Between two steps nothing changes, so that whoever holds the message and may send passes it to every neighbour that takes it, and
//! so on. A node that loses its state holds nothing when it is back, and may be reached anew. Contacts are closed: at the instant of a
//! change links come up before the message goes on, and go down after it.

use cnsim::id::NodeIx;
use cnsim::motion::{Change, Contacts, Present};
use cnsim::scenario::{Effect, Manner, Span, Timeline};
use cnsim::time::Interval;
use cnsim::topology::Adjacency;

use super::network::RunNetwork;
use super::scenario::{RoundScenario, ns};
use super::spread::Spread;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reachable {
    /// Nodes but the initiator that the message could reach at all.
    pub expected: u32,
    /// First receipts of these.
    pub delivered: u32,
    /// When each of them could have had it at the earliest, in ns since `initiate`, sorted.
    pub earliest_ns: Vec<i64>,
}

/// What a round's message could do at best, where its network moves or faults befell it. None where nobody knows who began it, or how
/// long it lasted.
pub(super) fn measure(
    (network, scenario): (Option<&RunNetwork<'_>>, Option<&RoundScenario<'_>>),
    spread: &Spread<'_>,
    lasts_ns: Option<i64>,
) -> Option<Reachable> {
    let (initiate, lasts_ns) = (spread.initiate?, lasts_ns?);
    let place = |node: u32| match (scenario, network) {
        (Some(scenario), _) => scenario.place(node),
        (None, Some(network)) => network.place(node),
        (None, None) => None,
    };
    let links = match (network.and_then(|network| network.contacts), scenario) {
        (Some(contacts), _) => Links::moving(contacts),
        // Links that come and go, and nobody knows when.
        (None, Some(scenario)) if scenario.run.manifest.options.motion.is_some() => return None,
        (None, Some(scenario)) => Links::Fixed {
            nodes: scenario.run.nodes,
            neighbours: &scenario.run.neighbours,
            heard_from: scenario.run.heard_from.as_ref(),
        },
        (None, None) => return None,
    };
    let initiator = place(initiate.node)?;
    let begins = Interval(scenario.map_or(0, |scenario| scenario.since(initiate.at_ns)).max(0) as u64);
    let ends = Interval(begins.0.saturating_add(lasts_ns.max(0) as u64));
    let timeline = scenario.map(RoundScenario::timeline);
    let earliest = earliest(links, timeline, initiator, (begins, ends));
    let is_reachable = |node: &NodeIx| *node != initiator && earliest[node.index()].is_some();
    let mut earliest_ns: Vec<i64> = (0..)
        .map(NodeIx)
        .zip(&earliest)
        .filter(|(node, _)| *node != initiator)
        .filter_map(|(_, at)| Some(ns(Interval((*at)?.0 - begins.0))))
        .collect();
    earliest_ns.sort_unstable();
    let receivers = spread.firsts.iter().filter_map(|first| place(first.receiver));
    Some(Reachable {
        expected: earliest_ns.len() as u32,
        delivered: receivers.filter(is_reachable).count() as u32,
        earliest_ns,
    })
}

/// By place in the topology: when a message that `initiator` began at the first of two instants can be there, before the second.
fn earliest(
    links: Links<'_>,
    timeline: Option<&Timeline>,
    initiator: NodeIx,
    (begins, ends): (Interval, Interval),
) -> Vec<Option<Interval>> {
    let nodes = links.nodes();
    let mut search = Search {
        links,
        timeline,
        initiator,
        stopped: vec![false; nodes],
        holds: vec![false; nodes],
        reached: vec![None; nodes],
    };
    let steps = timeline.map(steps).unwrap_or_default();
    let (before, mut faults) = steps.split_at(steps.partition_point(|step| step.at <= begins));
    before.iter().for_each(|step| search.take(step));
    search.links.come_up(begins, &mut Vec::new());
    search.hold(initiator, begins);
    search.spread(vec![initiator], begins);
    search.links.go_down(begins);
    loop {
        // What a fault leaves at the very end of a round is of no use in it; contacts are closed.
        let of_fault = faults.first().map(|step| step.at).filter(|at| *at < ends);
        let of_link = search.links.next_at().filter(|at| *at <= ends);
        let Some(at) = of_fault.into_iter().chain(of_link).min() else { return search.reached };
        let due = if at < ends { faults.partition_point(|step| step.at <= at) } else { 0 };
        let (now, later) = faults.split_at(due);
        faults = later;
        let mut open = Vec::new();
        now.iter().for_each(|step| search.take(step));
        search.links.come_up(at, &mut open);
        for step in now {
            match step.what {
                What::Stops(_) => {}
                What::Goes { node, .. } => search.add_around(node, &mut open),
                What::Opens => open.extend((0..nodes as u32).map(NodeIx)),
            }
        }
        search.spread(open, at);
        search.links.go_down(at);
    }
}

/// Who may send to whom.
enum Links<'s> {
    /// Always the same.
    Fixed { nodes: usize, neighbours: &'s Adjacency, heard_from: Option<&'s Adjacency> },
    /// By time: as they are now, and the place of the next change.
    Moving { contacts: &'s Contacts, present: Present, next: usize },
}

impl<'s> Links<'s> {
    fn moving(contacts: &'s Contacts) -> Self {
        Self::Moving { contacts, present: Present::of(contacts), next: 0 }
    }

    fn nodes(&self) -> usize {
        match self {
            Self::Fixed { nodes, .. } => *nodes,
            Self::Moving { contacts, .. } => contacts.nodes().len(),
        }
    }

    fn neighbours(&self, node: NodeIx) -> &[NodeIx] {
        match self {
            Self::Fixed { neighbours, .. } => neighbours.neighbours(node),
            Self::Moving { present, .. } => present.neighbours(node),
        }
    }

    /// Whom a node may hear from.
    fn heard_from(&self, node: NodeIx) -> &[NodeIx] {
        match self {
            Self::Fixed { neighbours, heard_from, .. } => heard_from.unwrap_or(neighbours).neighbours(node),
            Self::Moving { present, .. } => present.neighbours(node),
        }
    }

    /// When the next change is.
    fn next_at(&self) -> Option<Interval> {
        match self {
            Self::Fixed { .. } => None,
            Self::Moving { contacts, next, .. } => contacts.get(*next).map(|(at, _)| at),
        }
    }

    /// Takes what changes up to this instant, but for what goes in it; the ends of links that come up are `open`.
    fn come_up(&mut self, now: Interval, open: &mut Vec<NodeIx>) {
        let Self::Moving { contacts, present, next } = self else { return };
        let end = contacts.first_end_from(now);
        for (_, change) in (*next..end).filter_map(|place| contacts.get(place)) {
            present.apply(change);
            if let Change::Up(link) = change {
                open.extend(link.ends());
            }
        }
        *next = end.max(*next);
    }

    /// Takes what goes at this instant.
    fn go_down(&mut self, now: Interval) {
        let Self::Moving { contacts, present, next } = self else { return };
        let end = contacts.first_after(now);
        (*next..end).filter_map(|place| contacts.get(place)).for_each(|(_, change)| present.apply(change));
        *next = end.max(*next);
    }
}

/// Something of a fault that changes who may pass the message to whom.
struct Step {
    at: Interval,
    what: What,
}

enum What {
    Goes {
        node: NodeIx,
        is_anew: bool,
    },
    Stops(NodeIx),
    /// Links are whole again, or nodes send again.
    Opens,
}

fn steps(timeline: &Timeline) -> Vec<Step> {
    let mut steps = Vec::new();
    for planned in &timeline.faults {
        match &planned.effect {
            Effect::Stopped { manner, nodes } => {
                let is_anew = matches!(manner, Manner::Down { state, .. } if state.is_lost());
                for (node, Span { begins, ends }) in
                    nodes.iter().flat_map(|stopped| stopped.spans.iter().map(move |span| (stopped.node, *span)))
                {
                    steps.push(Step { at: begins, what: What::Stops(node) });
                    steps.push(Step { at: ends, what: What::Goes { node, is_anew } });
                }
            }
            Effect::Cut { .. } | Effect::Mute { .. } => {
                steps.push(Step { at: planned.window.ends, what: What::Opens });
            }
            Effect::Loss { .. } | Effect::Delay { .. } | Effect::Uplink { .. } => {}
        }
    }
    // A node that goes on and stops again at one instant stands still.
    steps.sort_by_key(|step| (step.at, matches!(step.what, What::Stops(_))));
    steps
}

struct Search<'s> {
    links: Links<'s>,
    timeline: Option<&'s Timeline>,
    initiator: NodeIx,
    stopped: Vec<bool>,
    holds: Vec<bool>,
    reached: Vec<Option<Interval>>,
}

impl Search<'_> {
    fn take(&mut self, step: &Step) {
        match step.what {
            What::Stops(node) => self.stopped[node.index()] = true,
            What::Goes { node, is_anew } => {
                self.stopped[node.index()] = false;
                self.holds[node.index()] &= !is_anew;
            }
            What::Opens => {}
        }
    }

    fn hold(&mut self, node: NodeIx, at: Interval) {
        self.holds[node.index()] = true;
        self.reached[node.index()].get_or_insert(at);
    }

    /// The node and those that it may hear from.
    fn add_around(&self, node: NodeIx, open: &mut Vec<NodeIx>) {
        open.push(node);
        open.extend(self.links.heard_from(node));
    }

    /// Passes the message on from some nodes, as far as it comes at one instant.
    fn spread(&mut self, mut open: Vec<NodeIx>, at: Interval) {
        while let Some(node) = open.pop() {
            let is_mute = || node != self.initiator && self.timeline.is_some_and(|timeline| timeline.is_mute(node, at));
            if !self.holds[node.index()] || self.stopped[node.index()] || is_mute() {
                continue;
            }
            for place in 0..self.links.neighbours(node).len() {
                let next = self.links.neighbours(node)[place];
                let takes = !self.stopped[next.index()] && !self.holds[next.index()];
                if takes && !self.timeline.is_some_and(|timeline| timeline.is_cut(node, next, at)) {
                    self.hold(next, at);
                    open.push(next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cnsim::motion::{MotionSpec, foremost};
    use cnsim::topology::default_ids;

    use super::*;

    #[test]
    fn without_faults_it_is_the_foremost_path() {
        for text in ["waypoint:800mx800m:1m/s..20m/s:0s..10s:120m", "rewire:0.5:5s:er:0.03"] {
            let Ok(MotionSpec::Model(model)) = text.parse::<MotionSpec>() else { panic!("{text} is a model") };
            let contacts = model.generate(default_ids(30), 5, Interval::from_ms(200_000)).unwrap();
            for (source, begins) in [(0, 0), (7, 0), (29, 35_000)] {
                let (source, begins) = (NodeIx(source), Interval::from_ms(begins));
                let found = earliest(Links::moving(&contacts), None, source, (begins, contacts.span()));
                assert_eq!(found, foremost(&contacts, source, begins), "{text}");
            }
        }
    }

    #[test]
    fn what_comes_after_the_end_of_the_round_is_too_late_and_what_comes_at_it_is_not() {
        let text = "0 a b up\n5 a b down\n5 b c up\n6 c d up\n";
        let recording = cnsim::motion::read::read(&mut text.as_bytes(), None).unwrap();
        let cnsim::motion::read::Recording::Contacts(contacts) = recording else { panic!("these are contacts") };
        let until = |ends: u64| {
            earliest(Links::moving(&contacts), None, NodeIx(0), (Interval::ZERO, Interval(ends * 1_000_000_000)))
                .into_iter()
                .flatten()
                .count()
        };
        // Two contacts that touch are a way.
        assert_eq!([4, 5, 6].map(until), [2, 3, 4]);
    }
}
