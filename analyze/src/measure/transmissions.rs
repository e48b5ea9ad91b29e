//! Transmissions: how often nodes sent a message, whomever they sent it to.

use cnsim::event::Kind;

use super::spread::known;
use crate::rounds::Round;

/// The transmissions of a round: copies that a node sent at one instant are one, as a broadcast to them would be. A copy that arrived
/// and was given up is one copy; one whose time of sending nobody knows is a transmission of its own. `room` is used again.
pub(super) fn count(round: &Round<'_>, room: &mut Vec<(i64, u32)>) -> u64 {
    let events = round.events;
    let (mut unknown, copies) = (0, round.rows.clone().filter(|row| events.kind[*row] != Kind::Initiate));
    room.clear();
    for row in copies {
        match known(events.sent_ns[row]) {
            Some(sent_ns) => room.push((sent_ns, events.sender[row])),
            None => unknown += 1,
        }
    }
    room.sort_unstable();
    room.dedup();
    room.len() as u64 + unknown
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, measured};

    #[test]
    fn what_a_node_sends_at_one_instant_is_one_transmission() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 5, 7).with_send(1),
            Row::received("a", "c", 5, 9).with_send(2),
            Row::failed("a", "d", 5, 20).with_send(3),
            Row::failed("a", "c", 5, 20).with_send(2),
            Row::duplicate("b", "c", 7, 11).with_send(4),
            Row::duplicate("c", "b", 9, 11).with_send(5),
            Row::duplicate("c", "a", 10, 12).with_send(6),
            Row::failed("d", "e", 1, 3).with_send(7).without_sent(),
        ];
        let round = measured(&rows);
        assert_eq!((round.sends, round.transmissions), (Some(7), Some(5)));
    }
}
