//! Records on their way to [`Events`]: columns that grow, with numbers of their own for texts.
//!
//! Every block of a file fills a table of its own; tables are then appended in the file's order, so that the result
//! does not depend on the number of threads.

use cnsim::event::{Kind, Record};

use crate::frame::{Dictionary, Events, Names, UNKNOWN_NS};

use crate::hash::{Mix, hash};
use crate::intern::Interner;

/// How much of a record a table keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// What [`Events`] holds.
    Events,
    /// Every column.
    Records,
}

/// Records, column by column.
#[derive(Debug)]
pub struct Table {
    pub kind: Vec<Kind>,
    pub run: Texts,
    pub round: Vec<u32>,
    pub nodes: Vec<u32>,
    pub node_names: Interner,
    pub sender: Vec<u32>,
    pub receiver: Vec<u32>,
    pub received_ns: Vec<i64>,
    pub sent_ns: Vec<i64>,
    pub latency_ns: Vec<i64>,
    pub hop: Sparse<i32>,
    pub send: Sparse<u64>,
    bytes: Sparse<u32>,
    pub seq: Sparse<u64>,
    pub process: Texts,
    pub host: Texts,
    pub protocol: Texts,
    pub condition: Texts,
    pub float_timestamp: Sparse<bool>,
    /// Hash of all that each record says.
    pub content: Vec<u128>,
    /// What [`Events`] does without.
    pub rest: Option<Rest>,
    messages: Interner,
    message: u32,
}

/// The columns that no metric needs.
#[derive(Debug, Default)]
pub struct Rest {
    pub message: Texts,
    pub propagation_time: Vec<Option<f64>>,
    pub detail: Strings,
    pub send_id: Strings,
    pub bytes: Vec<Option<u64>>,
    pub sent_ns: Vec<Option<i64>>,
}

impl Table {
    /// A table without rows.
    pub fn new(keep: Keep) -> Self {
        Self {
            kind: Vec::new(),
            run: Texts::default(),
            round: Vec::new(),
            nodes: Vec::new(),
            node_names: Interner::default(),
            sender: Vec::new(),
            receiver: Vec::new(),
            received_ns: Vec::new(),
            sent_ns: Vec::new(),
            latency_ns: Vec::new(),
            hop: Sparse::new(-1),
            send: Sparse::new(0),
            bytes: Sparse::new(0),
            seq: Sparse::new(0),
            process: Texts::default(),
            host: Texts::default(),
            protocol: Texts::default(),
            condition: Texts::default(),
            float_timestamp: Sparse::new(false),
            content: Vec::new(),
            rest: (keep == Keep::Records).then(Rest::default),
            messages: Interner::default(),
            message: 0,
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.kind.len()
    }

    /// Adds a record.
    pub fn push(&mut self, record: &Record<'_>) {
        let rows = self.rows();
        let latency_ns = record.propagation_time.map_or(UNKNOWN_NS, latency_ns);
        let sent_ns = record.sent_ns.unwrap_or(match latency_ns {
            UNKNOWN_NS => UNKNOWN_NS,
            latency_ns => record.received_ns.saturating_sub(latency_ns),
        });
        let send = if record.send_id.is_empty() { 0 } else { hash(record.send_id.as_bytes()).max(1) };
        let hop = record.hop.and_then(|hop| i32::try_from(hop).ok()).unwrap_or(-1);
        let sender = self.node_names.number(&record.sender_id, self.sender.last());
        let receiver = self.node_names.number(&record.receiver_id, self.receiver.last());
        let near = (self.messages.len() > 0).then_some(&self.message);
        self.message = self.messages.number(&record.message, near);
        self.run.push(rows, &record.run_id);
        self.process.push(rows, &record.process);
        self.host.push(rows, &record.host);
        self.protocol.push(rows, &record.protocol);
        self.condition.push(rows, &record.condition);
        self.content.push(
            Mix::new()
                .with(self.messages.hash(self.message), self.run.last_hash())
                .with(self.node_names.hash(sender), self.node_names.hash(receiver))
                .with(record.received_ns as u64, latency_ns as u64)
                .with(hash(record.detail.as_bytes()), record.kind as u64 | u64::from(record.round) << 8)
                .with(self.process.last_hash(), record.seq.unwrap_or(0))
                .with(self.host.last_hash(), u64::from(record.nodes) << 32 | hop as u32 as u64)
                .with(self.protocol.last_hash(), self.condition.last_hash())
                .with(send, sent_ns as u64 ^ record.bytes.unwrap_or(0).rotate_left(40))
                .finish(),
        );
        if let Some(rest) = &mut self.rest {
            rest.push(rows, record);
        }
        self.kind.push(record.kind);
        self.round.push(record.round);
        self.nodes.push(record.nodes);
        self.sender.push(sender);
        self.receiver.push(receiver);
        self.received_ns.push(record.received_ns);
        self.sent_ns.push(sent_ns);
        let times = (record.received_ns, record.sent_ns.unwrap_or(UNKNOWN_NS));
        self.latency_ns.push(exact_latency_ns(times, latency_ns, record.float_timestamp));
        self.hop.push(rows, hop);
        self.send.push(rows, send);
        self.bytes.push(rows, copy_bytes(record.bytes));
        self.seq.push(rows, record.seq.unwrap_or(0));
        self.float_timestamp.push(rows, record.float_timestamp);
    }

    /// Adds another table's rows below ours.
    pub fn append(&mut self, other: &Self) {
        let rows = self.rows();
        self.run.append(rows, &other.run);
        self.process.append(rows, &other.process);
        self.host.append(rows, &other.host);
        self.protocol.append(rows, &other.protocol);
        self.condition.append(rows, &other.condition);
        let node = self.node_names.absorb(&other.node_names);
        self.sender.extend(other.sender.iter().map(|sender| node[*sender as usize]));
        self.receiver.extend(other.receiver.iter().map(|receiver| node[*receiver as usize]));
        self.hop.append(rows, &other.hop);
        self.send.append(rows, &other.send);
        self.bytes.append(rows, &other.bytes);
        self.seq.append(rows, &other.seq);
        self.float_timestamp.append(rows, &other.float_timestamp);
        self.round.extend_from_slice(&other.round);
        self.nodes.extend_from_slice(&other.nodes);
        self.received_ns.extend_from_slice(&other.received_ns);
        self.sent_ns.extend_from_slice(&other.sent_ns);
        self.latency_ns.extend_from_slice(&other.latency_ns);
        self.content.extend_from_slice(&other.content);
        if let (Some(rest), Some(other)) = (&mut self.rest, &other.rest) {
            rest.append(rows, other);
        }
        self.kind.extend_from_slice(&other.kind);
    }

    /// Keeps the rows for which `keep` holds.
    pub fn retain(&mut self, keep: &[bool]) {
        fn sift<T: Copy>(values: &mut Vec<T>, keep: &[bool]) {
            let mut kept = keep.iter();
            values.retain(|_| *kept.next().expect("no column is longer than the table"));
        }
        self.run.numbers.sift(keep);
        self.process.numbers.sift(keep);
        self.host.numbers.sift(keep);
        self.protocol.numbers.sift(keep);
        self.condition.numbers.sift(keep);
        self.hop.sift(keep);
        self.send.sift(keep);
        self.bytes.sift(keep);
        self.seq.sift(keep);
        self.float_timestamp.sift(keep);
        sift(&mut self.sender, keep);
        sift(&mut self.receiver, keep);
        sift(&mut self.round, keep);
        sift(&mut self.nodes, keep);
        sift(&mut self.received_ns, keep);
        sift(&mut self.sent_ns, keep);
        sift(&mut self.latency_ns, keep);
        sift(&mut self.content, keep);
        sift(&mut self.kind, keep);
    }

    /// The events, their texts in sorted dictionaries.
    pub fn into_events(mut self) -> Events {
        let rows = self.rows();
        let (nodes, to_sorted) = self.node_names.sorted();
        for number in self.sender.iter_mut().chain(&mut self.receiver) {
            *number = to_sorted[*number as usize];
        }
        let (runs, run) = self.run.finish(rows);
        let (processes, process) = self.process.finish(rows);
        let (hosts, host) = self.host.finish(rows);
        let (protocols, protocol) = self.protocol.finish(rows);
        let (conditions, condition) = self.condition.finish(rows);
        Events {
            names: Names { runs, nodes, processes, hosts, protocols, conditions },
            kind: self.kind,
            run: run.into(),
            round: self.round,
            nodes: self.nodes.into(),
            sender: self.sender,
            receiver: self.receiver,
            received_ns: self.received_ns,
            sent_ns: self.sent_ns,
            latency_ns: self.latency_ns,
            hop: self.hop.finish(rows).into(),
            send: self.send.finish(rows).into(),
            bytes: self.bytes.finish(rows).into(),
            seq: self.seq.finish(rows).into(),
            process: process.into(),
            host: host.into(),
            protocol: protocol.into(),
            condition: condition.into(),
            float_timestamp: self.float_timestamp.finish(rows).into(),
        }
    }
}

impl Rest {
    fn push(&mut self, rows: usize, record: &Record<'_>) {
        self.message.push(rows, &record.message);
        self.propagation_time.push(record.propagation_time);
        self.detail.push(&record.detail);
        self.send_id.push(&record.send_id);
        self.bytes.push(record.bytes);
        self.sent_ns.push(record.sent_ns);
    }

    fn append(&mut self, rows: usize, other: &Self) {
        self.message.append(rows, &other.message);
        self.propagation_time.extend_from_slice(&other.propagation_time);
        self.detail.append(&other.detail);
        self.send_id.append(&other.send_id);
        self.bytes.extend_from_slice(&other.bytes);
        self.sent_ns.extend_from_slice(&other.sent_ns);
    }
}

/// Milliseconds in whole nanoseconds: what the record means. A call for rounding would cost more than all the rest.
pub fn latency_ns(ms: f64) -> i64 {
    (ms * 1e6 + 0.5_f64.copysign(ms)) as i64
}

/// From send to receipt, given what the propagation time says: the difference of (received, sent) where both are on record and
/// exact.
pub fn exact_latency_ns((received_ns, sent_ns): (i64, i64), told_ns: i64, is_float: bool) -> i64 {
    let is_exact = told_ns != UNKNOWN_NS && sent_ns != UNKNOWN_NS && !is_float;
    if is_exact { received_ns.saturating_sub(sent_ns) } else { told_ns }
}

/// The size of a copy; 0 unknown. gRPC gives a message's length 32 bits, so what is larger is no size.
pub fn copy_bytes(bytes: Option<u64>) -> u32 {
    bytes.and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(0)
}

/// A column that takes no room while it holds nothing but its default.
#[derive(Debug)]
pub struct Sparse<T> {
    default: T,
    values: Vec<T>,
}

impl<T: Copy + PartialEq> Sparse<T> {
    fn new(default: T) -> Self {
        Self { default, values: Vec::new() }
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> T {
        self.values.get(row).copied().unwrap_or(self.default)
    }

    /// Whether every row holds the default.
    pub fn is_default(&self) -> bool {
        self.values.is_empty()
    }

    fn push(&mut self, rows: usize, value: T) {
        if self.values.is_empty() {
            if value == self.default {
                return;
            }
            self.values.resize(rows, self.default);
        }
        self.values.push(value);
    }

    fn append(&mut self, rows: usize, other: &Self) {
        self.append_as(rows, other, |value| value);
    }

    /// Adds another column, whose default is ours, below our `rows` rows.
    fn append_as(&mut self, rows: usize, other: &Self, translate: impl Fn(T) -> T) {
        if !other.values.is_empty() {
            self.values.resize(rows, self.default);
            self.values.extend(other.values.iter().map(|value| translate(*value)));
        }
    }

    fn sift(&mut self, keep: &[bool]) {
        let mut row = 0;
        self.values.retain(|_| {
            row += 1;
            keep[row - 1]
        });
    }

    fn finish(mut self, rows: usize) -> Vec<T> {
        if self.values.is_empty() {
            return vec![self.default; rows];
        }
        self.values.resize(rows, self.default);
        self.values
    }
}

/// A column of texts with a dictionary of its own. Number 0 is the empty text.
#[derive(Debug)]
pub struct Texts {
    names: Interner,
    numbers: Sparse<u32>,
    last: u32,
}

impl Default for Texts {
    fn default() -> Self {
        let mut names = Interner::default();
        let last = names.number("", None);
        Self { names, numbers: Sparse::new(last), last }
    }
}

impl Texts {
    /// The text of a row.
    pub fn text(&self, row: usize) -> &str {
        self.names.text(self.numbers.get(row))
    }

    /// The number of a row's text.
    pub fn number(&self, row: usize) -> u32 {
        self.numbers.get(row)
    }

    /// The distinct texts by number.
    pub fn names(&self) -> &Interner {
        &self.names
    }

    fn push(&mut self, rows: usize, text: &str) {
        self.last = self.names.number(text, Some(&self.last));
        self.numbers.push(rows, self.last);
    }

    fn last_hash(&self) -> u64 {
        self.names.hash(self.last)
    }

    fn append(&mut self, rows: usize, other: &Self) {
        let number = self.names.absorb(&other.names);
        self.numbers.append_as(rows, &other.numbers, |other| number[other as usize]);
    }

    /// The texts in order and each row's number among them. The empty text is left out where no row has it.
    fn finish(self, rows: usize) -> (Dictionary, Vec<u32>) {
        let (dictionary, to_sorted) = self.names.sorted();
        let mut numbers = self.numbers.finish(rows);
        let absent = u32::from(rows > 0 && !numbers.contains(&0));
        if absent > 0 || to_sorted.len() > 1 {
            for number in &mut numbers {
                *number = to_sorted[*number as usize] - absent;
            }
        }
        let texts = dictionary.texts()[absent as usize..].to_vec();
        (Dictionary::from_sorted(texts), numbers)
    }
}

/// Texts one after the other.
#[derive(Debug, Default)]
pub struct Strings {
    bytes: String,
    ends: Vec<usize>,
}

impl Strings {
    /// The text of a row.
    pub fn text(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }

    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    fn append(&mut self, other: &Self) {
        let start = self.bytes.len();
        self.bytes.push_str(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }
}
