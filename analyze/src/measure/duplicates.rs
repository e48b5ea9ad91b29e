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
    let arrived = arrivals(spread).count() as u64;
    let failures = Failures::of(spread);
    let sends = arrived + failures.undelivered.len() as u64;
    Copies { duplicates: arrived - spread.firsts.len() as u64, failed: failures.failed, sends }
}

/// How many copies each node sent, in the order of node numbers, but those that sent none: what arrived, and failed sends of
/// which no copy arrived. They add up to the round's sends.
pub(super) fn sent_by_node(spread: &Spread<'_>) -> Vec<(u32, u64)> {
    let rows = arrivals(spread).chain(Failures::of(spread).undelivered);
    counted(rows.map(|row| spread.events.sender[row]))
}

/// How many copies reached each node, in the order of node numbers.
pub(super) fn arrived_by_node(spread: &Spread<'_>) -> Vec<(u32, u64)> {
    counted(arrivals(spread).map(|row| spread.events.receiver[row]))
}

/// By sorting: a round may have few of the nodes that a file has.
fn counted(nodes: impl Iterator<Item = u32>) -> Vec<(u32, u64)> {
    let mut nodes: Vec<u32> = nodes.collect();
    nodes.sort_unstable();
    nodes.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect()
}

/// The rows of copies that arrived.
fn arrivals<'a>(spread: &'a Spread<'_>) -> impl Iterator<Item = usize> + 'a {
    let rows = spread.rows.iter().map(|row| *row as usize);
    rows.filter(|row| matches!(spread.events.kind[*row], Kind::Received | Kind::Duplicate))
}

/// sends / reached - 1, where reached counts the initiator (after Leitão et al. 2007); none where nobody else was
/// reached.
pub(super) fn redundancy(sends: u64, delivered: u32) -> Option<f64> {
    (delivered > 0).then(|| sends as f64 / (f64::from(delivered) + 1.0) - 1.0)
}

struct Failures {
    /// Distinct failed sends.
    failed: u64,
    /// The rows of those whose copy did not arrive; of the others only the acknowledgment was lost.
    undelivered: Vec<usize>,
}

impl Failures {
    /// A failed copy without a name matches no other.
    fn of(spread: &Spread<'_>) -> Self {
        let events = spread.events;
        let rows = spread.rows.iter().map(|row| *row as usize);
        let (unnamed, mut named): (Vec<usize>, Vec<usize>) =
            rows.filter(|row| events.kind[*row] == Kind::Failed).partition(|row| events.send[*row] == 0);
        named.sort_unstable_by_key(|row| (events.send[*row], events.sender[*row]));
        named.dedup_by_key(|row| events.send[*row]);
        let failed = (unnamed.len() + named.len()) as u64;
        let mut arrived = vec![false; named.len()];
        if !named.is_empty() {
            for row in arrivals(spread) {
                if let Ok(place) = named.binary_search_by_key(&events.send[row], |named| events.send[*named]) {
                    arrived[place] = true;
                }
            }
        }
        let lost = named.into_iter().zip(arrived).filter(|(_, arrived)| !arrived).map(|(row, _)| row);
        Self { failed, undelivered: unnamed.into_iter().chain(lost).collect() }
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
    fn what_nodes_sent_adds_up_to_the_sends() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2).with_send(11),
            Row::failed("a", "b", 1, 9).with_send(11),
            Row::duplicate("b", "a", 3, 4),
            Row::failed("b", "c", 1, 9).with_send(12),
            Row::failed("b", "c", 1, 9).with_send(12),
            Row::failed("c", "a", 1, 9),
        ];
        with_spread(&rows, |spread| {
            assert_eq!(sent_by_node(spread), [(0, 1), (1, 2), (2, 1)]);
            assert_eq!(arrived_by_node(spread), [(0, 1), (1, 1)]);
            assert_eq!(copies(spread).sends, 4);
        });
    }

    #[test]
    fn redundancy_counts_the_initiator_among_the_reached() {
        assert_eq!(redundancy(8, 3), Some(1.0));
        assert_eq!(redundancy(0, 0), None);
    }
}
