//! The numbers that nodes give their copies: each counts its own from 1, in the order in which it sends them.

use cnsim::event::Kind;
use cnsim::manifest::{Backend, Manifest, Records, RunOutcome};

use crate::rounds::Round;

/// Numbers of one node's copies without a gap, of records of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SendRange {
    /// The node, by number.
    pub(crate) sender: u32,
    /// The first number.
    pub(crate) first: u32,
    /// The last.
    pub(crate) last: u32,
}

/// How far every copy of a run has a record, so that a number which none has is that of a record which is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Nobody knows.
    Unknown,
    /// From the first copy of the run.
    OfRun,
    /// From the first copy of each round: rounds that are simulated apart count apart.
    OfRounds,
}

impl Numbering {
    /// That of a run. Where something befell it, or it was resumed, nodes may have begun to count anew; a copy in an answer that
    /// nobody waited for any longer has no record, but where time is virtual.
    pub(super) fn of(manifest: &Manifest) -> Self {
        let options = &manifest.options;
        let protocol = options.protocol.protocol();
        let is_whole = manifest.outcome == RunOutcome::Complete
            && manifest.incidents.is_empty()
            && manifest.backend.processes().resumed_with.is_empty()
            && options.records == Records::All;
        let is_apart = options.open_loop().is_none() && !protocol.learns();
        match manifest.backend {
            Backend::Sim(_) if is_whole && is_apart => Self::OfRounds,
            Backend::Local(_) | Backend::Kubernetes(_) if is_whole && !protocol.answers_with_copies() => Self::OfRun,
            Backend::Local(_) | Backend::Kubernetes(_) | Backend::Sim(_) => Self::Unknown,
        }
    }
}

/// The numbers of a round's copies, in the order of senders. One that arrived and was given up has its number twice.
pub(super) fn list_send_ranges(round: &Round<'_>) -> Vec<SendRange> {
    let events = round.events;
    let rows = round.rows.clone().filter(|row| events.send_number[*row] > 0);
    let mut numbers: Vec<(u32, u32)> = rows.map(|row| (events.sender[row], events.send_number[row])).collect();
    numbers.sort_unstable();
    let without_gap = numbers.chunk_by(|one, next| one.0 == next.0 && next.1 - one.1 <= 1);
    let range = |numbers: &[(u32, u32)]| {
        let ((sender, first), (_, last)) = (*numbers.first()?, *numbers.last()?);
        Some(SendRange { sender, first, last })
    };
    without_gap.filter_map(range).collect()
}

/// Where a node's numbers begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With 1.
    AtOne,
    /// Anywhere: its process may have been in a run before.
    Anywhere,
}

impl Begins {
    /// Of the nodes of a run: processes of a machine are started for it, a release of Kubernetes may be used again.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        match manifest.backend {
            Backend::Local(_) | Backend::Sim(_) => Self::AtOne,
            Backend::Kubernetes(_) => Self::Anywhere,
        }
    }
}

/// The numbers up to the last of each sender's that none of sorted ranges has: how many, and the sender of the first.
pub(crate) fn count_left_out(ranges: &[SendRange], begins: Begins) -> Option<(u64, u32)> {
    let mut found: Option<(u64, u32)> = None;
    for of_one in ranges.chunk_by(|one, next| one.sender == next.sender) {
        let mut next = match begins {
            Begins::AtOne => 1,
            Begins::Anywhere => of_one.first().map_or(1, |range| range.first),
        };
        for range in of_one {
            let missing = u64::from(range.first.saturating_sub(next));
            next = next.max(range.last.saturating_add(1));
            if missing > 0 {
                found = Some(found.map_or((missing, range.sender), |(count, sender)| (count + missing, sender)));
            }
        }
    }
    found
}

/// Copies that left so long before one of their sender's that has a smaller number, by the clock of their sender: how many, and the row
/// of the first in the order of senders and numbers. What was given up may never have left.
pub(super) fn find_out_of_order(round: &Round<'_>, late_ns: i64) -> Option<(u64, usize)> {
    let events = round.events;
    let is_known = |row: &usize| events.send_number[*row] > 0 && !events.float_timestamp[*row];
    let arrived = |row: &usize| matches!(events.kind[*row], Kind::Received | Kind::Duplicate);
    let mut rows: Vec<usize> = round.rows.clone().filter(is_known).filter(arrived).collect();
    rows.sort_unstable_by_key(|row| (events.sender[*row], events.send_number[*row], *row));
    let mut found = None;
    for of_one in rows.chunk_by(|one, next| events.sender[*one] == events.sender[*next]) {
        let mut latest_ns = i64::MIN;
        for row in of_one {
            let sent_ns = events.sent_ns[*row];
            if latest_ns.saturating_sub(sent_ns) > late_ns {
                let (count, first) = found.unwrap_or((0, *row));
                found = Some((count + 1, first));
            }
            latest_ns = latest_ns.max(sent_ns);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};
    use crate::rounds::Rounds;

    fn with_rows<T>(rows: &[Row], look: impl FnOnce(&Round<'_>) -> T) -> T {
        let events = events(rows);
        look(&Rounds::of(&events).lay_out_all().get(0))
    }

    #[test]
    fn numbers_that_no_record_has_are_counted_for_each_sender() {
        let rows = [
            Row::received("a", "b", 1, 2).numbered(1),
            Row::failed("a", "b", 1, 9).numbered(1),
            Row::received("a", "c", 1, 3).numbered(4),
            Row::duplicate("b", "c", 4, 5).numbered(2),
        ];
        let ranges = with_rows(&rows, list_send_ranges);
        assert_eq!(ranges.len(), 3);
        assert_eq!(count_left_out(&ranges, Begins::AtOne), Some((3, 0)));
        assert_eq!(count_left_out(&ranges[..1], Begins::AtOne), None);
        assert_eq!(count_left_out(&ranges, Begins::Anywhere), Some((2, 0)), "b was in another run before");
    }

    #[test]
    fn a_copy_that_left_before_one_with_a_smaller_number_is_found() {
        let sent = |sent_ns: i64| {
            [Row::received("a", "b", 5_000, 6_000).numbered(1), Row::received("a", "c", sent_ns, 9_000).numbered(2)]
        };
        assert_eq!(with_rows(&sent(4_100), |round| find_out_of_order(round, 1_000)), None, "it may have been late");
        assert_eq!(with_rows(&sent(3_900), |round| find_out_of_order(round, 1_000)), Some((1, 1)));
    }
}
