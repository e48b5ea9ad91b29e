//! Rounds made by hand, for tests.

use std::collections::BTreeSet;

use cnsim::event::Kind;

use super::spread::{Scratch, Spread};
use crate::frame::{Dictionary, Events, Names, UNKNOWN_NS};
use crate::round::Rounds;
use crate::source::Loaded;

/// One record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    kind: Kind,
    run: &'static str,
    round: u32,
    nodes: u32,
    sender: &'static str,
    receiver: &'static str,
    sent_ns: i64,
    received_ns: i64,
    hop: i32,
    send: u64,
    protocol: &'static str,
}

impl Row {
    pub(crate) fn initiate(node: &'static str, at_ns: i64) -> Self {
        Self::new(Kind::Initiate, node, node, at_ns, at_ns)
    }

    pub(crate) fn received(sender: &'static str, receiver: &'static str, sent_ns: i64, received_ns: i64) -> Self {
        Self::new(Kind::Received, sender, receiver, sent_ns, received_ns)
    }

    pub(crate) fn duplicate(sender: &'static str, receiver: &'static str, sent_ns: i64, received_ns: i64) -> Self {
        Self::new(Kind::Duplicate, sender, receiver, sent_ns, received_ns)
    }

    pub(crate) fn failed(sender: &'static str, receiver: &'static str, sent_ns: i64, given_up_ns: i64) -> Self {
        Self::new(Kind::Failed, sender, receiver, sent_ns, given_up_ns)
    }

    fn new(kind: Kind, sender: &'static str, receiver: &'static str, sent_ns: i64, received_ns: i64) -> Self {
        let (run, round, nodes, hop, send, protocol) = ("run", 1, 0, -1, 0, "");
        Self { kind, run, round, nodes, sender, receiver, sent_ns, received_ns, hop, send, protocol }
    }

    pub(crate) fn of_run(self, run: &'static str) -> Self {
        Self { run, ..self }
    }

    pub(crate) fn of_round(self, round: u32) -> Self {
        Self { round, ..self }
    }

    pub(crate) fn with_nodes(self, nodes: u32) -> Self {
        Self { nodes, ..self }
    }

    pub(crate) fn with_hop(self, hop: i32) -> Self {
        Self { hop, ..self }
    }

    pub(crate) fn with_send(self, send: u64) -> Self {
        Self { send, ..self }
    }

    pub(crate) fn with_protocol(self, protocol: &'static str) -> Self {
        Self { protocol, ..self }
    }

    pub(crate) fn without_sent(self) -> Self {
        Self { sent_ns: UNKNOWN_NS, ..self }
    }

    fn latency_ns(&self) -> i64 {
        match self.kind {
            Kind::Received | Kind::Duplicate if self.sent_ns != UNKNOWN_NS => self.received_ns - self.sent_ns,
            Kind::Received | Kind::Duplicate | Kind::Initiate | Kind::Failed => UNKNOWN_NS,
        }
    }
}

/// Rows as columns.
pub(crate) fn events(rows: &[Row]) -> Events {
    let unknown = || dictionary([""]);
    let names = Names {
        runs: dictionary(rows.iter().map(|row| row.run)),
        nodes: dictionary(rows.iter().flat_map(|row| [row.sender, row.receiver])),
        processes: unknown(),
        hosts: unknown(),
        protocols: dictionary(rows.iter().map(|row| row.protocol)),
        conditions: unknown(),
    };
    let number = |dictionary: &Dictionary, text: &str| dictionary.number(text).unwrap();
    let mut events = Events::default();
    for row in rows {
        events.kind.push(row.kind);
        events.run.push(number(&names.runs, row.run));
        events.round.push(row.round);
        events.nodes.push(row.nodes);
        events.sender.push(number(&names.nodes, row.sender));
        events.receiver.push(number(&names.nodes, row.receiver));
        events.received_ns.push(row.received_ns);
        events.sent_ns.push(row.sent_ns);
        events.latency_ns.push(row.latency_ns());
        events.hop.push(row.hop);
        events.send.push(row.send);
        events.seq.push(0);
        events.process.push(0);
        events.host.push(0);
        events.protocol.push(number(&names.protocols, row.protocol));
        events.condition.push(0);
        events.float_timestamp.push(false);
    }
    Events { names, ..events }
}

/// One input of a condition.
pub(crate) fn loaded(condition: &str, rows: &[Row]) -> Loaded {
    Loaded { condition: condition.to_owned(), events: events(rows), ..Loaded::default() }
}

/// Lays out the only round of `rows`.
pub(crate) fn with_spread(rows: &[Row], look: impl FnOnce(&Spread<'_>)) {
    let events = events(rows);
    let rounds = Rounds::of(&events);
    assert_eq!(rounds.len(), 1, "the rows are of one round");
    look(&Scratch::default().spread(&rounds.get(0)));
}

fn dictionary<'a>(texts: impl IntoIterator<Item = &'a str>) -> Dictionary {
    let texts: BTreeSet<&str> = texts.into_iter().collect();
    Dictionary::from_sorted(texts.into_iter().map(str::to_owned).collect())
}
