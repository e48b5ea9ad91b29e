//! Traffic: what copies of a round moved, and what its busiest node sent or received.

use std::collections::BTreeMap;
use std::ops::Range;

use cnsim::event::Kind;

use crate::rounds::Round;
use cnsim_records::columns::EventColumns;

/// What the copies of a round moved, by the sizes that records say; control messages are in none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Of what arrived, and of failed sends of which no copy arrived, each once.
    pub sent_bytes: u64,
    /// Of what arrived.
    pub received_bytes: u64,
}

/// What the copies of a round moved.
pub(super) fn moved(round: &Round<'_>) -> Moved {
    let events = round.events;
    let is_named_failure = |row: &usize| events.kind[*row] == Kind::Failed && events.send[*row] != 0;
    let bytes_of = |row: usize| u64::from(events.bytes[row]);
    let named_failures = round.rows.clone().filter(is_named_failure);
    let mut undelivered: BTreeMap<u64, u64> = named_failures.map(|row| (events.send[row], bytes_of(row))).collect();
    let mut moved = Moved::default();
    for row in round.rows.clone() {
        match events.kind[row] {
            Kind::Initiate => {}
            Kind::Failed if events.send[row] != 0 => {}
            Kind::Failed => moved.sent_bytes += bytes_of(row),
            Kind::Received | Kind::Duplicate => {
                undelivered.remove(&events.send[row]);
                moved.received_bytes += bytes_of(row);
            }
        }
    }
    moved.sent_bytes += moved.received_bytes + undelivered.values().sum::<u64>();
    moved
}

/// The node that moved most bytes one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busiest {
    /// Its id.
    pub node: String,
    /// The round.
    pub round: u32,
    /// What it sent or what it received, whichever is more.
    pub bytes: u64,
}

/// The busiest node of a round; none where no record says how large copies were. A copy that arrived counts at both ends,
/// a failed one at its sender.
pub(crate) fn busiest(round: &Round<'_>) -> Option<Busiest> {
    let events = round.events;
    let nodes = events.names.nodes.len();
    let [mut sent, mut received] = [vec![0_u64; nodes], vec![0_u64; nodes]];
    let arrived = arrived_of_failed(round);
    for row in round.rows.clone() {
        let bytes = u64::from(events.bytes[row]);
        match events.kind[row] {
            Kind::Initiate => {}
            Kind::Received | Kind::Duplicate => {
                sent[events.sender[row] as usize] += bytes;
                received[events.receiver[row] as usize] += bytes;
            }
            Kind::Failed if arrived.contains(&events.send[row]) => {}
            Kind::Failed => sent[events.sender[row] as usize] += bytes,
        }
    }
    let most = |node: &usize| sent[*node].max(received[*node]);
    // Of equals the first by name, whatever the order of records.
    let node = (0..nodes).max_by_key(|node| (most(node), std::cmp::Reverse(*node)))?;
    let (name, bytes) = (events.names.nodes.text(node as u32), most(&node));
    (bytes > 0).then(|| Busiest { node: name.to_owned(), round: round.round, bytes })
}

/// The names of failed copies that arrived all the same: only their acknowledgments were lost.
fn arrived_of_failed(round: &Round<'_>) -> Vec<u64> {
    let events = round.events;
    let failed: Vec<u64> = sends(events, round.rows.clone(), |kind| kind == Kind::Failed).collect();
    if failed.is_empty() {
        return failed;
    }
    let arrived = sends(events, round.rows.clone(), |kind| matches!(kind, Kind::Received | Kind::Duplicate));
    arrived.filter(|send| failed.contains(send)).collect()
}

/// The known names of copies in the rows of some kinds.
fn sends<'a>(
    events: &'a EventColumns,
    rows: Range<usize>,
    wanted: impl Fn(Kind) -> bool + 'a,
) -> impl Iterator<Item = u64> + 'a {
    let rows = rows.filter(move |row| wanted(events.kind[*row]));
    rows.map(|row| events.send[row]).filter(|send| *send != 0)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, events};
    use super::*;
    use crate::rounds::Rounds;

    fn busiest_of(rows: &[Row]) -> Option<(String, u64)> {
        let events = events(rows);
        let batch = Rounds::of(&events).lay_out_all();
        busiest(&batch.get(0)).map(|busiest| (busiest.node, busiest.bytes))
    }

    #[test]
    fn every_copy_counts_once() {
        let rows = [
            Row::initiate("a", 0).with_bytes(1_000),
            Row::received("a", "b", 1, 2).with_bytes(100).with_send(7),
            Row::failed("a", "b", 1, 9).with_bytes(100).with_send(7),
            Row::failed("a", "c", 1, 9).with_bytes(30).with_send(8),
            Row::failed("a", "c", 1, 9).with_bytes(30).with_send(8),
            Row::failed("a", "c", 1, 9).with_bytes(5),
            Row::duplicate("b", "a", 1, 9).with_bytes(2),
        ];
        let events = events(&rows);
        let batch = Rounds::of(&events).lay_out_all();
        assert_eq!(moved(&batch.get(0)), Moved { sent_bytes: 100 + 30 + 5 + 2, received_bytes: 100 + 2 });
    }

    #[test]
    fn the_larger_direction_of_the_busiest_node_counts() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2).with_bytes(100),
            Row::received("a", "c", 1, 2).with_bytes(100),
            Row::duplicate("b", "c", 3, 4).with_bytes(50),
        ];
        assert_eq!(busiest_of(&rows), Some(("a".to_owned(), 200)));
    }

    #[test]
    fn a_failed_copy_counts_at_its_sender_unless_it_arrived() {
        let rows = [
            Row::received("a", "b", 1, 2).with_bytes(100).with_send(7),
            Row::failed("a", "b", 1, 9).with_bytes(100).with_send(7),
            Row::failed("a", "c", 1, 9).with_bytes(30).with_send(8),
        ];
        assert_eq!(busiest_of(&rows), Some(("a".to_owned(), 130)));
    }

    #[test]
    fn records_without_sizes_have_no_busiest_node() {
        assert_eq!(busiest_of(&[Row::initiate("a", 0), Row::received("a", "b", 1, 2)]), None);
    }
}
