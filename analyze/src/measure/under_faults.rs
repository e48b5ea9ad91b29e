//! What a round under faults is measured by besides: who was up, who could be reached, and when deliveries were made.

use cnsim::event::Kind;
use cnsim::id::NodeIx;
use cnsim::scenario::{Effect, Manner, ROUND_END, Span};
use cnsim::time::Interval;
use cnsim_records::columns::UNKNOWN_NS;

use super::scenario::{RoundScenario, ns, spans_of};
use super::spread::Spread;
use crate::rounds::Round;

/// See the module. Nodes do not count the initiator, times count from `initiate` in ns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnderFaults {
    /// Nodes that were up from `Start` to the round's end.
    pub expected_up: u32,
    /// First receipts of these.
    pub delivered_up: u32,
    /// Deliveries before the first fault began, until the last one ended, and after that.
    pub delivered_by_phase: [u64; 3],
    /// From the end of the last fault to the last first receipt; none where some fault has no end, where a node was never reached,
    /// and where all had been reached before.
    pub heal_to_agreement_ns: Option<i64>,
    /// Failed copies to nodes that were down when they were sent.
    pub failed_to_down: u64,
    /// The share of the time of all nodes in which they did not stand still.
    pub available: f64,
    /// The faults as they lay in the round.
    pub spans: Vec<FaultSpan>,
    /// How many nodes were up, initiator and all, from each instant on; empty where no fault stops a node.
    pub population: Vec<(i64, u32)>,
    /// When the round was over.
    pub ended_ns: i64,
}

/// A fault in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpan {
    /// What it is called.
    pub name: String,
    /// When it began.
    pub begins_ns: i64,
    /// When it ended, or the round did.
    pub ends_ns: i64,
}

/// The nodes of a round that were up all the time, by place in the topology.
pub(super) struct UpNodes(Vec<bool>);

/// What the faults of a round come to, with the nodes that its convergence counts. None where nobody knows who began it.
pub(super) fn measure(
    scenario: &RoundScenario<'_>,
    round: &Round<'_>,
    spread: &Spread<'_>,
    lasts_ns: Option<i64>,
) -> Option<(UnderFaults, UpNodes)> {
    let initiate = spread.initiate?;
    let initiator = scenario.place(initiate.node)?;
    let begins = instant(scenario.since(initiate.at_ns));
    let ended_ns = lasts_ns?;
    let ends = Interval(begins.0.saturating_add(ended_ns.max(0) as u64));
    let within = Within { scenario, begins, ends };
    let up = UpNodes(within.up());
    let count = |nodes: &[bool]| {
        let counted = (0..).map(NodeIx).zip(nodes).filter(|(node, counts)| **counts && *node != initiator);
        counted.count() as u32
    };
    let delivered = |nodes: &[bool]| {
        let places = spread.firsts.iter().filter_map(|first| scenario.place(first.receiver));
        places.filter(|place| nodes[place.index()]).count() as u32
    };
    let found = UnderFaults {
        expected_up: count(&up.0),
        delivered_up: delivered(&up.0),
        delivered_by_phase: within.by_phase(spread),
        heal_to_agreement_ns: within.heal_to_agreement(spread),
        failed_to_down: within.failed_to_down(round),
        available: within.available(),
        spans: within.spans(),
        population: within.population(),
        ended_ns,
    };
    Some((found, up))
}

impl UpNodes {
    /// Whether a node is among them.
    pub(super) fn contains(&self, scenario: &RoundScenario<'_>, node: u32) -> bool {
        scenario.place(node).is_some_and(|place| self.has(place))
    }

    /// The same by its place in the topology.
    pub(super) fn has(&self, place: NodeIx) -> bool {
        self.0[place.index()]
    }
}

/// A time since the round's time 0; 0 where a clock says that it was before.
fn instant(ns: i64) -> Interval {
    Interval(u64::try_from(ns).unwrap_or(0))
}

/// A round's faults between its begin and its end.
struct Within<'s> {
    scenario: &'s RoundScenario<'s>,
    begins: Interval,
    ends: Interval,
}

impl Within<'_> {
    /// When nodes stand still, and how, each time as far as it lies in the round.
    fn stops(&self) -> impl Iterator<Item = (NodeIx, Span, Manner)> {
        let stopped = self.scenario.timeline().faults.iter().filter_map(|planned| match &planned.effect {
            Effect::Stopped { manner, nodes } => Some((*manner, nodes)),
            Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => None,
        });
        let spans = stopped.flat_map(|(manner, nodes)| nodes.iter().map(move |stopped| (manner, stopped)));
        spans.flat_map(move |(manner, stopped)| {
            let clipped = stopped.spans.iter().filter_map(|span| self.clipped(*span));
            clipped.map(move |span| (stopped.node, span, manner))
        })
    }

    fn clipped(&self, span: Span) -> Option<Span> {
        let span = Span { begins: span.begins.max(self.begins), ends: span.ends.min(self.ends) };
        (span.begins < span.ends).then_some(span)
    }

    /// The nodes that were never down. One that sleeps is awake for a part of each period, and one that pauses goes on with all that
    /// it held, so that they count; not where a pause outlasts the round.
    fn up(&self) -> Vec<bool> {
        let mut up = vec![true; self.scenario.run.nodes];
        for (node, span, manner) in self.stops() {
            up[node.index()] &= match manner {
                Manner::Down { .. } => false,
                Manner::Asleep => true,
                Manner::Paused => span.ends < self.ends,
            };
        }
        up
    }

    fn available(&self) -> f64 {
        let lasts = u128::from(self.ends.0 - self.begins.0) * self.scenario.run.nodes as u128;
        let stood: u128 = self.stops().map(|(_, span, _)| u128::from(span.ends.0 - span.begins.0)).sum();
        if lasts == 0 { 1.0 } else { 1.0 - stood as f64 / lasts as f64 }
    }

    fn population(&self) -> Vec<(i64, u32)> {
        let mut changes: Vec<(Interval, i64)> =
            self.stops().flat_map(|(_, span, _)| [(span.begins, -1), (span.ends, 1)]).collect();
        if changes.is_empty() {
            return Vec::new();
        }
        changes.sort_unstable();
        let mut up = self.scenario.run.nodes as i64;
        let mut steps = vec![(0, up as u32)];
        for together in changes.chunk_by(|a, b| a.0 == b.0) {
            up += together.iter().map(|(_, change)| change).sum::<i64>();
            let at = self.since_initiate(together[0].0);
            // Where the round ends nobody goes on.
            if together[0].0 < self.ends {
                steps.push((at, up.max(0) as u32));
            }
        }
        steps.push((self.since_initiate(self.ends), steps.last().map_or(0, |step| step.1)));
        steps
    }

    fn since_initiate(&self, at: Interval) -> i64 {
        ns(at).saturating_sub(ns(self.begins))
    }

    fn spans(&self) -> Vec<FaultSpan> {
        let faults = self.scenario.timeline().faults.iter();
        let spans = faults.filter_map(|planned| Some((planned.name.clone(), self.clipped(planned.window)?)));
        spans
            .map(|(name, span)| FaultSpan {
                name,
                begins_ns: self.since_initiate(span.begins),
                ends_ns: self.since_initiate(span.ends),
            })
            .collect()
    }

    fn by_phase(&self, spread: &Spread<'_>) -> [u64; 3] {
        let faults = &self.scenario.timeline().faults;
        let begins = faults.iter().map(|planned| ns(planned.window.begins)).min().unwrap_or(i64::MAX);
        let ends = faults.iter().map(|planned| ns(planned.window.ends)).max().unwrap_or(i64::MAX);
        let mut counts = [0; 3];
        for first in spread.firsts {
            let at = self.scenario.since(first.received_ns);
            counts[usize::from(at >= begins) + usize::from(at >= ends)] += 1;
        }
        counts
    }

    fn heal_to_agreement(&self, spread: &Spread<'_>) -> Option<i64> {
        let healed = self.scenario.timeline().faults.iter().map(|planned| planned.window.ends).max()?;
        let is_everybody = spread.firsts.len() + 1 >= self.scenario.run.nodes;
        let last = self.scenario.since(spread.firsts.last()?.received_ns);
        let after = last.saturating_sub(ns(healed));
        // In an open loop a message may begin when all is healed.
        (healed != ROUND_END && self.begins < healed && is_everybody && after > 0).then_some(after)
    }

    fn failed_to_down(&self, round: &Round<'_>) -> u64 {
        let events = round.events;
        let is_wasted = |row: &usize| {
            let (sent_ns, receiver) = (events.sent_ns[*row], self.scenario.place(events.receiver[*row]));
            let failed = events.kind[*row] == Kind::Failed && sent_ns != UNKNOWN_NS;
            failed && receiver.is_some_and(|node| self.is_down(node, instant(self.scenario.since(sent_ns))))
        };
        round.rows.clone().filter(is_wasted).count() as u64
    }

    /// Whether what is sent to a node at an instant is in vain.
    fn is_down(&self, node: NodeIx, at: Interval) -> bool {
        self.scenario.timeline().faults.iter().any(|planned| match &planned.effect {
            Effect::Stopped { manner: Manner::Down { .. } | Manner::Asleep, nodes } => {
                spans_of(nodes, node).iter().any(|span| span.contains(at))
            }
            Effect::Stopped { manner: Manner::Paused, .. }
            | Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use cnsim::scenario::{How, NodeSet, Planned, Probe, RoundLine, State, Stopped, Timeline};

    use super::super::fixture::{Row, loaded, manifest};
    use super::super::{Options, RoundMetrics, analyse};
    use super::*;
    use crate::inputs::FaultFacts;

    const NODES: [&str; 4] = ["n0", "n1", "n2", "n3"];

    fn span(begins: u64, ends: u64) -> Span {
        Span { begins: Interval(begins), ends: Interval(ends) }
    }

    fn planned(begins: u64, ends: u64, effect: Effect) -> Planned {
        Planned { name: "f".to_owned(), window: span(begins, ends), effect }
    }

    fn set(nodes: &[u32]) -> NodeSet {
        NodeSet::new(nodes.iter().copied().map(NodeIx).collect())
    }

    fn down(node: u32, begins: u64, ends: u64, state: State) -> Planned {
        let nodes = vec![Stopped { node: NodeIx(node), spans: vec![span(begins, ends)] }];
        planned(begins, ends, Effect::Stopped { manner: Manner::Down { how: How::Dark, state }, nodes })
    }

    fn cut(begins: u64, ends: u64) -> Planned {
        planned(begins, ends, Effect::Cut { sides: vec![set(&[0, 1]), set(&[2, 3])], one_way: false })
    }

    /// A round over the line n0 - n1 - n2 - n3, begun by n0 at time 0, that lasts 100 ns.
    fn measured(faults: Vec<Planned>, rows: &[Row]) -> RoundMetrics {
        let mut facts = manifest("push-pull", NODES, &[(0, 1), (1, 2), (2, 3)], false);
        let spec = r#"{"name":"f","at":"0s","kind":"mute","who":"all"}"#;
        facts.manifest.options.faults = vec![serde_json::from_str(spec).unwrap()];
        facts.manifest.rounds.clear();
        let timeline = Timeline { faults, probes: Vec::<Probe>::new() };
        let line = RoundLine { round: 1, origin_ns: 1_000, timeline, kills: Vec::new() };
        facts.faults = Some(FaultFacts { rounds: [(1, line)].into(), ..FaultFacts::default() });
        let ends = Row::failed("n0", "n1", 1_000, 1_100);
        let rows: Vec<Row> =
            [Row::initiate("n0", 1_000)].iter().chain(rows).chain([&ends]).map(|row| row.with_nodes(4)).collect();
        let mut input = loaded("c", &rows);
        input.about.runs.insert("run".to_owned(), facts);
        analyse(&[input], &Options::default()).groups[0].rounds[0].clone()
    }

    fn found(faults: Vec<Planned>, rows: &[Row]) -> UnderFaults {
        measured(faults, rows).under_faults.unwrap()
    }

    fn reached(at: [i64; 3]) -> [Row; 3] {
        [
            Row::received("n0", "n1", 1_000, 1_000 + at[0]),
            Row::received("n1", "n2", 1_000, 1_000 + at[1]),
            Row::received("n2", "n3", 1_000, 1_000 + at[2]),
        ]
    }

    #[test]
    fn a_node_is_reachable_where_a_way_through_time_leads_to_it() {
        let reachable = |faults| measured(faults, &[]).reachable.unwrap().expected;
        assert_eq!(reachable(vec![cut(0, 50)]), 3, "over the edge when it is whole");
        assert_eq!(reachable(vec![cut(0, u64::MAX)]), 1, "n1");
        // n1 is up before the edge behind it is whole, and is gone when it is.
        assert_eq!(reachable(vec![cut(0, 50), down(1, 40, u64::MAX, State::Kept)]), 1);
        assert_eq!(reachable(vec![cut(0, 50), down(1, 60, u64::MAX, State::Kept)]), 3);
        // n1 keeps the message through its crash; where it loses it, n0 has to be there to tell it again.
        let away = |state| vec![cut(0, 50), down(1, 10, 60, state), down(0, 20, u64::MAX, State::Kept)];
        assert_eq!((reachable(away(State::Kept)), reachable(away(State::Lost))), (3, 1));
        let mute = vec![planned(0, 100, Effect::Mute { nodes: set(&[0, 2]) })];
        assert_eq!(reachable(mute), 2, "who begins a message sends it, mute or not; n2 passes nothing on");
        let mute = vec![planned(0, 30, Effect::Mute { nodes: set(&[2]) })];
        assert_eq!(reachable(mute), 3);
    }

    #[test]
    fn a_message_that_begins_when_all_is_healed_does_not_heal() {
        let agreed = |ends| found(vec![cut(0, ends)], &reached([70, 80, 90])).heal_to_agreement_ns;
        assert_eq!((agreed(60), agreed(95)), (Some(30), None));
        // The fixture's round begins at time 0; a fault that is over by then was of the messages before.
        assert_eq!(agreed(0), None);
    }

    #[test]
    fn times_are_over_the_nodes_that_were_never_down() {
        let crash = vec![down(2, 20, 60, State::Kept)];
        let round = measured(crash.clone(), &reached([10, 70, 30]));
        let faults = round.under_faults.as_ref().unwrap();
        assert_eq!((faults.expected_up, faults.delivered_up, round.delivered), (2, 2, 3));
        assert_eq!(round.from_initiate, [Some(10), Some(30), Some(30), Some(30), Some(30)]);
        assert!(round.is_complete() && faults.heal_to_agreement_ns == Some(10));
        assert_eq!(faults.available, 0.9, "one of four nodes, for 40 of 100 ns");
        assert_eq!(faults.population, [(0, 4), (20, 3), (60, 4), (100, 4)]);
        assert_eq!(faults.delivered_by_phase, [1, 1, 1]);
        let without_n1 = measured(crash, &reached([10, 70, 30])[1..]);
        assert!(!without_n1.is_complete() && without_n1.from_initiate[4].is_none());
    }

    #[test]
    fn who_sleeps_or_pauses_counts_unless_it_outlasts_the_round() {
        let stopped = |manner, ends| {
            let nodes = vec![Stopped { node: NodeIx(3), spans: vec![span(10, ends)] }];
            found(vec![planned(0, ends, Effect::Stopped { manner, nodes })], &[]).expected_up
        };
        assert_eq!((stopped(Manner::Paused, 50), stopped(Manner::Paused, u64::MAX)), (3, 2));
        assert_eq!(stopped(Manner::Asleep, u64::MAX), 3);
    }

    #[test]
    fn copies_to_the_dead_are_wasted_and_agreement_needs_everybody() {
        let failed = [Row::failed("n1", "n2", 1_030, 1_090), Row::failed("n1", "n2", 1_070, 1_090)];
        let faults = found(vec![down(2, 20, 60, State::Kept)], &failed);
        assert_eq!((faults.failed_to_down, faults.heal_to_agreement_ns), (1, None));
        let before = found(vec![cut(50, 60)], &reached([10, 20, 30]));
        assert_eq!((before.heal_to_agreement_ns, before.delivered_by_phase), (None, [3, 0, 0]), "all had it before");
        assert_eq!(found(vec![cut(50, u64::MAX)], &reached([10, 20, 70])).heal_to_agreement_ns, None);
    }
}
