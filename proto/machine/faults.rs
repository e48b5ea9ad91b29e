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
}

impl FaultLog {
    /// The same, so much later.
    pub fn moved(&self, shift: Interval) -> Self {
        let later = |(place, at): &(u32, Timestamp)| (*place, *at + shift);
        Self {
            steps: self.steps.iter().map(|step| LoggedStep { taken: step.taken + shift, ..*step }).collect(),
            sent: self.sent.iter().map(later).collect(),
            received: self.received.iter().map(later).collect(),
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
}

impl Faults {
    pub(super) fn new(of: RoundFaults, me: NodeIx) -> Self {
        let timeline = &of.timeline;
        let mut steps = Vec::new();
        let mut add = |at, what| steps.extend((at != ROUND_END).then_some(Step { at, what }));
        for stop in timeline.stops_of(me) {
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
