//! What the faults of a round do to one node: when it stands still, at which rate it sends, what it logs of each step, and which
//! probes it sends. Everything follows from the round's timeline; the host only tells the time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::io::Input;
use crate::id::NodeIx;
use crate::quantity::Rate;
use crate::scenario::{ROUND_END, Stop, Timeline};
use crate::time::{Interval, Timestamp};

/// The faults of a round, and the instant of its time 0.
#[derive(Debug, Clone)]
pub struct RoundFaults {
    /// What befalls whom.
    pub timeline: Arc<Timeline>,
    /// Time 0.
    pub origin: Timestamp,
    /// From when on the node takes part, where its process was started anew in the round; 0: in all of it.
    pub joined: Interval,
    /// How many processes there were in the place of the node's before it.
    pub before: u32,
}

/// What a node has seen of the faults of a round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultLog {
    /// The steps that it took, in their order.
    pub steps: Vec<LoggedStep>,
    /// The probes that it sent, by their places in the timeline, and when.
    pub sent: Vec<(u32, Timestamp)>,
    /// Those that reached it, and when.
    pub received: Vec<(u32, Timestamp)>,
    /// Those of its own that somebody said had come, and when: that is less, for a process answers for a node that is down.
    pub answered: Vec<(u32, Timestamp)>,
}

impl FaultLog {
    /// The same, so much later.
    pub fn moved(&self, shift: Interval) -> Self {
        let later = |(place, at): &(u32, Timestamp)| (*place, *at + shift);
        Self {
            steps: self.steps.iter().map(|step| LoggedStep { taken: step.taken + shift, ..*step }).collect(),
            sent: self.sent.iter().map(later).collect(),
            received: self.received.iter().map(later).collect(),
            answered: self.answered.iter().map(later).collect(),
        }
    }
}

/// One step of a fault at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedStep {
    /// Of which fault, by its place.
    pub fault: u32,
    /// Whether it begins or ends here.
    pub edge: StepEdge,
    /// When it was to be taken, from time 0.
    pub intended: Interval,
    /// When it was, by the host's clock.
    pub taken: Timestamp,
}

/// One end of a fault's time at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEdge {
    /// The fault begins.
    Begins,
    /// It ends.
    Ends,
}

/// A body of this kind is a probe; protocols count theirs from 1.
pub(super) const PROBE: u8 = u8::MAX;

/// See the module.
#[derive(Debug)]
pub(super) struct Faults {
    of: RoundFaults,
    steps: VecDeque<Step>,
    /// How the node stands still now.
    pub(super) standing: Option<Stop>,
    /// What has come to a node that pauses.
    pub(super) waiting: VecDeque<Input>,
    /// While what waited is taken: when that is.
    pub(super) put_off_until: Option<Timestamp>,
    /// How many faults have it mute now.
    pub(super) mutes: u32,
    pub(super) log: FaultLog,
}

/// Something that happens to the node at an instant of the round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) at: Interval,
    pub(super) what: What,
}

/// In the order in which steps of one instant are taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// It stands still no longer.
    Goes(Stop),
    Ends(u32),
    Begins(u32),
    Mutes,
    Speaks,
    /// None: at the rate of its configuration.
    Rate(Option<Rate>),
    Stops(Stop),
    Probe(u32),
}

impl What {
    fn rank(self) -> u8 {
        match self {
            Self::Goes(_) => 0,
            Self::Ends(_) => 1,
            Self::Begins(_) => 2,
            Self::Mutes | Self::Speaks | Self::Rate(_) => 3,
            Self::Stops(_) => 4,
            Self::Probe(_) => 5,
        }
    }

    /// Whether a node that joins the round after this step has to take it all the same.
    fn holds_at(self, joined: Interval) -> bool {
        match self {
            Self::Mutes | Self::Speaks | Self::Rate(_) => true,
            Self::Stops(stop) => stop.span.ends > joined,
            Self::Goes(_) | Self::Ends(_) | Self::Begins(_) | Self::Probe(_) => false,
        }
    }
}

impl Faults {
    pub(super) fn new(of: RoundFaults, me: NodeIx) -> Self {
        let timeline = &of.timeline;
        let mut steps = Vec::new();
        let mut add = |at, what| steps.extend((at != ROUND_END).then_some(Step { at, what }));
        // What ends processes is nothing that a node does.
        for stop in timeline.stops_of(me).into_iter().filter(|stop| !stop.manner.ends_processes()) {
            add(stop.span.begins, What::Stops(stop));
            add(stop.span.ends, What::Goes(stop));
        }
        for (fault, planned) in (0..).zip(&timeline.faults) {
            if planned.concerns(me) && !planned.stops_nodes() {
                add(planned.window.begins, What::Begins(fault));
                add(planned.window.ends, What::Ends(fault));
            }
            if planned.mutes(me) {
                add(planned.window.begins, What::Mutes);
                add(planned.window.ends, What::Speaks);
            }
        }
        for (span, rate) in timeline.uplinks_of(me) {
            add(span.begins, What::Rate(Some(rate)));
            add(span.ends, What::Rate(None));
        }
        for (place, probe) in (0..).zip(&timeline.probes).filter(|(_, probe)| probe.from == me) {
            add(probe.at, What::Probe(place));
        }
        let joined = of.joined;
        steps.retain(|step| step.at >= joined || step.what.holds_at(joined));
        // Rates end before others begin, as spans do.
        steps.sort_by_key(|step| (step.at, step.what.rank(), !matches!(step.what, What::Rate(None))));
        Self {
            of,
            steps: steps.into(),
            standing: None,
            waiting: VecDeque::new(),
            put_off_until: None,
            mutes: 0,
            log: FaultLog::default(),
        }
    }

    /// The instant of the round that it is.
    pub(super) fn since_origin(&self, now: Timestamp) -> Interval {
        now.since(self.of.origin)
    }

    pub(super) fn timeline(&self) -> &Timeline {
        &self.of.timeline
    }

    /// When the next step is due.
    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.steps.front().map(|step| self.of.origin + step.at)
    }

    pub(super) fn due(&mut self, now: Timestamp) -> Option<Step> {
        let is_due = self.steps.front().is_some_and(|step| self.of.origin + step.at <= now);
        is_due.then(|| self.steps.pop_front())?
    }

    /// Whether the node is down to the round's end.
    pub(super) fn is_gone(&self) -> bool {
        self.standing.is_some_and(|stop| stop.span.ends == ROUND_END)
    }

    pub(super) fn note(&mut self, fault: u32, edge: StepEdge, intended: Interval, taken: Timestamp) {
        self.log.steps.push(LoggedStep { fault, edge, intended, taken });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Effect, How, Manner, NodeSet, Planned, Probe, Span, State, Stopped};

    fn planned(begins: u64, ends: u64, effect: Effect) -> Planned {
        Planned { name: "f".to_owned(), window: Span { begins: Interval(begins), ends: Interval(ends) }, effect }
    }

    #[test]
    fn a_node_that_joins_takes_the_steps_that_still_hold_and_sends_no_probe_of_before() {
        let me = NodeIx(1);
        let stops = |how, begins, ends| {
            let spans = vec![Span { begins: Interval(begins), ends: Interval(ends) }];
            let manner = Manner::Down { how, state: State::Lost };
            planned(begins, ends, Effect::Stopped { manner, nodes: vec![Stopped { node: me, spans }] })
        };
        let mute = planned(5, 90, Effect::Mute { nodes: NodeSet::new(vec![me]) });
        let over = planned(5, 20, Effect::Mute { nodes: NodeSet::new(vec![me]) });
        let probe = |at| Probe { fault: 0, at: Interval(at), from: me, to: NodeIx(0) };
        let faults = vec![mute, over, stops(How::Process, 10, 30), stops(How::Dark, 35, 60)];
        let timeline = Arc::new(Timeline { faults, probes: vec![probe(6), probe(70)] });
        let steps = |joined| {
            let of = RoundFaults {
                timeline: Arc::clone(&timeline),
                origin: Timestamp(0),
                joined: Interval(joined),
                before: 1,
            };
            let steps = Faults::new(of, me).steps;
            steps.into_iter().map(|step| (step.at.0, step.what.rank())).collect::<Vec<_>>()
        };
        // Whoever owns its process kills it; what it does itself are the others.
        let of_mutes = [(5, 2), (5, 2), (5, 3), (5, 3), (6, 5), (20, 1), (20, 3)];
        assert_eq!(steps(0)[..7], of_mutes);
        assert_eq!(steps(0)[7..], [(35, 4), (60, 0), (70, 5), (90, 1), (90, 3)]);
        // It is mute by one of the two, down for a while more, and has a probe to send.
        assert_eq!(steps(40), [(5, 3), (5, 3), (20, 3), (35, 4), (60, 0), (70, 5), (90, 1), (90, 3)]);
    }
}
