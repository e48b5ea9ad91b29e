//! Copies: how many were sent, how many of them came too late, how many failed.

use cnsim::event::Kind;

use super::spread::Spread;

/// The copies of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copies {
    /// Copies that reached a node which held the message: whatever arrived and is no first receipt.
    pub(super) duplicates: u64,
    /// Sends without an acknowledgment; one that is logged twice is one.
    pub(super) failed: u64,
    /// Copies that arrived, and failed sends of which no copy arrived.
    pub(super) sends: u64,
}

/// Counts the copies of a round.
pub(super) fn copies(spread: &Spread<'_>) -> Copies {
    let events = spread.events;
    let mut arrived = 0;
    let mut failures = Vec::new();
    for row in spread.rows.iter().map(|row| *row as usize) {
        match events.kind[row] {
            Kind::Received | Kind::Duplicate => arrived += 1,
            Kind::Failed => failures.push(events.send[row]),
            Kind::Initiate => {}
        }
    }
    let Failures { failed, delivered } = Failures::of(spread, failures);
    Copies { duplicates: arrived - spread.firsts.len() as u64, failed, sends: arrived + failed - delivered }
}

/// sends / reached - 1, where reached counts the initiator (after Leitão et al. 2007); none where nobody else was
/// reached.
pub(super) fn redundancy(sends: u64, delivered: u32) -> Option<f64> {
    (delivered > 0).then(|| sends as f64 / (f64::from(delivered) + 1.0) - 1.0)
}

struct Failures {
    failed: u64,
    /// Failed sends whose copy arrived all the same: only its acknowledgment was lost.
    delivered: u64,
}

impl Failures {
    /// `names` are the hashes of the failed copies' names. A copy without a name matches no other.
    fn of(spread: &Spread<'_>, mut names: Vec<u64>) -> Self {
        let all = names.len();
        names.retain(|name| *name != 0);
        let unnamed = all - names.len();
        names.sort_unstable();
        names.dedup();
        let failed = (unnamed + names.len()) as u64;
        let mut arrived = vec![false; names.len()];
        if !names.is_empty() {
            let events = spread.events;
            for row in spread.rows.iter().map(|row| *row as usize) {
                if matches!(events.kind[row], Kind::Received | Kind::Duplicate)
                    && let Ok(place) = names.binary_search(&events.send[row])
                {
                    arrived[place] = true;
                }
            }
        }
        Self { failed, delivered: arrived.into_iter().filter(|arrived| *arrived).count() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    fn copies_of(rows: &[Row]) -> Copies {
        let mut found = None;
        with_spread(rows, |spread| found = Some(copies(spread)));
        found.unwrap()
    }

    #[test]
    fn whatever_is_no_first_receipt_is_a_duplicate() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2),
            Row::received("a", "b", 1, 3),
            Row::duplicate("b", "c", 3, 4),
            Row::received("b", "a", 3, 4),
        ];
        assert_eq!(copies_of(&rows), Copies { duplicates: 3, failed: 0, sends: 4 });
    }

    #[test]
    fn a_failed_send_whose_copy_arrived_is_one_send() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2).with_send(11),
            Row::failed("a", "b", 1, 9).with_send(11),
            Row::failed("a", "c", 1, 9).with_send(12),
            Row::failed("a", "c", 1, 9).with_send(12),
        ];
        assert_eq!(copies_of(&rows), Copies { duplicates: 0, failed: 2, sends: 2 });
    }

    #[test]
    fn failed_sends_without_a_name_are_all_counted() {
        let rows = [Row::received("a", "b", 1, 2), Row::failed("a", "b", 1, 9), Row::failed("a", "b", 1, 9)];
        assert_eq!(copies_of(&rows), Copies { duplicates: 0, failed: 2, sends: 3 });
    }

    #[test]
    fn redundancy_counts_the_initiator_among_the_reached() {
        assert_eq!(redundancy(8, 3), Some(1.0));
        assert_eq!(redundancy(0, 0), None);
    }
}
