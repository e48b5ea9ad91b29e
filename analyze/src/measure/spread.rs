//! How one message spread: one round's records laid out once, for every metric to read.

use std::ops::Range;

use cnsim::event::Kind;

use super::late::GivenUp;
use crate::rounds::Round;
use cnsim_records::columns::{EventColumns, UNKNOWN_NS};

/// One round. First receipts are in the order of time, then of the receiver's id.
pub(super) struct Spread<'a> {
    /// The columns.
    pub(super) events: &'a EventColumns,
    /// Number of the run.
    pub(super) run: u32,
    /// The round's rows.
    pub(super) rows: Range<usize>,
    /// Who began it and when; none where no record says.
    pub(super) initiate: Option<Initiate>,
    /// The initiator's first send.
    pub(super) first_send_ns: Option<i64>,
    /// Each node's first receipt, but the initiator's: what comes back to it is a duplicate.
    pub(super) firsts: &'a [First],
    /// By node number: the node's position in `firsts`, or [`NOWHERE`].
    places: &'a [u32],
}

/// The first `initiate` record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Initiate {
    pub(super) at_ns: i64,
    pub(super) node: u32,
    pub(super) row: u32,
}

/// A node's first receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct First {
    pub(super) received_ns: i64,
    pub(super) receiver: u32,
    row: u32,
}

/// Room for one round, used again for the next.
#[derive(Default)]
pub(super) struct Scratch {
    /// By node number: a row while rows are read, then a position; [`NOWHERE`] for every node between two rounds.
    places: Vec<u32>,
    firsts: Vec<First>,
}

const NOWHERE: u32 = u32::MAX;

impl Scratch {
    /// Lays a round out. Receipts from after it was given up are none.
    pub(super) fn spread<'a>(&'a mut self, round: &Round<'a>, given_up: &GivenUp) -> Spread<'a> {
        let events = round.events;
        self.forget();
        self.places.resize(self.places.len().max(events.names.nodes.len()), NOWHERE);
        let initiate = initiate(events, round.rows.clone());
        let latest_ns = given_up.latest_ns(round, initiate.map(|initiate| initiate.at_ns)).unwrap_or(i64::MAX);
        self.find_firsts(round, initiate.map(|initiate| initiate.node), latest_ns);
        Spread {
            events,
            run: round.run,
            rows: round.rows.clone(),
            initiate,
            first_send_ns: initiate.and_then(|initiate| first_send_ns(events, round.rows.clone(), initiate.node)),
            firsts: &self.firsts,
            places: &self.places,
        }
    }

    fn forget(&mut self) {
        for first in self.firsts.drain(..) {
            self.places[first.receiver as usize] = NOWHERE;
        }
    }

    fn find_firsts(&mut self, round: &Round<'_>, initiator: Option<u32>, latest_ns: i64) {
        let events = round.events;
        for row in round.rows.clone() {
            let receiver = events.receiver[row];
            let is_late = events.received_ns[row] > latest_ns;
            if events.kind[row] != Kind::Received || Some(receiver) == initiator || is_late {
                continue;
            }
            let best = &mut self.places[receiver as usize];
            if *best == NOWHERE {
                self.firsts.push(First { received_ns: 0, receiver, row: 0 });
                *best = row as u32;
            } else if is_earlier(events, row as u32, *best) {
                *best = row as u32;
            }
        }
        for first in &mut self.firsts {
            first.row = self.places[first.receiver as usize];
            first.received_ns = events.received_ns[first.row as usize];
        }
        self.firsts.sort_unstable();
        for (position, first) in self.firsts.iter().enumerate() {
            self.places[first.receiver as usize] = position as u32;
        }
    }
}

impl Spread<'_> {
    /// The row of a first receipt.
    pub(super) fn row(&self, position: usize) -> usize {
        self.firsts[position].row as usize
    }

    /// Position of a node's first receipt; none where it has none.
    pub(super) fn position(&self, node: u32) -> Option<usize> {
        let position = self.places[node as usize];
        (position != NOWHERE).then_some(position as usize)
    }

    /// When the copy of a first receipt was sent.
    pub(super) fn sent_ns(&self, position: usize) -> Option<i64> {
        known(self.events.sent_ns[self.row(position)])
    }
}

/// A time that the record gave.
pub(super) fn known(time_ns: i64) -> Option<i64> {
    (time_ns != UNKNOWN_NS).then_some(time_ns)
}

fn initiate(events: &EventColumns, rows: Range<usize>) -> Option<Initiate> {
    rows.filter(|row| events.kind[*row] == Kind::Initiate)
        .map(|row| Initiate { at_ns: events.received_ns[row], node: events.sender[row], row: row as u32 })
        .min()
}

/// The smallest `sent_ns` over copies that the initiator sent, whether they arrived or not.
fn first_send_ns(events: &EventColumns, rows: Range<usize>, initiator: u32) -> Option<i64> {
    rows.filter(|row| events.sender[*row] == initiator && events.kind[*row] != Kind::Initiate)
        .filter_map(|row| known(events.sent_ns[row]))
        .min()
}

/// Whether `row` is the earlier receipt. Equal times are told apart by content, never by the order of the file.
fn is_earlier(events: &EventColumns, row: u32, other: u32) -> bool {
    let key = |row: u32| {
        let row = row as usize;
        let copy = (events.sender[row], events.sent_ns[row], events.latency_ns[row], events.hop[row], events.send[row]);
        (events.received_ns[row], copy)
    };
    key(row) < key(other)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};

    #[test]
    fn the_first_receipt_is_the_earliest_and_the_initiators_is_none() {
        let rows = [
            Row::received("b", "c", 30, 50),
            Row::initiate("a", 10),
            Row::received("a", "c", 20, 40),
            Row::received("a", "b", 15, 25),
            Row::received("b", "a", 26, 35),
        ];
        with_spread(&rows, |spread| {
            let firsts: Vec<(i64, usize)> = (0..2).map(|at| (spread.firsts[at].received_ns, spread.row(at))).collect();
            assert_eq!(firsts, [(25, 3), (40, 2)]);
            assert_eq!(spread.firsts.len(), 2);
            assert_eq!([0, 1, 2].map(|node| spread.position(node)), [None, Some(0), Some(1)]);
        });
    }

    #[test]
    fn the_earliest_initiate_names_the_initiator() {
        let rows = [Row::initiate("b", 20), Row::initiate("a", 10)];
        with_spread(&rows, |spread| assert_eq!(spread.initiate.map(|initiate| initiate.node), Some(0)));
    }
}
