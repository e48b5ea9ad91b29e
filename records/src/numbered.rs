//! Records that are numbers already, as a simulation makes them, into `events.parquet` without a text for each.

use std::fmt::Write as _;
use std::io::{self, Write};

use cnsim::event::{self, Column as Field, FIRST_INCARNATION, Kind};
use cnsim::id::{Epoch, MessageId, NodeId, RunId, SendId};
use cnsim::machine::Failure;
use cnsim::time::Clock;
use polars::prelude::*;

use crate::columns::enumerated;
use crate::names::Names;
use crate::schema::FLOAT_TIMESTAMP;
use crate::write::GroupedFile;

/// Rows that are turned into columns at once.
const ROWS_AT_ONCE: usize = 1 << 18;

/// One record. Nodes are their places in the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedRecord {
    /// What happened.
    pub kind: Kind,
    /// In which round.
    pub round: u32,
    /// Who sent.
    pub sender: u32,
    /// Who received, or was to.
    pub receiver: u32,
    /// Distance from the initiator; none unknown.
    pub hop: Option<u32>,
    /// Nanoseconds since the Unix epoch.
    pub sent_ns: i64,
    /// Nanoseconds since the Unix epoch.
    pub received_ns: i64,
    /// The copy among those of its sender; 0: it is no copy.
    pub send: u64,
    /// Encoded size of the copy.
    pub bytes: u64,
    /// Why it failed; none where it did not.
    pub reason: Option<Failure>,
    /// How often the node that writes it has lost what it held.
    pub restarts: u32,
}

/// What all records of a run share, and the texts that numbers stand for.
#[derive(Debug, Clone, Copy)]
pub struct RunTexts<'a> {
    /// The run.
    pub run_id: &'a RunId,
    /// Its nodes, by their places.
    pub nodes: &'a [NodeId],
    /// Its last round.
    pub rounds: u32,
    /// The protocol.
    pub protocol: &'a str,
    /// The condition.
    pub condition: &'a str,
    /// The only process.
    pub process: &'a str,
    /// The only host.
    pub host: &'a str,
    /// What `detail` begins with, and for most records all that it says.
    pub detail: &'a str,
    /// The configuration that copies are named under.
    pub epoch: Epoch,
}

/// An events.parquet on its way, whose records come in their order: by round, then by the time of receipt.
pub struct NumberedFile<'a, W: Write> {
    groups: GroupedFile<W>,
    columns: NumberedColumns<'a>,
    written: u64,
}

impl<'a, W: Write> NumberedFile<'a, W> {
    /// Begins the file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(out: W, texts: RunTexts<'a>) -> io::Result<Self> {
        let columns = NumberedColumns::of(texts);
        let groups = GroupedFile::new(out, columns.frame(&[], 0).map_err(io::Error::other)?)?;
        Ok(Self { groups, columns, written: 0 })
    }

    /// Adds records, which get the next sequence numbers.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn add(&mut self, records: &[NumberedRecord]) -> io::Result<()> {
        for some in records.chunks(ROWS_AT_ONCE) {
            self.groups.add(&self.columns.frame(some, self.written).map_err(io::Error::other)?)?;
            self.written += some.len() as u64;
        }
        Ok(())
    }

    /// How many records were added: the last sequence number.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Writes what waits, and the file's end.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.groups.finish()
    }
}

/// The texts of a run in order, and the places of its numbers among them.
struct NumberedColumns<'a> {
    texts: RunTexts<'a>,
    kinds: Enumerated,
    nodes: Enumerated,
    messages: Enumerated,
}

/// Texts in order, and where each of those that were given stands among them.
struct Enumerated {
    names: Names,
    places: Vec<u32>,
}

impl Enumerated {
    fn of<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> Self {
        let names = Names::of_any(texts.clone());
        let place = |text| names.number(text).unwrap_or(u32::MAX);
        Self { places: texts.map(place).collect(), names }
    }

    fn column(&self, field: Field, numbers: impl Iterator<Item = u32>) -> PolarsResult<Column> {
        let places: Vec<u32> = numbers.map(|number| self.places[number as usize]).collect();
        enumerated(field.name(), &places, &self.names)
    }
}

impl<'a> NumberedColumns<'a> {
    fn of(texts: RunTexts<'a>) -> Self {
        let messages: Vec<MessageId> = (0..=texts.rounds).map(|round| MessageId::of(texts.run_id, round)).collect();
        Self {
            kinds: Enumerated::of(Kind::ALL.iter().map(|kind| kind.as_str())),
            nodes: Enumerated::of(texts.nodes.iter().map(NodeId::as_str)),
            messages: Enumerated::of(messages.iter().map(MessageId::as_str)),
            texts,
        }
    }

    /// The record's columns, in the order of other writers; `before` records stand before these.
    fn frame(&self, records: &[NumberedRecord], before: u64) -> PolarsResult<DataFrame> {
        let mut columns = Vec::with_capacity(Field::ALL.len() + 1);
        for field in Field::ALL {
            columns.push(self.column(*field, records, before)?);
        }
        columns.push(BooleanChunked::full(FLOAT_TIMESTAMP.into(), false, records.len()).into_column());
        DataFrame::new(records.len(), columns)
    }

    fn column(&self, field: Field, records: &[NumberedRecord], before: u64) -> PolarsResult<Column> {
        let name = PlSmallStr::from_static(field.name());
        let (each, rows) = (records.iter(), records.len());
        let same = |text: &str| enumerated(field.name(), &vec![0; rows], &Names::of_any([text]));
        Ok(match field {
            Field::EventType => self.kinds.column(field, each.map(|record| record.kind as u32))?,
            Field::Message => self.messages.column(field, each.map(|record| record.round))?,
            Field::SenderId => self.nodes.column(field, each.map(|record| record.sender))?,
            Field::ReceiverId => self.nodes.column(field, each.map(|record| record.receiver))?,
            Field::RunId => same(self.texts.run_id.as_str())?,
            Field::Protocol => same(self.texts.protocol)?,
            Field::Condition => same(self.texts.condition)?,
            Field::Process => same(self.texts.process)?,
            Field::Host => same(self.texts.host)?,
            Field::ReceivedTimestamp | Field::ReceivedNs => {
                Int64Chunked::from_iter_values(name, each.map(|record| record.received_ns)).into_column()
            }
            Field::SentNs => Int64Chunked::from_iter_values(name, each.map(|record| record.sent_ns)).into_column(),
            Field::PropagationTime => Float64Chunked::from_iter_options(name, each.map(propagation_ms)).into_column(),
            Field::Detail => self.details(name, records),
            Field::SendId => self.send_ids(name, records),
            Field::Round => UInt32Chunked::from_iter_values(name, each.map(|record| record.round)).into_column(),
            Field::Nodes => UInt32Chunked::full(name, self.texts.nodes.len() as u32, rows).into_column(),
            Field::Hop => {
                let hop = |record: &NumberedRecord| record.hop.and_then(|hop| i32::try_from(hop).ok()).unwrap_or(-1);
                Int32Chunked::from_iter_values(name, each.map(hop)).into_column()
            }
            Field::Seq => UInt64Chunked::from_iter_values(name, (before + 1..).take(rows)).into_column(),
            Field::Bytes => UInt64Chunked::from_iter_values(name, each.map(|record| record.bytes)).into_column(),
            Field::Format => UInt32Chunked::full(name, event::FORMAT, rows).into_column(),
            Field::Incarnation => {
                let lives = each.map(|record| FIRST_INCARNATION + record.restarts);
                UInt32Chunked::from_iter_values(name, lives).into_column()
            }
            Field::Clock => StringChunked::full(name, Clock::Virtual.as_str(), rows).into_column(),
            Field::Topic => StringChunked::full(name, "", rows).into_column(),
            Field::Reason => {
                let reason = |record: &NumberedRecord| record.reason.as_ref().map_or("", Failure::as_str);
                StringChunked::from_iter_values(name, each.map(reason)).into_column()
            }
        })
    }

    fn details(&self, name: PlSmallStr, records: &[NumberedRecord]) -> Column {
        let mut details = StringChunkedBuilder::new(name, records.len());
        let mut text = String::new();
        for record in records {
            match &record.reason {
                None => details.append_value(self.texts.detail),
                Some(reason) => {
                    text.clear();
                    // Writing into a text does not fail.
                    let _ = write!(text, "{}: {reason}", self.texts.detail);
                    details.append_value(&text);
                }
            }
        }
        details.finish().into_column()
    }

    fn send_ids(&self, name: PlSmallStr, records: &[NumberedRecord]) -> Column {
        let mut labels = StringChunkedBuilder::new(name, records.len());
        for record in records {
            match record.send {
                0 => labels.append_value(""),
                send => {
                    labels.append_value(SendId(send).label(&self.texts.nodes[record.sender as usize], self.texts.epoch))
                }
            }
        }
        labels.finish().into_column()
    }
}

/// From send to receipt; none where nothing was received.
fn propagation_ms(record: &NumberedRecord) -> Option<f64> {
    match record.kind {
        Kind::Received | Kind::Duplicate => Some((record.received_ns - record.sent_ns) as f64 / 1e6),
        Kind::Initiate | Kind::Failed => None,
    }
}
