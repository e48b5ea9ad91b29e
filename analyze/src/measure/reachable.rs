//! Whom a message can reach at all under the faults of its round: a search over time, in which no copy takes any.
//!
//! Between two steps of the faults nothing changes, so that whoever holds the message and may send passes it to every neighbour
//! that takes it, and so on. A node that loses its state holds nothing when it is back, and may be reached anew.

use cnsim::id::NodeIx;
use cnsim::scenario::{Effect, Manner, Span};
use cnsim::time::Interval;

use super::scenario::RoundScenario;

/// By place in the topology: whether a message that `initiator` began at the first of two instants can be there before the second.
pub(super) fn reachable(
    scenario: &RoundScenario<'_>,
    initiator: NodeIx,
    (begins, ends): (Interval, Interval),
) -> Vec<bool> {
    let nodes = scenario.run.nodes;
    let mut search = Search {
        scenario: *scenario,
        initiator,
        stopped: vec![false; nodes],
        holds: vec![false; nodes],
        reached: vec![false; nodes],
    };
    let steps = steps(scenario);
    let before = steps.partition_point(|step| step.at <= begins);
    for step in &steps[..before] {
        search.take(step);
    }
    search.hold(initiator);
    search.spread(vec![initiator], begins);
    let steps = &steps[before..];
    let steps = &steps[..steps.partition_point(|step| step.at < ends)];
    for together in steps.chunk_by(|a, b| a.at == b.at) {
        let mut open = Vec::new();
        together.iter().for_each(|step| search.take(step));
        for step in together {
            match step.what {
                What::Stops(_) => {}
                What::Goes { node, .. } => search.add_around(node, &mut open),
                What::Opens => open.extend((0..nodes as u32).map(NodeIx)),
            }
        }
        search.spread(open, together[0].at);
    }
    search.reached
}

/// Something that changes who may pass the message to whom.
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

fn steps(scenario: &RoundScenario<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for planned in &scenario.timeline().faults {
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
    scenario: RoundScenario<'s>,
    initiator: NodeIx,
    stopped: Vec<bool>,
    holds: Vec<bool>,
    reached: Vec<bool>,
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

    fn hold(&mut self, node: NodeIx) {
        self.holds[node.index()] = true;
        self.reached[node.index()] = true;
    }

    /// The node and those that it may hear from.
    fn add_around(&self, node: NodeIx, open: &mut Vec<NodeIx>) {
        let run = self.scenario.run;
        open.push(node);
        open.extend(run.heard_from.as_ref().unwrap_or(&run.neighbours).neighbours(node));
    }

    /// Passes the message on from some nodes, as far as it comes at one instant.
    fn spread(&mut self, mut open: Vec<NodeIx>, at: Interval) {
        let (run, timeline) = (self.scenario.run, self.scenario.timeline());
        while let Some(node) = open.pop() {
            let is_mute = || node != self.initiator && timeline.is_mute(node, at);
            if !self.holds[node.index()] || self.stopped[node.index()] || is_mute() {
                continue;
            }
            for next in run.neighbours.neighbours(node) {
                let takes = !self.stopped[next.index()] && !self.holds[next.index()];
                if takes && !timeline.is_cut(node, *next, at) {
                    self.hold(*next);
                    open.push(*next);
                }
            }
        }
    }
}
