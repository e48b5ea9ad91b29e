//! Records into the columns of the events frame. Every block of a file fills a builder of its own, whatever the number of
//! threads; the blocks of an input, in their order, then become its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use cnsim::event::Record;
use polars::prelude::*;

use crate::column_builder::ColumnBuilder;
use crate::columns::UNKNOWN_NS;
use crate::gather::Gather;
use crate::identity::{Identifier, hop, send_hash, send_number};
use crate::names::Names;
use crate::schema::{
    BYTES, CONDITION, FLOAT_TIMESTAMP, HOP, HOST, KIND, LATENCY_NS, NODES, PROCESS, PROTOCOL, RECEIVED_NS, RECEIVER,
    ROUND, RUN, SEND, SEND_NUMBER, SENDER, SENT_NS, SEQ,
};
use crate::short::Short;
use crate::times::{RecordedTimes, TimeScale, Times};

/// No distance is less than none.
const UNKNOWN_HOP: i32 = -1;
/// No copy's name has it as its hash.
const UNKNOWN_SEND: u64 = 0;
/// Copies are numbered from 1.
const UNKNOWN_NUMBER: u32 = 0;

/// The texts of an input while it is read: every block numbers them alike, in the order in which they first came.
#[derive(Debug, Clone)]
pub struct Texts {
    runs: Arc<CategoricalMapping>,
    nodes: Arc<CategoricalMapping>,
    processes: Arc<CategoricalMapping>,
    hosts: Arc<CategoricalMapping>,
    protocols: Arc<CategoricalMapping>,
    conditions: Arc<CategoricalMapping>,
}

/// A column of texts as numbers in a mapping.
struct Numbers {
    mapping: Arc<CategoricalMapping>,
    column: ColumnBuilder<u32>,
    /// The last text and its number: the next text is often the same.
    last: Option<(Option<Short>, u32)>,
    last_text: String,
}

/// The records of a block on their way into columns.
pub struct BlockBuilder {
    identifier: Identifier,
    scale: TimeScale,
    /// Records that contradict themselves, by the number of their run and their round.
    contradictory: BTreeMap<(u32, u32), u64>,
    identities: Vec<u128>,
    kind: ColumnBuilder<u32>,
    run: Numbers,
    round: ColumnBuilder<u32>,
    nodes: ColumnBuilder<u32>,
    sender: Numbers,
    receiver: Numbers,
    received_ns: ColumnBuilder<i64>,
    sent_ns: ColumnBuilder<i64>,
    latency_ns: ColumnBuilder<i64>,
    hop: ColumnBuilder<i32>,
    send: ColumnBuilder<u64>,
    send_number: ColumnBuilder<u32>,
    bytes: ColumnBuilder<u32>,
    seq: ColumnBuilder<u64>,
    process: Numbers,
    host: Numbers,
    protocol: Numbers,
    condition: Numbers,
    float_timestamp: ColumnBuilder<bool>,
}

/// The records of a block as columns, texts as numbers that all blocks of the input share.
#[derive(Debug)]
pub struct Block {
    /// The columns of [`crate::schema`], but with the numbers of [`Texts`] in the place of enumerations.
    pub(crate) frame: DataFrame,
    /// What each record says, as one number.
    pub(crate) identities: Vec<u128>,
    /// Records that contradict themselves, by the number of their run and their round.
    pub(crate) contradictory: BTreeMap<(u32, u32), u64>,
}

impl Default for Texts {
    fn default() -> Self {
        let mapping = |name: &str| Categories::random(PlSmallStr::from_str(name), CategoricalPhysical::U32).mapping();
        Self {
            runs: mapping(RUN),
            nodes: mapping(SENDER),
            processes: mapping(PROCESS),
            hosts: mapping(HOST),
            protocols: mapping(PROTOCOL),
            conditions: mapping(CONDITION),
        }
    }
}

impl Texts {
    /// The texts of a column in order, and what translates their numbers while reading into places in that order.
    pub(crate) fn sorted(&self, column: &str) -> (Names, Vec<u32>) {
        let mapping = self.of(column);
        let numbers = 0..mapping.num_cats_upper_bound() as u32;
        let mut texts: Vec<(&str, u32)> =
            numbers.filter_map(|number| Some((mapping.cat_to_str(number)?, number))).collect();
        texts.sort_unstable();
        let mut to_sorted = vec![0; texts.len()];
        for (place, (_, number)) in texts.iter().enumerate() {
            to_sorted[*number as usize] = place as u32;
        }
        (Names::of_sorted(texts.iter().map(|(text, _)| *text)), to_sorted)
    }

    /// The text of a number that a block has in a column.
    pub(crate) fn text(&self, column: &str, number: u32) -> &str {
        self.of(column).cat_to_str(number).unwrap_or_default()
    }

    fn of(&self, column: &str) -> &CategoricalMapping {
        match column {
            RUN => &self.runs,
            SENDER | RECEIVER => &self.nodes,
            PROCESS => &self.processes,
            HOST => &self.hosts,
            PROTOCOL => &self.protocols,
            CONDITION => &self.conditions,
            _ => unreachable!("only columns of texts are asked for, and {column} is none"),
        }
    }
}

impl Numbers {
    fn new(name: &'static str, mapping: &Arc<CategoricalMapping>, rows: usize) -> Self {
        let column = ColumnBuilder::new(name, rows);
        Self { mapping: Arc::clone(mapping), column, last: None, last_text: String::new() }
    }

    /// Adds a text; gives its number.
    fn push(&mut self, text: &str) -> u32 {
        let number = match (&self.last, Short::of(text)) {
            (Some((last, number)), Some(short)) if *last == Some(short) => *number,
            (Some((None, number)), None) if self.last_text == text => *number,
            (Some(_) | None, short) => self.find(text, short),
        };
        self.column.push(number);
        number
    }

    /// The number of a text that is not the last one.
    fn find(&mut self, text: &str, short: Option<Short>) -> u32 {
        let number = self.mapping.insert_cat(text).expect("memory does not hold 2^32 distinct texts");
        self.last = Some((short, number));
        if short.is_none() {
            self.last_text.clear();
            self.last_text.push_str(text);
        }
        number
    }

    fn finish(self) -> Column {
        self.column.finish::<UInt32Type>(None)
    }
}

impl BlockBuilder {
    /// A builder without records, with room for so many, whose times are on a scale.
    pub fn new(texts: &Texts, rows: usize, scale: TimeScale) -> Self {
        Self {
            identifier: Identifier::default(),
            scale,
            contradictory: BTreeMap::new(),
            identities: Vec::with_capacity(rows),
            kind: ColumnBuilder::new(KIND, rows),
            run: Numbers::new(RUN, &texts.runs, rows),
            round: ColumnBuilder::new(ROUND, rows),
            nodes: ColumnBuilder::new(NODES, rows),
            sender: Numbers::new(SENDER, &texts.nodes, rows),
            receiver: Numbers::new(RECEIVER, &texts.nodes, rows),
            received_ns: ColumnBuilder::new(RECEIVED_NS, rows),
            sent_ns: ColumnBuilder::new(SENT_NS, rows),
            latency_ns: ColumnBuilder::new(LATENCY_NS, rows),
            hop: ColumnBuilder::new(HOP, rows),
            send: ColumnBuilder::new(SEND, rows),
            send_number: ColumnBuilder::new(SEND_NUMBER, rows),
            bytes: ColumnBuilder::new(BYTES, rows),
            seq: ColumnBuilder::new(SEQ, rows),
            process: Numbers::new(PROCESS, &texts.processes, rows),
            host: Numbers::new(HOST, &texts.hosts, rows),
            protocol: Numbers::new(PROTOCOL, &texts.protocols, rows),
            condition: Numbers::new(CONDITION, &texts.conditions, rows),
            float_timestamp: ColumnBuilder::new(FLOAT_TIMESTAMP, rows),
        }
    }

    /// The block.
    pub fn finish(self) -> Block {
        let rows = self.identities.len();
        let columns = vec![
            self.kind.finish::<UInt32Type>(None),
            self.run.finish(),
            self.round.finish::<UInt32Type>(None),
            self.nodes.finish::<UInt32Type>(None),
            self.sender.finish(),
            self.receiver.finish(),
            self.received_ns.finish::<Int64Type>(None),
            self.sent_ns.finish::<Int64Type>(Some(UNKNOWN_NS)),
            self.latency_ns.finish::<Int64Type>(Some(UNKNOWN_NS)),
            self.hop.finish::<Int32Type>(Some(UNKNOWN_HOP)),
            self.send.finish::<UInt64Type>(Some(UNKNOWN_SEND)),
            self.send_number.finish::<UInt32Type>(Some(UNKNOWN_NUMBER)),
            self.bytes.finish::<UInt32Type>(None),
            self.seq.finish::<UInt64Type>(None),
            self.process.finish(),
            self.host.finish(),
            self.protocol.finish(),
            self.condition.finish(),
            self.float_timestamp.finish_flags(),
        ];
        let frame = DataFrame::new(rows, columns).expect("every record was added to every column");
        Block { frame, identities: self.identities, contradictory: self.contradictory }
    }
}

impl Gather for BlockBuilder {
    fn push(&mut self, record: &Record<'_>) {
        let received_ns = self.scale.to_ns(record.received_ns);
        let times = Times::from(RecordedTimes {
            received_ns,
            sent_ns: record.sent_ns.map(|sent| self.scale.to_ns(sent)),
            propagation_ms: record.propagation_time,
            is_float: record.float_timestamp,
        });
        self.identities.push(self.identifier.identify(record, &times));
        self.kind.push(record.kind as u32);
        let run = self.run.push(&record.run_id);
        // In other units the two times of a record are not comparable with its propagation time.
        if self.scale.is_own() && record.contradicts_itself() {
            *self.contradictory.entry((run, record.round)).or_default() += 1;
        }
        self.round.push(record.round);
        self.nodes.push(record.nodes);
        self.sender.push(&record.sender_id);
        self.receiver.push(&record.receiver_id);
        self.received_ns.push(received_ns);
        self.sent_ns.push(times.sent_ns);
        self.latency_ns.push(times.latency_ns);
        self.hop.push(hop(record).unwrap_or(UNKNOWN_HOP));
        self.send.push(send_hash(&record.send_id).unwrap_or(UNKNOWN_SEND));
        self.send_number.push(send_number(&record.send_id).unwrap_or(UNKNOWN_NUMBER));
        self.bytes.push(copy_bytes(record.bytes));
        self.seq.push(record.seq.unwrap_or(0));
        self.process.push(&record.process);
        self.host.push(&record.host);
        self.protocol.push(&record.protocol);
        self.condition.push(&record.condition);
        self.float_timestamp.push(record.float_timestamp);
    }

    fn rows(&self) -> usize {
        self.identities.len()
    }
}

impl Block {
    /// How many records it has.
    pub fn rows(&self) -> usize {
        self.identities.len()
    }
}

/// The size of a copy; 0 unknown. gRPC gives a message's length 32 bits, so what is larger is no size.
pub(crate) fn copy_bytes(bytes: Option<u64>) -> u32 {
    bytes.and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(0)
}
