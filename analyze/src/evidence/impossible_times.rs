//! Times in a round that no clock which runs forward can have read.

use cnsim::event::Kind;
use cnsim::manifest::{Backend, Manifest, RoundOutcome};
use cnsim_records::columns::UNKNOWN_NS;

use super::tolerance::{ONE_CLOCK_NS, OTHER_CLOCK_NS};
use crate::rounds::Round;

/// What the driver's clock, which is steady, and a machine's wall clock, which is kept right by small corrections, may drift apart
/// in a round: so much, and a share of its length. The driver sees a round's end after its last receipt.
const LOCAL_SLACK_NS: i64 = 1_000_000;
const LOCAL_SLACK_SHARE: f64 = 1e-3;

/// A round of more than a day is none.
const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;

/// Times of a round that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImpossibleTimes {
    /// How many.
    pub(crate) count: u64,
    /// The first of them, in the order of the records.
    pub(crate) first: ImpossibleTime,
}

/// One time that cannot be, with the node that read it, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImpossibleTime {
    /// A node sent a copy that long before it held the message, by its own clock.
    SentBeforeHeld {
        /// The sender.
        node: u32,
        /// How long before.
        early_ns: i64,
    },
    /// A record from long before the message began.
    BeforeInitiate {
        /// The receiver.
        node: u32,
        /// From `initiate` to the record: negative.
        since_ns: i64,
    },
    /// A record from long after the round was over.
    AfterRound {
        /// The receiver.
        node: u32,
        /// From `initiate` to the record.
        since_ns: i64,
    },
}

/// What the driver says of the times that a round's records can have.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoundLimits {
    /// How long after `initiate` a record of it can be at most.
    latest_ns: i64,
    /// The same of a first receipt.
    latest_first_ns: i64,
    /// How often a wall clock was set while it went on.
    clock_steps: u64,
}

impl RoundLimits {
    /// What a manifest says of a round; none where it does not have the round.
    pub(super) fn of(manifest: &Manifest, round: u32) -> Option<Self> {
        let round = manifest.rounds.iter().find(|candidate| candidate.round == round)?;
        let driver_ns = round.driver_ms * 1e6;
        let by_driver = || match manifest.backend {
            Backend::Local(_) => (driver_ns * (1.0 + LOCAL_SLACK_SHARE)) as i64 + LOCAL_SLACK_NS,
            // What clocks of several machines leave possible is known when all records are: see `latest_records`.
            Backend::Kubernetes(_) => i64::MAX,
            // Virtual time is exact.
            Backend::Sim(_) => driver_ns.round() as i64,
        };
        let is_simulated = matches!(manifest.backend, Backend::Sim(_));
        // A round that did not come to rest has copies that arrive later, but for those that a simulator does not go on with.
        let (latest_ns, latest_first_ns) = match round.outcome {
            RoundOutcome::Quiescent => (by_driver(), by_driver()),
            // Every node was reached before it.
            RoundOutcome::Horizon => (if is_simulated { by_driver() } else { DAY_NS }, by_driver().min(DAY_NS)),
            RoundOutcome::TimedOut | RoundOutcome::Open | RoundOutcome::Interrupted | RoundOutcome::Disturbed => {
                (DAY_NS, DAY_NS)
            }
        };
        Some(Self { latest_ns, latest_first_ns, clock_steps: round.clock_steps })
    }
}

/// Records of a round whose times contradict each other on one clock, or lie outside the round: a copy that left before its
/// sender held the message, a receipt long before the round began or long after it was over. None where there is none, or
/// where a clock was set in the round: then times may run backwards.
pub(super) fn find_impossible_times(
    round: &Round<'_>,
    initiate_ns: Option<i64>,
    limits: Option<RoundLimits>,
) -> Option<ImpossibleTimes> {
    if limits.is_some_and(|limits| limits.clock_steps > 0) {
        return None;
    }
    let events = round.events;
    let held = held_since(round);
    let find = |node: u32| held.binary_search_by_key(&node, |(other, _)| *other).ok().map(|place| held[place].1);
    // Copies of one sender often follow each other.
    let mut last: Option<(u32, Option<i64>)> = None;
    let mut held_by = |node: u32| {
        let (_, held_ns) = *last.insert(last.filter(|(known, _)| *known == node).unwrap_or_else(|| (node, find(node))));
        held_ns
    };
    let latest_ns = |kind: Kind| {
        limits.map_or(DAY_NS, |limits| match kind {
            Kind::Received => limits.latest_first_ns,
            Kind::Initiate | Kind::Duplicate | Kind::Failed => limits.latest_ns,
        })
    };
    let rows = round.rows.clone().filter(|row| events.kind[*row] != Kind::Initiate);
    let mut found = rows.flat_map(|row| {
        // A sender's record of its own receipt and the copy's time of sending are readings of one clock.
        let sender = events.sender[row];
        let too_early = early_send(held_by(sender), events.sent_ns[row]);
        let too_early = too_early.map(|early_ns| ImpossibleTime::SentBeforeHeld { node: sender, early_ns });
        let latest_ns = latest_ns(events.kind[row]);
        let outside = outside_round(events.receiver[row], events.received_ns[row], initiate_ns, latest_ns);
        too_early.into_iter().chain(outside)
    });
    let first = found.next()?;
    Some(ImpossibleTimes { count: 1 + found.count() as u64, first })
}

/// How long before its sender held the message a copy left, where that is more than two readings may differ.
fn early_send(held_ns: Option<i64>, sent_ns: i64) -> Option<i64> {
    let held_ns = held_ns.filter(|_| sent_ns != UNKNOWN_NS)?;
    let early_ns = held_ns.saturating_sub(sent_ns);
    (early_ns > ONE_CLOCK_NS).then_some(early_ns)
}

/// A receipt before `initiate`, or later than `latest_ns` after it.
fn outside_round(node: u32, received_ns: i64, initiate_ns: Option<i64>, latest_ns: i64) -> Option<ImpossibleTime> {
    let since_ns = received_ns.saturating_sub(initiate_ns?);
    if since_ns < -OTHER_CLOCK_NS {
        Some(ImpossibleTime::BeforeInitiate { node, since_ns })
    } else if since_ns > latest_ns {
        Some(ImpossibleTime::AfterRound { node, since_ns })
    } else {
        None
    }
}

/// Since when nodes hold the message by their own clocks, in the order of nodes: the initiator since `initiate`, others since
/// their first receipt.
pub(super) fn held_since(round: &Round<'_>) -> Vec<(u32, i64)> {
    let events = round.events;
    let is_receipt = |row: &usize| match events.kind[*row] {
        Kind::Initiate | Kind::Received => true,
        Kind::Duplicate | Kind::Failed => false,
    };
    let receipts = round.rows.clone().filter(is_receipt);
    let mut held: Vec<(u32, i64)> = receipts.map(|row| (events.receiver[row], events.received_ns[row])).collect();
    held.sort_unstable();
    held.dedup_by_key(|(node, _)| *node);
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};
    use crate::rounds::Rounds;

    const DAY_LATER: i64 = DAY_NS + 1;

    fn found(rows: &[Row], clock_steps: u64) -> Option<ImpossibleTimes> {
        let events = events(rows);
        let limits = RoundLimits { latest_ns: DAY_NS, latest_first_ns: DAY_NS, clock_steps };
        find_impossible_times(&Rounds::of(&events).lay_out_all().get(0), Some(0), Some(limits))
    }

    #[test]
    fn times_are_told_by_number_and_the_first_is_the_example() {
        let begun = Row::initiate("a", 0);
        assert_eq!(found(&[begun, Row::received("a", "b", 1, 2)], 0), None);
        let early = [begun, Row::received("a", "b", -1_001, 2), Row::received("a", "c", 1, DAY_LATER)];
        let first = ImpossibleTime::SentBeforeHeld { node: 0, early_ns: 1_001 };
        assert_eq!(found(&early, 0), Some(ImpossibleTimes { count: 2, first }));
        let late = ImpossibleTime::AfterRound { node: 1, since_ns: DAY_LATER };
        assert_eq!(
            found(&[begun, Row::received("a", "b", 1, DAY_LATER)], 0),
            Some(ImpossibleTimes { count: 1, first: late })
        );
        assert_eq!(found(&early, 1), None, "a clock was set");
    }
}
