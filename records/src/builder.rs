//! Records into the columns of the events frame. Every block of a file fills a builder of its own, whatever the number of
//! threads; the blocks of an input, in their order, then become its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use cnsim::event::Record;
use polars::prelude::*;

use crate::columns::{UNKNOWN_NS, compact};
use crate::gather::Gather;
use crate::identity::{Identifier, hop, send_hash};
use crate::names::Names;
use crate::schema::{
    BYTES, CONDITION, FLOAT_TIMESTAMP, HOP, HOST, KIND, LATENCY_NS, NODES, PROCESS, PROTOCOL, RECEIVED_NS, RECEIVER,
    ROUND, RUN, SEND, SENDER, SENT_NS, SEQ,
};
use crate::times::{RecordedTimes, TimeScale, Times};

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
    builder: PrimitiveChunkedBuilder<UInt32Type>,
    /// The last text and its number: the next text is often the same.
    last: Option<u32>,
    last_text: String,
}

/// The records of a block on their way into columns.
pub struct BlockBuilder {
    identifier: Identifier,
    scale: TimeScale,
    /// Records that contradict themselves, by the number of their run and their round.
    contradictory: BTreeMap<(u32, u32), u64>,
    identities: Vec<u128>,
    kind: PrimitiveChunkedBuilder<UInt32Type>,
    run: Numbers,
    round: PrimitiveChunkedBuilder<UInt32Type>,
    nodes: PrimitiveChunkedBuilder<UInt32Type>,
    sender: Numbers,
    receiver: Numbers,
    received_ns: PrimitiveChunkedBuilder<Int64Type>,
    sent_ns: PrimitiveChunkedBuilder<Int64Type>,
    latency_ns: PrimitiveChunkedBuilder<Int64Type>,
    hop: PrimitiveChunkedBuilder<Int32Type>,
    send: PrimitiveChunkedBuilder<UInt64Type>,
    bytes: PrimitiveChunkedBuilder<UInt32Type>,
    seq: PrimitiveChunkedBuilder<UInt64Type>,
    process: Numbers,
    host: Numbers,
    protocol: Numbers,
    condition: Numbers,
    float_timestamp: BooleanChunkedBuilder,
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
    fn new(name: &str, mapping: &Arc<CategoricalMapping>, rows: usize) -> Self {
        let builder = PrimitiveChunkedBuilder::new(PlSmallStr::from_str(name), rows);
        Self { mapping: Arc::clone(mapping), builder, last: None, last_text: String::new() }
    }

    /// Adds a text; gives its number.
    fn push(&mut self, text: &str) -> u32 {
        let number = match self.last.filter(|_| self.last_text == text) {
            Some(number) => number,
            None => {
                self.last_text.clear();
                self.last_text.push_str(text);
                self.mapping.insert_cat(text).expect("memory does not hold 2^32 distinct texts")
            }
        };
        self.last = Some(number);
        self.builder.append_value(number);
        number
    }

    fn finish(self) -> Column {
        compact(self.builder.finish().into_series())
    }
}

impl BlockBuilder {
    /// A builder without records, with room for so many, whose times are on a scale.
    pub fn new(texts: &Texts, rows: usize, scale: TimeScale) -> Self {
        fn builder<T: PolarsNumericType>(name: &str, rows: usize) -> PrimitiveChunkedBuilder<T> {
            PrimitiveChunkedBuilder::new(PlSmallStr::from_str(name), rows)
        }
        Self {
            identifier: Identifier::default(),
            scale,
            contradictory: BTreeMap::new(),
            identities: Vec::with_capacity(rows),
            kind: builder(KIND, rows),
            run: Numbers::new(RUN, &texts.runs, rows),
            round: builder(ROUND, rows),
            nodes: builder(NODES, rows),
            sender: Numbers::new(SENDER, &texts.nodes, rows),
            receiver: Numbers::new(RECEIVER, &texts.nodes, rows),
            received_ns: builder(RECEIVED_NS, rows),
            sent_ns: builder(SENT_NS, rows),
            latency_ns: builder(LATENCY_NS, rows),
            hop: builder(HOP, rows),
            send: builder(SEND, rows),
            bytes: builder(BYTES, rows),
            seq: builder(SEQ, rows),
            process: Numbers::new(PROCESS, &texts.processes, rows),
            host: Numbers::new(HOST, &texts.hosts, rows),
            protocol: Numbers::new(PROTOCOL, &texts.protocols, rows),
            condition: Numbers::new(CONDITION, &texts.conditions, rows),
            float_timestamp: BooleanChunkedBuilder::new(FLOAT_TIMESTAMP.into(), rows),
        }
    }

    /// The block.
    pub fn finish(self) -> Block {
        let rows = self.identities.len();
        let columns = vec![
            compact(self.kind.finish().into_series()),
            self.run.finish(),
            compact(self.round.finish().into_series()),
            compact(self.nodes.finish().into_series()),
            self.sender.finish(),
            self.receiver.finish(),
            compact(self.received_ns.finish().into_series()),
            compact(self.sent_ns.finish().into_series()),
            compact(self.latency_ns.finish().into_series()),
            compact(self.hop.finish().into_series()),
            compact(self.send.finish().into_series()),
            compact(self.bytes.finish().into_series()),
            compact(self.seq.finish().into_series()),
            self.process.finish(),
            self.host.finish(),
            self.protocol.finish(),
            self.condition.finish(),
            compact(self.float_timestamp.finish().into_series()),
        ];
        let frame = DataFrame::new(rows, columns).expect("every record was added to every column");
        Block { frame, identities: self.identities, contradictory: self.contradictory }
    }
}

impl Gather for BlockBuilder {
    fn push(&mut self, record: &Record<'_>) {
        let known = |time_ns: i64| (time_ns != UNKNOWN_NS).then_some(time_ns);
        let received_ns = self.scale.to_ns(record.received_ns);
        let times = Times::from(RecordedTimes {
            received_ns,
            sent_ns: record.sent_ns.map(|sent| self.scale.to_ns(sent)),
            propagation_ms: record.propagation_time,
            is_float: record.float_timestamp,
        });
        self.identities.push(self.identifier.identify(record, &times));
        self.kind.append_value(record.kind as u32);
        let run = self.run.push(&record.run_id);
        // In other units the two times of a record are not comparable with its propagation time.
        if self.scale.is_own() && record.contradicts_itself() {
            *self.contradictory.entry((run, record.round)).or_default() += 1;
        }
        self.round.append_value(record.round);
        self.nodes.append_value(record.nodes);
        self.sender.push(&record.sender_id);
        self.receiver.push(&record.receiver_id);
        self.received_ns.append_value(received_ns);
        self.sent_ns.append_option(known(times.sent_ns));
        self.latency_ns.append_option(known(times.latency_ns));
        self.hop.append_option(hop(record));
        self.send.append_option(send_hash(&record.send_id));
        self.bytes.append_value(copy_bytes(record.bytes));
        self.seq.append_value(record.seq.unwrap_or(0));
        self.process.push(&record.process);
        self.host.push(&record.host);
        self.protocol.push(&record.protocol);
        self.condition.push(&record.condition);
        self.float_timestamp.append_value(record.float_timestamp);
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
