//! The faults that the rounds of an input were under, for the numbers of its names.

use std::collections::BTreeMap;

use cnsim::id::NodeIx;
use cnsim::manifest::Manifest;
use cnsim::pace::Pace;
use cnsim::scenario::{Effect, Manner, Planned, ROUND_END, RoundLine, SLACK, Span, Stopped, Timeline};
use cnsim::time::{Clock, Interval};
use cnsim::topology::{Adjacency, EdgeWeights};
use cnsim_records::columns::EventNames;

use super::network::Places;
use crate::inputs::{About, FaultFacts, RunFacts};
use crate::rounds::Round;

/// The runs of an input that were under faults.
#[derive(Debug, Default)]
pub(crate) struct Scenarios<'a> {
    /// By the number of the run.
    runs: BTreeMap<u32, RunScenario<'a>>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct RunScenario<'a> {
    /// Its manifest.
    pub(crate) manifest: &'a Manifest,
    /// What its folder tells.
    pub(crate) facts: &'a FaultFacts,
    /// How many nodes it has.
    pub(super) nodes: usize,
    /// Who sends to whom.
    pub(super) neighbours: Adjacency,
    /// Who hears from whom, where that differs.
    pub(super) heard_from: Option<Adjacency>,
    places: Places,
}

/// The faults of one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoundScenario<'s> {
    /// Those of its run.
    pub(crate) run: &'s RunScenario<'s>,
    line: &'s RoundLine,
}

impl<'a> Scenarios<'a> {
    /// What the run folders of an input tell. Without a topology nobody knows which nodes are meant.
    pub(crate) fn of(about: &'a About, names: &EventNames) -> Self {
        let mut runs = BTreeMap::new();
        for (number, run_id) in (0..).zip(names.runs.iter()) {
            let scenario = about.runs.get(run_id).and_then(|facts| RunScenario::of(facts, names));
            runs.extend(scenario.map(|scenario| (number, scenario)));
        }
        Self { runs }
    }

    /// The runs, each with its number.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, &RunScenario<'a>)> {
        self.runs.iter().map(|(number, run)| (*number, run))
    }

    /// The faults of a round; none where it had none, or where nobody knows them.
    pub(crate) fn round(&self, round: &Round<'_>) -> Option<RoundScenario<'_>> {
        self.runs.get(&round.run)?.round(round.round)
    }
}

impl<'a> RunScenario<'a> {
    fn of(facts: &'a RunFacts, names: &EventNames) -> Option<Self> {
        let (manifest, topology) = (&facts.manifest, facts.topology.as_ref()?);
        let faults = facts.faults.as_ref().filter(|_| !manifest.options.faults.is_empty())?;
        let neighbours = topology.adjacency(EdgeWeights::Ignored).ok()?;
        let heard_from = topology.directed.then(|| {
            let mut lists = vec![Vec::new(); topology.nodes.len()];
            for edge in &topology.edges {
                lists[edge.target as usize].push((NodeIx(edge.source), Interval::ZERO));
            }
            Adjacency::of(lists)
        });
        let places = Places::of(topology, names);
        Some(Self { manifest, facts: faults, nodes: topology.nodes.len(), neighbours, heard_from, places })
    }

    /// The faults of a round.
    pub(crate) fn round(&self, round: u32) -> Option<RoundScenario<'_>> {
        // The rounds of an open loop are one replicate.
        let number = if self.manifest.options.every == Pace::Closed { round } else { 0 };
        Some(RoundScenario { run: self, line: self.facts.rounds.get(&number)? })
    }
}

impl<'s> RoundScenario<'s> {
    /// What befalls whom.
    pub(crate) fn timeline(&self) -> &'s Timeline {
        &self.line.timeline
    }

    /// The place of a node in the topology.
    pub(crate) fn place(&self, node: u32) -> Option<NodeIx> {
        self.run.places.get(node)
    }

    /// A time since the round's time 0, in ns.
    pub(crate) fn since(&self, at_ns: i64) -> i64 {
        at_ns.saturating_sub(i64::try_from(self.line.origin_ns).unwrap_or(i64::MAX))
    }

    /// How far from the end of a fault nobody knows whether it was at work.
    fn slack_ns(&self) -> i64 {
        match self.run.manifest.clock {
            Clock::Wall => ns(SLACK),
            Clock::Virtual => 0,
        }
    }

    /// The fault that a failed copy, or its acknowledgment, may have been stopped by; the first one.
    pub(crate) fn stopped_by(&self, (from, to): (u32, u32), (sent_ns, ended_ns): (i64, i64)) -> Option<&'s str> {
        let (from, to) = (self.place(from)?, self.place(to)?);
        let during = (self.since(sent_ns) - self.slack_ns(), self.since(ended_ns).saturating_add(self.slack_ns()));
        let mut faults = (0..).zip(&self.timeline().faults);
        let found = faults.find(|(fault, planned)| self.stops((*fault, planned), (from, to), during));
        found.map(|(_, planned)| planned.name.as_str())
    }

    /// Whether a fault may stop a copy between two nodes, or its acknowledgment, within some time.
    fn stops(
        &self,
        (fault, planned): (u32, &Planned),
        (from, to): (NodeIx, NodeIx),
        (begins, ends): (i64, i64),
    ) -> bool {
        let meets = |span: &Span| ns(span.begins) <= ends && begins < ns(span.ends);
        // A process that was killed has another in its place later than planned.
        let down = |node: NodeIx, span: &Span| Span {
            ends: self.line.back(fault, node, span.ends).unwrap_or(ROUND_END),
            ..*span
        };
        let is_down = |nodes: &[Stopped], node| spans_of(nodes, node).iter().any(|span| meets(&down(node, span)));
        match &planned.effect {
            Effect::Stopped { nodes, .. } => is_down(nodes, from) || is_down(nodes, to),
            Effect::Cut { .. } => {
                meets(&planned.window) && (planned.effect.cuts(from, to) || planned.effect.cuts(to, from))
            }
            // An acknowledgment is lost, delayed and shares a rate as well.
            Effect::Loss { nodes, .. } | Effect::Delay { nodes, .. } | Effect::Uplink { nodes, .. } => {
                meets(&planned.window) && (nodes.contains(from) || nodes.contains(to))
            }
            Effect::Mute { .. } => false,
        }
    }

    /// Whether a node lost what it held between two times.
    pub(crate) fn loses_between(&self, node: u32, (earlier_ns, later_ns): (i64, i64)) -> bool {
        let Some(place) = self.place(node) else { return false };
        let back = (self.since(earlier_ns) - self.slack_ns(), self.since(later_ns) + self.slack_ns());
        let is_between = |span: &Span| back.0 < ns(span.ends) && ns(span.ends) <= back.1;
        self.timeline().faults.iter().any(|planned| match &planned.effect {
            Effect::Stopped { manner: Manner::Down { state, .. }, nodes } if state.is_lost() => {
                spans_of(nodes, place).iter().any(is_between)
            }
            Effect::Stopped { .. }
            | Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => false,
        })
    }
}

/// When a node stands still.
pub(super) fn spans_of(nodes: &[Stopped], node: NodeIx) -> &[Span] {
    let place = nodes.binary_search_by_key(&node, |stopped| stopped.node);
    place.map_or(&[], |place| &nodes[place].spans)
}

/// An instant in ns; the last there is where a fault has no end.
pub(super) fn ns(at: Interval) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}
