//! Where the time went: the tree path to the node that was reached last, split into set-up, waiting and wire.

use std::ops::Range;

use super::setup::setup_ns;
use super::spread::Spread;
use super::tree::{Parent, parent};

/// The time until the last delivery, along the tree path that leads to it. The parts add up to t100 from `initiate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathTime {
    /// From `initiate` to the first send.
    pub setup_ns: i64,
    /// From receipt (at the initiator: first send) to send, summed over the path's forwarders.
    pub waiting_ns: i64,
    /// From send to receipt, summed over the path's hops.
    pub wire_ns: i64,
}

/// One hop of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// Position of the first receipt that the hop ends with.
    pub(super) position: usize,
    /// From the forwarder's first receipt (at the initiator: from the first send) to the send; both by its own clock.
    pub(super) waiting_ns: i64,
    /// From send to receipt.
    pub(super) wire_ns: i64,
}

impl Step {
    /// Who sent the copy and who received it, by number.
    pub(super) fn ends(&self, spread: &Spread<'_>) -> (u32, u32) {
        (spread.events.sender[spread.row(self.position)], spread.firsts[self.position].receiver)
    }
}

/// Positions of the nodes that were reached last: several where they tie.
pub(super) fn last(spread: &Spread<'_>) -> Range<usize> {
    let count = spread.firsts.len();
    let last_ns = spread.firsts.last().map(|first| first.received_ns);
    spread.firsts.partition_point(|first| Some(first.received_ns) < last_ns)..count
}

/// The path from the initiator to the node that was reached last; of nodes that tie to the last one by id. None where it or a
/// time on it is not on record.
pub(super) fn critical(spread: &Spread<'_>) -> Option<Vec<Step>> {
    to(spread, spread.firsts.len().checked_sub(1)?)
}

/// The path from the initiator to the node with the first receipt at a position.
pub(super) fn to(spread: &Spread<'_>, position: usize) -> Option<Vec<Step>> {
    let mut at = position;
    let mut steps = Vec::new();
    // A path is not longer than the number of nodes; a longer one is a cycle.
    for _ in 0..spread.firsts.len() {
        let parent = parent(spread, at);
        steps.push(step(spread, at, parent)?);
        match parent {
            Parent::At(parent) => at = parent,
            Parent::Root => {
                steps.reverse();
                return Some(steps);
            }
            Parent::Unknown => return None,
        }
    }
    None
}

/// The hop that ends with the first receipt at `position`; none where a time of it is not on record.
pub(super) fn step(spread: &Spread<'_>, position: usize, parent: Parent) -> Option<Step> {
    let ready_ns = match parent {
        Parent::Root => spread.first_send_ns?,
        Parent::At(parent) => spread.firsts[parent].received_ns,
        Parent::Unknown => return None,
    };
    let sent_ns = spread.sent_ns(position)?;
    let wire_ns = span(sent_ns, spread.firsts[position].received_ns);
    Some(Step { position, waiting_ns: span(ready_ns, sent_ns), wire_ns })
}

/// Sums up the path to the last first receipt. The three parts telescope: they add up to the last receipt minus
/// `initiate` to the nanosecond.
pub(super) fn time_spent(spread: &Spread<'_>, critical: &[Step]) -> Option<PathTime> {
    let begin = PathTime { setup_ns: setup_ns(spread)?, waiting_ns: 0, wire_ns: 0 };
    Some(critical.iter().fold(begin, |time, step| PathTime {
        waiting_ns: time.waiting_ns.saturating_add(step.waiting_ns),
        wire_ns: time.wire_ns.saturating_add(step.wire_ns),
        ..time
    }))
}

/// Times are as records have them, so that nonsense must not overflow.
fn span(from_ns: i64, to_ns: i64) -> i64 {
    to_ns.saturating_sub(from_ns)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    fn time_spent(spread: &Spread<'_>) -> Option<PathTime> {
        super::time_spent(spread, &critical(spread)?)
    }

    #[test]
    fn the_parts_follow_the_path_to_the_last_node() {
        let rows = [
            Row::initiate("a", 100),
            Row::received("a", "x", 110, 120),
            Row::received("a", "b", 115, 130),
            Row::received("b", "c", 137, 160),
        ];
        with_spread(&rows, |spread| {
            let expected = PathTime { setup_ns: 10, waiting_ns: 5 + 7, wire_ns: 15 + 23 };
            assert_eq!(time_spent(spread), Some(expected));
            assert_eq!(expected.setup_ns + expected.waiting_ns + expected.wire_ns, 160 - 100);
        });
    }

    #[test]
    fn a_path_with_a_hole_or_a_cycle_is_not_known() {
        let hole = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("lost", "c", 3, 4)];
        with_spread(&hole, |spread| assert_eq!(time_spent(spread), None));
        let cycle = [
            Row::initiate("a", 0),
            Row::received("a", "x", 1, 2),
            Row::received("c", "b", 3, 4),
            Row::received("b", "c", 3, 5),
        ];
        with_spread(&cycle, |spread| assert_eq!(time_spent(spread), None));
        let unsent =
            [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("a", "c", 1, 9).without_sent()];
        with_spread(&unsent, |spread| assert_eq!(time_spent(spread), None));
    }
}
