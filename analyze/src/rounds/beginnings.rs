//! A message that was begun several times: whether its records tell the beginnings apart.
//!
//! They do where the records lie in windows, from each `initiate` to just before the next, and every window is a round of its own:
//! no copy was sent in one and received in another, no node received the message twice in one, whoever sent in one held the message
//! in it, and nodes that had received it before received it anew. A system that forgets a message between two beginnings leaves such
//! records. Nodes that remember it log its copies as duplicates, and nobody can say what a later beginning would have come to.

use std::collections::BTreeSet;
use std::ops::Range;

use cnsim::event::Kind;
use cnsim_records::columns::{EventColumns, UNKNOWN_NS};

/// What the records of a message that was begun several times say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beginnings {
    /// When it was begun, in order.
    pub(crate) begun_ns: Vec<i64>,
    /// Whether each beginning is a round of its own.
    pub(crate) verdict: Apart,
}

/// Whether beginnings can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// Each is a round of its own.
    Yes,
    /// Records of one lie among those of another.
    Overlapping,
    /// This node, by number, remembered the message from an earlier beginning: a copy of a later one was a duplicate to it.
    Remembered(u32),
    /// In a later one no node received the message that had received it before, so none is known to have forgotten it.
    NotAnew,
}

impl Beginnings {
    /// Those of the message with these records; none where it was begun once or never.
    pub(crate) fn of(events: &EventColumns, rows: Range<usize>) -> Option<Self> {
        let begun = rows.clone().filter(|row| events.kind[*row] == Kind::Initiate);
        let mut begun_ns: Vec<i64> = begun.map(|row| events.received_ns[row]).collect();
        begun_ns.sort_unstable();
        let verdict = match begun_ns.len() {
            0 | 1 => return None,
            _ => verdict(events, rows, &begun_ns),
        };
        Some(Self { begun_ns, verdict })
    }

    /// The place of the beginning whose window a time lies in.
    pub(super) fn window(&self, at_ns: i64) -> usize {
        window(&self.begun_ns, at_ns)
    }
}

/// What is before the first beginning belongs to it: clocks may differ a little.
fn window(begun_ns: &[i64], at_ns: i64) -> usize {
    begun_ns.partition_point(|begun_ns| *begun_ns <= at_ns).saturating_sub(1)
}

/// The records of one window.
#[derive(Default)]
struct Window {
    /// Row numbers.
    copies: Vec<usize>,
    initiators: BTreeSet<u32>,
    received: BTreeSet<u32>,
    /// Whether a node received the message twice.
    is_twice: bool,
}

fn verdict(events: &EventColumns, rows: Range<usize>, begun_ns: &[i64]) -> Apart {
    let mut windows: Vec<Window> = begun_ns.iter().map(|_| Window::default()).collect();
    let mut crosses = false;
    for row in rows {
        let (at, sent_ns) = (window(begun_ns, events.received_ns[row]), events.sent_ns[row]);
        let is_copy = windows[at].add(events, row);
        crosses |= is_copy && sent_ns != UNKNOWN_NS && window(begun_ns, sent_ns) != at;
    }
    if crosses {
        return Apart::Overlapping;
    }
    let mut before = Window::default();
    let later = windows.iter().map(|window| {
        let verdict = window.verdict(events, &before);
        before.received.extend(&window.received);
        before.initiators.extend(&window.initiators);
        verdict
    });
    // The first window has none before it, from which it could be told.
    let verdicts: Vec<Apart> = later.skip(1).collect();
    let is_twice = windows.iter().any(|window| window.is_twice);
    let first = verdicts.into_iter().find(|verdict| *verdict != Apart::Yes);
    first.unwrap_or(if is_twice { Apart::Overlapping } else { Apart::Yes })
}

impl Window {
    /// Adds a record; whether it is of a copy.
    fn add(&mut self, events: &EventColumns, row: usize) -> bool {
        match events.kind[row] {
            Kind::Initiate => {
                self.initiators.insert(events.sender[row]);
                return false;
            }
            Kind::Received => self.is_twice |= !self.received.insert(events.receiver[row]),
            Kind::Duplicate | Kind::Failed => {}
        }
        self.copies.push(row);
        true
    }

    fn held(&self, node: u32) -> bool {
        self.received.contains(&node) || self.initiators.contains(&node)
    }

    /// Whether it is a round of its own beside all those `before`, taken together.
    fn verdict(&self, events: &EventColumns, before: &Self) -> Apart {
        let remembered = |row: &&usize| {
            let node = events.receiver[**row];
            events.kind[**row] == Kind::Duplicate && before.held(node) && !self.held(node)
        };
        if let Some(row) = self.copies.iter().find(remembered) {
            return Apart::Remembered(events.receiver[*row]);
        }
        let is_of_before = |row: &usize| {
            let sender = events.sender[*row];
            before.held(sender) && !self.held(sender)
        };
        if self.copies.iter().any(is_of_before) {
            return Apart::Overlapping;
        }
        // What comes back to an initiator may be logged as a receipt and tells nothing.
        let anew = |node: &u32| before.received.contains(node) && !self.initiators.contains(node);
        if self.received.iter().any(anew) { Apart::Yes } else { Apart::NotAnew }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};

    fn verdict(rows: &[Row]) -> Option<Apart> {
        let columns = events(rows).columns().unwrap();
        Beginnings::of(&columns, 0..rows.len()).map(|beginnings| beginnings.verdict)
    }

    /// A round of four nodes that a begins, and one that b begins a thousand later.
    fn twice() -> Vec<Row> {
        let flood = |begins, others: [&'static str; 3], at| {
            let [first, second, third] = others;
            vec![
                Row::initiate(begins, at),
                Row::received(begins, first, at + 1, at + 10),
                Row::received(begins, second, at + 2, at + 11),
                Row::received(first, third, at + 11, at + 20),
                Row::duplicate(third, begins, at + 21, at + 30),
            ]
        };
        [flood("a", ["b", "c", "d"], 0), flood("b", ["a", "c", "d"], 1_000)].concat()
    }

    #[test]
    fn windows_in_which_every_node_forgot_the_message_are_rounds() {
        assert_eq!(verdict(&twice()[..5]), None);
        assert_eq!(verdict(&twice()), Some(Apart::Yes));
    }

    #[test]
    fn a_node_that_remembers_a_copy_of_the_beginning_before_and_one_that_nobody_forgot_are_told() {
        let with = |change: fn(&mut Vec<Row>)| {
            let mut rows = twice();
            change(&mut rows);
            verdict(&rows)
        };
        let remembered = with(|rows| rows[8] = Row::duplicate("a", "d", 1_011, 1_020));
        assert_eq!(remembered, Some(Apart::Remembered(3)));
        assert_eq!(with(|rows| rows[3] = Row::received("b", "d", 11, 1_005)), Some(Apart::Overlapping));
        let behind = with(|rows| rows[7] = Row::received("b", "c", 1_002, 999));
        assert_eq!(behind, Some(Apart::Overlapping), "a clock that is behind puts a copy before its beginning");
        let unsent = with(|rows| rows[7] = Row::received("b", "c", 0, 999).without_sent());
        assert_eq!(unsent, Some(Apart::Overlapping), "and one of two in a window is of another");
        let stray = with(|rows| drop(rows.splice(6..7, [])));
        assert_eq!(stray, Some(Apart::Overlapping), "a sends and holds it from the beginning before");
        let new = with(|rows| {
            rows.truncate(6);
            rows.push(Row::received("b", "e", 1_001, 1_010));
        });
        assert_eq!(new, Some(Apart::NotAnew));
    }
}
