//! How long copies are on their way by the seed, and when nodes send them where time is virtual: both follow from the options, so
//! that times which were changed contradict them.

use std::sync::Arc;

use cnsim::event::Kind;
use cnsim::id::{Epoch, NodeIx};
use cnsim::link::{CopyKey, CopyKind, DelaySpec, Edge, Links, Loss};
use cnsim::machine::{Common, Config, Input, Machine, Outputs};
use cnsim::manifest::{Backend, Manifest, Records, VIRTUAL_EPOCH_NS};
use cnsim::protocol::Phase;
use cnsim::scenario::Kind as FaultKind;
use cnsim::time::Timestamp;
use cnsim::topology::EdgeWeights;
use cnsim_records::columns::UNKNOWN_NS;
use cnsim_records::names::Names;

use super::own_program::draws_as_here;
use super::tolerance::UNSEEN_STEP_NS;
use crate::inputs::RunFacts;
use crate::rounds::Round;

/// What is known of the times of a run's copies.
#[derive(Debug)]
pub(super) struct Ways {
    common: Arc<Common>,
    /// The place in the topology of each node, by its number among names; none of a stranger.
    places: Vec<Option<NodeIx>>,
    wire: Wire,
    leaving: Leaving,
    in_flight: u32,
    draws_delays: bool,
}

/// What is known of how long copies are on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// Exactly as long as their links hold them.
    Exact,
    /// As long or longer; readings of a wall clock may make that a little less.
    AtLeast { slack_ns: i64 },
}

/// What is known of when nodes send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// Nothing.
    Unknown,
    /// At the instant at which they hold the message.
    AtOnce,
    /// When a period of theirs comes.
    InPeriods,
}

/// The copies of a round that have other times than they can have, each with its row.
#[derive(Debug, Default)]
pub(super) struct OtherTimes {
    /// With how long they are on their way by the seed.
    pub(super) on_their_way: Vec<(usize, i64)>,
    /// Half of so many and more would be on their way for other times if another program had drawn these.
    pub(super) of_ways: u64,
    /// With how long after an instant at which they could they left.
    pub(super) left: Vec<(usize, i64)>,
    /// The same of when they left.
    pub(super) of_left: u64,
}

impl Ways {
    /// Those of a run; none where nobody knows them.
    pub(super) fn of(RunFacts { manifest, topology, .. }: &RunFacts, nodes: &Names) -> Option<Self> {
        let (options, topology) = (&manifest.options, topology.as_ref()?);
        let protocol = options.protocol.protocol();
        // The way of a copy in an answer is that of its ask, which has no record.
        let is_alike =
            matches!(options.link_delay, DelaySpec::None | DelaySpec::Constant(_)) && options.loss == Loss::NONE;
        // Which copy between two nodes it is, only records of all of them tell; one that finds no link is drawn nothing.
        let is_drawn_by_copies =
            !protocol.answers_with_copies() && options.records == Records::All && options.motion.is_none();
        // Faults that hold copies up, or whose copies have no end, leave of a time only that none is shorter.
        let is_undisturbed = options.faults.iter().all(|fault| leaves_times_alone(&fault.kind));
        if !draws_as_here(manifest) || !(is_alike || is_drawn_by_copies && is_undisturbed) {
            return None;
        }
        let weights = if options.link_delay == DelaySpec::Weights { EdgeWeights::Delays } else { EdgeWeights::Ignored };
        let common = Common {
            epoch: Epoch(0),
            seed: options.seed,
            settings: options.resolved_protocol(),
            neighbours: topology.adjacency(weights).ok()?,
            // What stands in a file is not in the run's folder.
            links: Links::new(&options.links(), None, options.seed).ok()?,
        };
        let wire = match wire(manifest)? {
            Wire::Exact if !is_undisturbed => Wire::AtLeast { slack_ns: 0 },
            wire @ (Wire::Exact | Wire::AtLeast { .. }) => wire,
        };
        let mut places = vec![None; nodes.len()];
        for (place, node) in (0..).zip(&topology.nodes) {
            if let Some(number) = nodes.number(node.as_str()) {
                places[number as usize] = Some(NodeIx(place));
            }
        }
        let leaving = if is_undisturbed { leaving(manifest) } else { Leaving::Unknown };
        let in_flight = options.in_flight;
        Some(Self { common: Arc::new(common), places, wire, leaving, in_flight, draws_delays: !is_alike })
    }

    /// The copies of a round that have other times than they can have, with their rows.
    pub(super) fn find_other_times(&self, round: &Round<'_>) -> OtherTimes {
        let events = round.events;
        let arrived = |row: &usize| {
            matches!(events.kind[*row], Kind::Received | Kind::Duplicate)
                && events.sent_ns[*row] != UNKNOWN_NS
                && !events.float_timestamp[*row]
        };
        let mut rows: Vec<usize> = round
            .rows
            .clone()
            .filter(|row| matches!(events.kind[*row], Kind::Received | Kind::Duplicate | Kind::Failed))
            .collect();
        rows.sort_unstable_by_key(|row| (events.sender[*row], events.receiver[*row], events.send_number[*row], *row));
        let mut found = OtherTimes::default();
        for of_way in rows.chunk_by(|one, next| {
            (events.sender[*one], events.receiver[*one]) == (events.sender[*next], events.receiver[*next])
        }) {
            let mut nth = 0;
            for (place, row) in of_way.iter().enumerate() {
                let is_same = |before: usize| events.send_number[of_way[before]] == events.send_number[*row];
                nth += u32::from(place > 0 && !is_same(place - 1));
                if arrived(row) {
                    found.of_ways += 1;
                    found.on_their_way.extend(self.other_way(round, *row, nth).map(|drawn_ns| (*row, drawn_ns)));
                }
            }
        }
        if self.leaving != Leaving::Unknown {
            rows.retain(arrived);
            found.of_left = rows.len() as u64;
            found.left = self.find_other_leaves(round, rows);
        }
        if self.wire != Wire::Exact {
            // What is longer contradicts nothing, whoever drew it.
            found.of_ways /= 5;
        }
        found
    }

    /// Whether the seed draws how long copies are on their way.
    pub(super) fn draws_delays(&self) -> bool {
        self.draws_delays
    }

    /// Whether it draws when nodes send.
    pub(super) fn draws_periods(&self) -> bool {
        self.leaving == Leaving::InPeriods && self.common.settings.phase == Phase::Random
    }

    /// How long a copy is on its way by the seed, where it was another time.
    fn other_way(&self, round: &Round<'_>, row: usize, nth: u32) -> Option<i64> {
        let events = round.events;
        let place = |node: u32| self.places[node as usize];
        let (from, to) = place(events.sender[row]).zip(place(events.receiver[row]))?;
        let weight = self.common.neighbours.weight(from, to);
        let key = CopyKey { round: round.round, kind: CopyKind::Payload, nth };
        let drawn_ns = self.common.links.passage(Edge { from, to, weight }, key).after.0 as i64;
        let took_ns = events.received_ns[row] - events.sent_ns[row];
        let is_other = match self.wire {
            Wire::Exact => took_ns != drawn_ns,
            Wire::AtLeast { slack_ns } => took_ns < drawn_ns - slack_ns.min(drawn_ns / 2),
        };
        is_other.then_some(drawn_ns)
    }

    fn find_other_leaves(&self, round: &Round<'_>, mut rows: Vec<usize>) -> Vec<(usize, i64)> {
        let events = round.events;
        let begun = round.rows.clone().find(|row| events.kind[*row] == Kind::Initiate);
        let Some(begun_ns) = begun.map(|row| events.received_ns[row]) else { return Vec::new() };
        let held = super::impossible_times::held_since(round);
        rows.sort_unstable_by_key(|row| (events.sender[*row], events.send_number[*row], *row));
        let mut found = Vec::new();
        for of_one in rows.chunk_by(|one, next| events.sender[*one] == events.sender[*next]) {
            let sender = events.sender[of_one[0]];
            let held_ns = held.binary_search_by_key(&sender, |(node, _)| *node).ok().map(|place| held[place].1);
            let (Some(held_ns), Some(me)) = (held_ns, self.places[sender as usize]) else { continue };
            let first_ns = self.first_period_ns(me, round.round);
            let period_ns = self.common.settings.period.0.max(1) as i64;
            for (place, row) in of_one.iter().enumerate() {
                let sent_ns = events.sent_ns[*row];
                let late_ns = match self.leaving {
                    Leaving::Unknown => 0,
                    Leaving::AtOnce if place < self.in_flight as usize => sent_ns - held_ns,
                    Leaving::AtOnce => 0,
                    Leaving::InPeriods => (sent_ns - begun_ns - first_ns).rem_euclid(period_ns),
                };
                if late_ns != 0 {
                    found.push((*row, late_ns));
                }
            }
        }
        found
    }

    /// How long after the begin of a round the first period of a node comes; 0 where it has none.
    fn first_period_ns(&self, me: NodeIx, round: u32) -> i64 {
        if self.leaving != Leaving::InPeriods {
            return 0;
        }
        let (mut machine, mut outputs) = (Machine::new(me), Outputs::default());
        let first_period = Config::first_period_of(round);
        // Rounds are simulated as if each were the first.
        let begins = Timestamp(VIRTUAL_EPOCH_NS as u64);
        let config = Config { me, name_bytes: 0, first_period, common: Arc::clone(&self.common) };
        machine.handle(begins, Input::Configure(config), &mut outputs);
        machine.poll_timers().map_or(0, |first| first.since(begins).0 as i64)
    }
}

/// Whether copies that arrive under a fault are on their way for as long as without, and leave when they would.
fn leaves_times_alone(kind: &FaultKind) -> bool {
    match kind {
        FaultKind::Partition { .. } | FaultKind::Mute { .. } => true,
        FaultKind::Crash { .. }
        | FaultKind::Churn { .. }
        | FaultKind::Pause { .. }
        | FaultKind::Sleep { .. }
        | FaultKind::Loss { .. }
        | FaultKind::Delay { .. }
        | FaultKind::Uplink { .. } => false,
    }
}

/// What is known of the ways of a run's copies; none where several clocks measure them, or one that was set.
fn wire(manifest: &Manifest) -> Option<Wire> {
    let options = &manifest.options;
    let is_unhindered = options.uplink.is_none() && options.downlink.is_none() && options.service.is_none();
    match manifest.backend {
        Backend::Sim(_) if is_unhindered => Some(Wire::Exact),
        Backend::Sim(_) => Some(Wire::AtLeast { slack_ns: 0 }),
        // No copy is quicker than at once, and one that seems so is found as that.
        Backend::Local(_) if options.link_delay == DelaySpec::None && options.loss == Loss::NONE => None,
        Backend::Local(_) if manifest.rounds.iter().all(|round| round.clock_steps == 0) => {
            Some(Wire::AtLeast { slack_ns: UNSEEN_STEP_NS })
        }
        Backend::Local(_) | Backend::Kubernetes(_) => None,
    }
}

/// When nodes send; nothing is known of it where machines take their time, where a check or a queue stands before a send, and in
/// an open loop, whose periods go on from round to round.
fn leaving(manifest: &Manifest) -> Leaving {
    let (options, protocol) = (&manifest.options, manifest.options.protocol.protocol());
    let is_exact =
        matches!(manifest.backend, Backend::Sim(_)) && options.validate.is_none() && options.service.is_none();
    let is_apart = options.open_loop().is_none() && !protocol.learns() && options.downlink.is_none();
    if !is_exact || !is_apart || options.records != Records::All {
        Leaving::Unknown
    } else if !protocol.sends_later() {
        Leaving::AtOnce
    } else if protocol.copies_a_period().is_some() {
        Leaving::InPeriods
    } else {
        Leaving::Unknown
    }
}
