//! Copies that no protocol of the program sends: a second one between the same two nodes, one name for two copies, more from a
//! node than its protocol lets it send.

use cnsim::event::Kind;
use cnsim::protocol::{Promises, Repeats, Senders};

use super::under_faults::Explained;
use crate::rounds::Round;

/// What a round's copies have that they cannot have. Nodes are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImpossibleCopies {
    /// The same `send_id` stands for copies that differ.
    SharedName {
        /// Who sent the second.
        sender: u32,
        /// Who received it.
        receiver: u32,
    },
    /// A node sent another the message twice.
    SentTwice {
        /// Who sent.
        sender: u32,
        /// To whom.
        receiver: u32,
    },
    /// A node sent more copies than its protocol lets it.
    TooMany {
        /// The node.
        sender: u32,
        /// How many it sent.
        sent: u32,
        /// How many it may send.
        most: u32,
    },
}

/// One copy, whether it arrived, was given up, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Copy {
    sender: u32,
    receiver: u32,
    send: u64,
    failed: bool,
}

/// What a round's copies have that cannot be: how often and the first of each kind. `promises` and `initiator`, a number, are none
/// where nobody knows them.
pub(super) fn find_impossible_copies(
    round: &Round<'_>,
    promises: Option<Promises>,
    initiator: Option<u32>,
    explained: &Explained,
) -> Vec<(u64, ImpossibleCopies)> {
    let events = round.events;
    let rows = round.rows.clone().filter(|row| events.kind[*row] != Kind::Initiate);
    let is_named = rows.clone().any(|row| events.send[row] != 0);
    if promises.is_none() && !is_named {
        return Vec::new();
    }
    let copy = |row: usize| Copy {
        sender: events.sender[row],
        receiver: events.receiver[row],
        send: events.send[row],
        failed: events.kind[row] == Kind::Failed,
    };
    let mut copies: Vec<Copy> = rows.map(copy).collect();
    let mut found = Vec::new();
    if is_named {
        found.extend(find_shared_names(&mut copies));
    }
    if let Some(promises) = promises {
        // Who lost what it held sends it anew.
        copies.retain(|copy| !explained.restarted.contains(&copy.sender));
        found.extend(find_surplus(copies, promises, initiator));
    }
    found
}

/// Names that stand for two copies. A copy that arrived and was given up has one name in two records.
fn find_shared_names(copies: &mut [Copy]) -> Option<(u64, ImpossibleCopies)> {
    copies.sort_unstable_by_key(|copy| (copy.send, copy.failed, copy.sender, copy.receiver));
    let is_shared = |pair: &&[Copy]| {
        let (one, other) = (pair[0], pair[1]);
        let is_one_copy = (one.sender, one.receiver) == (other.sender, other.receiver) && one.failed != other.failed;
        one.send != 0 && one.send == other.send && !is_one_copy
    };
    let mut shared = copies.windows(2).filter(is_shared).map(|pair| pair[1]);
    let Copy { sender, receiver, .. } = shared.next()?;
    Some((1 + shared.count() as u64, ImpossibleCopies::SharedName { sender, receiver }))
}

/// Copies that the protocol does not send.
fn find_surplus(mut copies: Vec<Copy>, promises: Promises, initiator: Option<u32>) -> Vec<(u64, ImpossibleCopies)> {
    copies.sort_unstable();
    // Without names nobody can tell a copy that arrived and was given up from two.
    copies.dedup_by(|later, earlier| {
        let is_same_way = (later.sender, later.receiver) == (earlier.sender, earlier.receiver);
        is_same_way && later.send == earlier.send && (later.send != 0 || later.failed != earlier.failed)
    });
    let mut found = Vec::new();
    let twice =
        copies.windows(2).filter(|pair| (pair[0].sender, pair[0].receiver) == (pair[1].sender, pair[1].receiver));
    let mut twice = twice.map(|pair| pair[1]);
    if promises.repeats == Repeats::Never
        && let Some(Copy { sender, receiver, .. }) = twice.next()
    {
        found.push((1 + twice.count() as u64, ImpossibleCopies::SentTwice { sender, receiver }));
    }
    let most = |sender: u32| match promises.senders {
        Senders::Initiator if initiator.is_some_and(|initiator| initiator != sender) => 0,
        Senders::Initiator | Senders::Holders => promises.copies_max.unwrap_or(u32::MAX),
    };
    let by_sender = copies.chunk_by(|one, next| one.sender == next.sender);
    let surplus = |copies: &[Copy]| {
        let (sender, sent) = (copies[0].sender, copies.len() as u32);
        let most = most(sender);
        (sent > most).then(|| (u64::from(sent - most), ImpossibleCopies::TooMany { sender, sent, most }))
    };
    let mut surplus = by_sender.filter_map(surplus);
    if let Some((count, first)) = surplus.next() {
        found.push((count + surplus.map(|(count, _)| count).sum::<u64>(), first));
    }
    found
}

#[cfg(test)]
mod tests {
    use cnsim::protocol::ProtocolSpec;

    use super::*;
    use crate::measure::fixture::{Row, events};
    use crate::rounds::Rounds;

    fn found(rows: &[Row], protocol: &str) -> Vec<(u64, ImpossibleCopies)> {
        let (events, spec) = (events(rows), protocol.parse::<ProtocolSpec>().unwrap());
        find_impossible_copies(
            &Rounds::of(&events).lay_out_all().get(0),
            Some(spec.promises()),
            Some(0),
            &Explained::default(),
        )
    }

    #[test]
    fn each_protocol_sends_what_it_may() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2),
            Row::received("a", "c", 1, 3),
            Row::duplicate("b", "c", 4, 5),
            Row::failed("b", "d", 4, 9),
        ];
        assert_eq!(found(&rows, "flood"), []);
        assert_eq!(found(&rows, "push:2"), []);
        assert_eq!(found(&rows, "push:1"), [(2, ImpossibleCopies::TooMany { sender: 0, sent: 2, most: 1 })]);
        assert_eq!(found(&rows, "direct-mail"), [(2, ImpossibleCopies::TooMany { sender: 1, sent: 2, most: 0 })]);
    }

    #[test]
    fn a_second_copy_to_the_same_node_is_found_and_one_that_arrived_and_was_given_up_is_one() {
        let (begun, first) = (Row::initiate("a", 0), Row::received("a", "b", 1, 2));
        assert_eq!(found(&[begun, first, Row::failed("a", "b", 1, 9)], "flood"), []);
        let twice = ImpossibleCopies::SentTwice { sender: 0, receiver: 1 };
        assert_eq!(found(&[begun, first, Row::duplicate("a", "b", 3, 4)], "flood"), [(1, twice)]);
    }
}
