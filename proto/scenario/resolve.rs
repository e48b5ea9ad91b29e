//! From the faults as typed to a round's timeline: targets are chosen by the seed, times are drawn, and what cannot be is refused.

use super::fault::{FaultSpec, Kind, State};
use super::ground::{Ground, Replicate};
use super::law::SpanLaw;
use super::probe;
use super::timeline::{Effect, Manner, NodeSet, Planned, ROUND_END, Span, Stopped, Timeline};
use super::who::Who;
use crate::id::{NodeId, NodeIx};
use crate::quantity::Share;
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// A fault that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault {fault}: {reason}")]
pub struct ScenarioError {
    /// What it is called.
    pub fault: String,
    /// Why not.
    pub reason: Reason,
}

/// Why a fault cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// An id that no node has.
    #[error("there is no node {0}")]
    NoNode(String),
    /// A place that no node has.
    #[error("there is no place {place}: the {nodes} nodes have the places 0 to {}", nodes - 1)]
    NoPlace {
        /// The place.
        place: u32,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A region without nodes.
    #[error("no node is in a region {0}: regions are those of --delay regions:FILE")]
    NoRegion(String),
    /// Nobody is meant.
    #[error("{0} of the nodes is nobody")]
    Nobody(Who),
    /// More than there are.
    #[error(
        "{asked} nodes are meant, and {free} are there that no other fault stops meanwhile and that begin no message"
    )]
    TooMany {
        /// So many are to be drawn.
        asked: usize,
        /// Among so many.
        free: usize,
    },
    /// A partition with fewer than two sides.
    #[error("a partition has at least two sides")]
    OneSide,
    /// A side that nobody is on.
    #[error("side {0} is empty: nothing would be parted")]
    EmptySide(usize),
    /// The shares of the sides.
    #[error("the sides are more than 100% of the nodes")]
    SidesTooLarge,
    /// A node on two sides.
    #[error("node {0} is on two sides")]
    TwoSides(NodeId),
    /// `rest` where there are no sides.
    #[error("rest means the nodes of no other side: only one side of a partition can be that")]
    Rest,
    /// It would be over before it begins.
    #[error("for {0}: a fault lasts longer than 0s")]
    NoTime(Interval),
    /// A duty cycle that is none.
    #[error("on {on} of a period of {period}: a node that sleeps is awake for a part of each period")]
    DutyCycle {
        /// For how long it is awake.
        on: Interval,
        /// Of how much.
        period: Interval,
    },
    /// It says when each node is back, and lasts to the round's end.
    #[error("back_after needs for: nobody says by when all of them are back")]
    NoEnd,
    /// It would do nothing.
    #[error("{0} changes nothing")]
    Nothing(&'static str),
    /// Nothing would arrive.
    #[error("a loss of 100% is a partition: use kind = \"partition\"")]
    AllLost,
    /// A delay from a file.
    #[error(
        "a delay of a fault is drawn from no file: use constant:5ms, uniform:A:B, exponential:MEAN or lognormal:MEDIAN:SIGMA"
    )]
    DelayFile,
    /// Two faults stop one node at one time.
    #[error("it stops node {node} at a time when fault {other} does")]
    StopsTwice {
        /// The node.
        node: NodeId,
        /// The other fault.
        other: String,
    },
    /// Two faults give one node a rate at one time.
    #[error("it gives node {node} another rate at a time when fault {other} does")]
    TwoRates {
        /// The node.
        node: NodeId,
        /// The other fault.
        other: String,
    },
}

impl Timeline {
    /// The timeline of one replicate: the same for the same arguments, whatever was asked before.
    ///
    /// # Errors
    /// The first fault that cannot be.
    pub fn resolve(faults: &[FaultSpec], ground: &Ground<'_>, replicate: Replicate) -> Result<Self, ScenarioError> {
        let mut resolved: Vec<Option<Planned>> = vec![None; faults.len()];
        // Who is named first: then those that are drawn can be others.
        for is_drawn in [false, true] {
            for (place, fault) in faults.iter().enumerate().filter(|(_, fault)| fault.draws_nodes() == is_drawn) {
                let wrong = |reason| ScenarioError { fault: fault.name.clone(), reason };
                let window = window(fault).map_err(wrong)?;
                let resolution = Resolution { ground, replicate, place: place as u32, window, before: &resolved };
                let effect = resolution.effect(&fault.kind).map_err(wrong)?;
                resolved[place] = Some(Planned { name: fault.name.clone(), window, effect });
            }
        }
        let mut timeline = Self { faults: resolved.into_iter().flatten().collect(), probes: Vec::new() };
        timeline.probes = probe::of_faults(&timeline, ground, replicate);
        Ok(timeline)
    }
}

/// The nodes that stand still at time 0 in every round, whoever begins its message: no message can begin at these. A node that
/// sleeps is none of them, for it is awake when it begins one.
///
/// # Errors
/// The first fault that cannot be.
pub fn never_initiate(faults: &[FaultSpec], ground: &Ground<'_>) -> Result<NodeSet, ScenarioError> {
    let does_sleep = |fault: &FaultSpec| matches!(fault.kind, Kind::Sleep { .. });
    let is_named = |fault: &&FaultSpec| fault.kind.stops_nodes() && !fault.draws_nodes() && !does_sleep(fault);
    let named: Vec<FaultSpec> = faults.iter().filter(is_named).cloned().collect();
    let replicate = Replicate { round: 0, initiator: None, limit: Interval(1) };
    let timeline = Timeline::resolve(&named, ground, replicate)?;
    let nodes = (0..u32::try_from(ground.nodes.len()).unwrap_or(u32::MAX)).map(NodeIx);
    Ok(NodeSet::new(nodes.filter(|node| timeline.is_stopped(*node, Interval::ZERO)).collect()))
}

fn window(fault: &FaultSpec) -> Result<Span, Reason> {
    match fault.lasts {
        Some(Interval::ZERO) => Err(Reason::NoTime(Interval::ZERO)),
        Some(lasts) => Ok(Span { begins: fault.at, ends: Interval(fault.at.0.saturating_add(lasts.0)) }),
        None => Ok(Span { begins: fault.at, ends: ROUND_END }),
    }
}

/// One fault on its way to a [`Planned`].
struct Resolution<'a> {
    ground: &'a Ground<'a>,
    replicate: Replicate,
    place: u32,
    window: Span,
    /// What is resolved already.
    before: &'a [Option<Planned>],
}

impl Resolution<'_> {
    fn effect(&self, kind: &Kind) -> Result<Effect, Reason> {
        match kind {
            Kind::Crash { who, how, back_after, state } => {
                if back_after.is_some() && self.window.ends == ROUND_END {
                    return Err(Reason::NoEnd);
                }
                let manner = Manner::Down { how: *how, state: *state };
                self.stopped(who, manner, |node| vec![self.outage(node, *back_after)])
            }
            Kind::Churn { who, session, down, state } => {
                let manner = Manner::Down { how: super::fault::How::Dark, state: *state };
                self.stopped(who, manner, |node| self.sessions(node, *session, *down))
            }
            Kind::Pause { who } => self.stopped(who, Manner::Paused, |_| vec![self.window]),
            Kind::Sleep { who, period, on } => {
                if *on == Interval::ZERO || on >= period {
                    return Err(Reason::DutyCycle { on: *on, period: *period });
                }
                self.stopped(who, Manner::Asleep, |node| self.nights(node, *period, *on))
            }
            Kind::Partition { sides, one_way } => Ok(Effect::Cut { sides: self.sides(sides)?, one_way: *one_way }),
            Kind::Loss { loss, .. } if loss.parts() == 0 => Err(Reason::Nothing("a loss of 0%")),
            Kind::Loss { loss, .. } if loss.parts() == Share::WHOLE => Err(Reason::AllLost),
            Kind::Loss { who, loss } => Ok(Effect::Loss { nodes: self.set(who)?, loss: *loss }),
            Kind::Delay { delay, .. } if delay.file().is_some() => Err(Reason::DelayFile),
            Kind::Delay { delay, .. } if delay.is_none() => Err(Reason::Nothing("a delay of none")),
            Kind::Delay { who, delay } => Ok(Effect::Delay { nodes: self.set(who)?, delay: delay.clone() }),
            Kind::Uplink { who, rate } => {
                let nodes = self.set(who)?;
                self.check_rates(&nodes)?;
                Ok(Effect::Uplink { nodes, rate: *rate })
            }
            Kind::Mute { who } => Ok(Effect::Mute { nodes: self.set(who)? }),
        }
    }

    fn set(&self, who: &Who) -> Result<NodeSet, Reason> {
        self.choose(who, &|_| true).map(NodeSet::new)
    }

    fn stopped(&self, who: &Who, manner: Manner, spans: impl Fn(NodeIx) -> Vec<Span>) -> Result<Effect, Reason> {
        let is_free = |node| Some(node) != self.replicate.initiator && self.stops_already(node).is_none();
        let nodes = NodeSet::new(self.choose(who, &is_free)?);
        let mut stopped = Vec::with_capacity(nodes.nodes().len());
        for node in nodes.nodes() {
            if let Some(other) = self.stops_already(*node) {
                let node = self.ground.nodes[node.index()].clone();
                return Err(Reason::StopsTwice { node, other: other.to_owned() });
            }
            stopped.push(Stopped { node: *node, spans: spans(*node) });
        }
        Ok(Effect::Stopped { manner, nodes: stopped })
    }

    /// The fault before this one that stops the node within its window.
    fn stops_already(&self, node: NodeIx) -> Option<&str> {
        let stops = |planned: &&Planned| match &planned.effect {
            Effect::Stopped { .. } => planned.window.meets(self.window) && planned.concerns(node),
            Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => false,
        };
        self.before.iter().flatten().find(stops).map(|planned| planned.name.as_str())
    }

    fn check_rates(&self, nodes: &NodeSet) -> Result<(), Reason> {
        for planned in self.before.iter().flatten().filter(|planned| planned.window.meets(self.window)) {
            if let Effect::Uplink { nodes: others, .. } = &planned.effect
                && let Some(node) = nodes.nodes().iter().find(|node| others.contains(**node))
            {
                let (node, other) = (self.ground.nodes[node.index()].clone(), planned.name.clone());
                return Err(Reason::TwoRates { node, other });
            }
        }
        Ok(())
    }

    /// The nodes that are meant; those that are drawn are among the free ones.
    fn choose(&self, who: &Who, is_free: &dyn Fn(NodeIx) -> bool) -> Result<Vec<NodeIx>, Reason> {
        let chosen: Vec<NodeIx> = match who {
            Who::All => self.all().collect(),
            Who::Share(share) => return self.draw(*share, is_free),
            Who::List(ids) => ids.iter().map(|id| self.named(id)).collect::<Result<_, _>>()?,
            Who::Range { first, last } => {
                self.placed(*last)?;
                (*first..=*last).map(NodeIx).collect()
            }
            Who::BestConnected(count) => self.best_connected(*count)?,
            Who::Around(id) => {
                let node = self.named(id)?;
                [node].into_iter().chain(self.ground.neighbours.neighbours(node).iter().copied()).collect()
            }
            Who::Region(name) => {
                let is_in = |node: &NodeIx| (self.ground.region)(*node).as_deref() == Some(name.as_str());
                let found: Vec<NodeIx> = self.all().filter(is_in).collect();
                if found.is_empty() {
                    return Err(Reason::NoRegion(name.clone()));
                }
                found
            }
            Who::Rest => return Err(Reason::Rest),
        };
        if chosen.is_empty() { Err(Reason::Nobody(who.clone())) } else { Ok(chosen) }
    }

    fn draw(&self, share: Share, is_free: &dyn Fn(NodeIx) -> bool) -> Result<Vec<NodeIx>, Reason> {
        let asked = count_of(share, self.ground.nodes.len());
        if asked == 0 {
            return Err(Reason::Nobody(Who::Share(share)));
        }
        let mut free: Vec<NodeIx> = self.all().filter(|node| is_free(*node)).collect();
        if free.len() < asked {
            return Err(Reason::TooMany { asked, free: free.len() });
        }
        Ok(self.random(Purpose::FaultTargets, &[]).choose(&mut free, asked).to_vec())
    }

    fn best_connected(&self, count: u32) -> Result<Vec<NodeIx>, Reason> {
        let count = count as usize;
        if count > self.ground.nodes.len() {
            return Err(Reason::TooMany { asked: count, free: self.ground.nodes.len() });
        }
        let mut nodes: Vec<NodeIx> = self.all().collect();
        nodes.sort_by_key(|node| (std::cmp::Reverse(self.ground.neighbours.neighbours(*node).len()), *node));
        nodes.truncate(count);
        Ok(nodes)
    }

    /// The sides of a partition. Those that are shares are cut from one random order of the nodes of no other side.
    fn sides(&self, sides: &[Who]) -> Result<Vec<NodeSet>, Reason> {
        if sides.len() < 2 {
            return Err(Reason::OneSide);
        }
        if sides.iter().filter(|side| **side == Who::Rest).count() > 1 {
            return Err(Reason::Rest);
        }
        let mut of_node: Vec<Option<usize>> = vec![None; self.ground.nodes.len()];
        let is_drawn = |side: &Who| matches!(side, Who::Share(_) | Who::Rest);
        for (side, who) in sides.iter().enumerate().filter(|(_, who)| !is_drawn(who)) {
            for node in self.choose(who, &|_| true)? {
                if of_node[node.index()].replace(side).is_some_and(|other| other != side) {
                    return Err(Reason::TwoSides(self.ground.nodes[node.index()].clone()));
                }
            }
        }
        let mut free: Vec<NodeIx> = self.all().filter(|node| of_node[node.index()].is_none()).collect();
        self.random(Purpose::FaultTargets, &[]).shuffle(&mut free);
        let mut free = free.into_iter();
        // Ends are rounded, not sizes: so shares that make a whole make one in nodes.
        let (mut reached, mut taken) = (0_u64, 0);
        for (side, who) in sides.iter().enumerate() {
            let Who::Share(share) = who else { continue };
            reached += u64::from(share.parts());
            if reached > u64::from(Share::WHOLE) {
                return Err(Reason::SidesTooLarge);
            }
            let end = rounded(reached, self.ground.nodes.len());
            let mut drawn = free.by_ref().take(end - taken);
            for _ in taken..end {
                let node = drawn.next().ok_or(Reason::SidesTooLarge)?;
                of_node[node.index()] = Some(side);
            }
            taken = end;
        }
        if let Some(side) = sides.iter().position(|side| *side == Who::Rest) {
            free.for_each(|node| of_node[node.index()] = Some(side));
        }
        let members = |side| self.all().filter(|node| of_node[node.index()] == Some(side)).collect();
        let made: Vec<NodeSet> = (0..sides.len()).map(|side| NodeSet::new(members(side))).collect();
        match made.iter().position(|side| side.nodes().is_empty()) {
            Some(empty) => Err(Reason::EmptySide(empty + 1)),
            None => Ok(made),
        }
    }

    /// When a crashed node is down.
    fn outage(&self, node: NodeIx, back_after: Option<SpanLaw>) -> Span {
        let Span { begins, ends } = self.window;
        let lasts = back_after.map(|law| law.draw(&mut self.random(Purpose::FaultTimes, &[node.0.into()])));
        let back = lasts.map_or(ends, |lasts| Interval(begins.0.saturating_add(lasts.0)).min(ends));
        Span { begins, ends: back }
    }

    /// When a node that comes and goes is down. It is up when the fault begins.
    fn sessions(&self, node: NodeIx, session: SpanLaw, down: SpanLaw) -> Vec<Span> {
        let mut random = self.random(Purpose::FaultTimes, &[node.0.into()]);
        let ends = self.known_end();
        let (mut spans, mut at) = (Vec::new(), self.window.begins);
        loop {
            at = Interval(at.0.saturating_add(session.draw(&mut random).0));
            if at >= ends {
                return spans;
            }
            let back = Interval(at.0.saturating_add(down.draw(&mut random).0)).min(ends);
            spans.push(Span { begins: at, ends: back });
            at = back;
        }
    }

    /// When a node with a duty cycle sleeps. Each begins at a point of its period that is drawn, so that they do not keep step; at
    /// time 0 that of the initiator is one at which it is awake.
    fn nights(&self, node: NodeIx, period: Interval, on: Interval) -> Vec<Span> {
        let is_beginning = self.replicate.initiator == Some(node) && self.window.begins == Interval::ZERO;
        let points = if is_beginning { on } else { period };
        let passed = self.random(Purpose::FaultTimes, &[node.0.into()]).below(points.0);
        let (begins, ends) = (self.window.begins, self.known_end());
        let mut spans = Vec::new();
        // The first period began before the fault did.
        for nth in 0_u64.. {
            let behind = |part: u64| {
                let at = u128::from(begins.0) + u128::from(nth) * u128::from(period.0) + u128::from(part);
                Interval(u64::try_from(at.saturating_sub(passed.into())).unwrap_or(u64::MAX))
            };
            let (night, morning) = (behind(on.0).max(begins), behind(period.0).min(ends));
            if night >= ends {
                break;
            }
            if night < morning {
                spans.push(Span { begins: night, ends: morning });
            }
        }
        spans
    }

    /// The end of the window, or that of the longest round there can be.
    fn known_end(&self) -> Interval {
        self.window.ends.min(self.replicate.limit)
    }

    fn random(&self, purpose: Purpose, more: &[u64]) -> Random {
        let key = [&[self.place.into(), self.replicate.round.into()], more].concat();
        Random::at(self.ground.seed, purpose, &key)
    }

    fn all(&self) -> impl Iterator<Item = NodeIx> + use<> {
        (0..u32::try_from(self.ground.nodes.len()).unwrap_or(u32::MAX)).map(NodeIx)
    }

    fn named(&self, id: &str) -> Result<NodeIx, Reason> {
        let place = self.ground.nodes.iter().position(|node| node.as_str() == id);
        place.map(|place| NodeIx(place as u32)).ok_or_else(|| Reason::NoNode(id.to_owned()))
    }

    fn placed(&self, place: u32) -> Result<NodeIx, Reason> {
        let nodes = self.ground.nodes.len();
        if (place as usize) < nodes { Ok(NodeIx(place)) } else { Err(Reason::NoPlace { place, nodes }) }
    }
}

/// So many of all nodes, to the nearest whole one.
fn count_of(share: Share, nodes: usize) -> usize {
    rounded(share.parts().into(), nodes)
}

fn rounded(parts: u64, nodes: usize) -> usize {
    let whole = u128::from(Share::WHOLE);
    ((u128::from(parts) * nodes as u128 * 2 + whole) / (2 * whole)) as usize
}

impl State {
    /// Whether a node that is back holds nothing.
    pub fn is_lost(self) -> bool {
        self == Self::Lost
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
