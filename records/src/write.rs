//! Whole records into columnar files: `events.parquet` in groups of rows, Parquet and Arrow's IPC stream at once.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cnsim::event::{self, Column as Field, Record};
use cnsim::time::Clock;
use polars::prelude::*;
use polars_io::parquet::write::BatchedWriter;
use polars_io::prelude::{IpcStreamWriter, KeyValueMetadata, ParquetWriter, SerWriter};

use crate::columns::enumerated;
use crate::identity::hop;
use crate::names::Names;
use crate::own::{MARK, MARK_VERSION};
use crate::schema::FLOAT_TIMESTAMP;
use crate::spool::{SharedTexts, Vocabulary, text};

/// Rows that a reader takes at once.
const GROUP_ROWS: usize = 1 << 18;

/// The columns of a file of whole records: those of texts are enumerations of what occurs in them.
pub struct RecordColumns {
    names: BTreeMap<Field, Names>,
}

impl RecordColumns {
    /// The columns of records with these texts.
    pub fn of(vocabulary: &Vocabulary, texts: &SharedTexts) -> Self {
        Self { names: vocabulary.names(texts) }
    }

    /// Records as a frame of the record's columns, in the writer's order.
    ///
    /// # Errors
    /// Those of Polars, which are faults of this program.
    pub fn frame(&self, records: &[Record<'_>]) -> PolarsResult<DataFrame> {
        let mut columns = Vec::with_capacity(Field::ALL.len() + 1);
        for field in Field::ALL {
            columns.push(self.column(*field, records)?);
        }
        let floats: BooleanChunked = records.iter().map(|record| record.float_timestamp).collect();
        columns.push(floats.with_name(FLOAT_TIMESTAMP.into()).into_column());
        DataFrame::new(records.len(), columns)
    }

    fn column(&self, field: Field, records: &[Record<'_>]) -> PolarsResult<Column> {
        let name = PlSmallStr::from_static(field.name());
        let each = records.iter();
        Ok(match field {
            Field::ReceivedTimestamp | Field::ReceivedNs => {
                Int64Chunked::from_iter_values(name, each.map(|record| record.received_ns)).into_column()
            }
            Field::PropagationTime => {
                Float64Chunked::from_iter_options(name, each.map(|record| record.propagation_time)).into_column()
            }
            Field::Detail => StringChunked::from_iter_values(name, each.map(|record| &*record.detail)).into_column(),
            Field::SendId => StringChunked::from_iter_values(name, each.map(|record| &*record.send_id)).into_column(),
            Field::Round => UInt32Chunked::from_iter_values(name, each.map(|record| record.round)).into_column(),
            Field::Nodes => UInt32Chunked::from_iter_values(name, each.map(|record| record.nodes)).into_column(),
            Field::Hop => {
                Int32Chunked::from_iter_values(name, each.map(|record| hop(record).unwrap_or(-1))).into_column()
            }
            Field::SentNs => Int64Chunked::from_iter_options(name, each.map(|record| record.sent_ns)).into_column(),
            Field::Seq => {
                UInt64Chunked::from_iter_values(name, each.map(|record| record.seq.unwrap_or(0))).into_column()
            }
            Field::Bytes => UInt64Chunked::from_iter_options(name, each.map(|record| record.bytes)).into_column(),
            Field::Format => UInt32Chunked::from_iter_values(name, each.map(|_| event::FORMAT)).into_column(),
            Field::Incarnation => {
                UInt32Chunked::from_iter_values(name, each.map(|record| record.incarnation)).into_column()
            }
            Field::Clock => {
                let clock = |record: &Record<'_>| record.clock.map_or("", Clock::as_str);
                StringChunked::from_iter_values(name, each.map(clock)).into_column()
            }
            Field::Reason => StringChunked::from_iter_values(name, each.map(|record| &*record.reason)).into_column(),
            Field::Topic => StringChunked::from_iter_values(name, each.map(|record| &*record.topic)).into_column(),
            Field::Message
            | Field::SenderId
            | Field::ReceiverId
            | Field::EventType
            | Field::RunId
            | Field::Protocol
            | Field::Condition
            | Field::Process
            | Field::Host => self.enumeration(field, records)?,
        })
    }

    /// A column of texts, which are in the vocabulary.
    fn enumeration(&self, field: Field, records: &[Record<'_>]) -> PolarsResult<Column> {
        let names = &self.names[&field];
        let mut last: Option<(&str, u32)> = None;
        let numbers = records.iter().map(|record| {
            let text = text(record, field);
            let number = match last {
                Some((known, number)) if known == text => number,
                Some(_) | None => names.number(text).unwrap_or(u32::MAX),
            };
            last = Some((text, number));
            number
        });
        enumerated(field.name(), &numbers.collect::<Vec<_>>(), names)
    }
}

/// An events.parquet on its way: records come some at a time, and are written in groups of equal size.
pub struct EventsFile<W: Write> {
    groups: GroupedFile<W>,
    columns: RecordColumns,
}

impl<W: Write> EventsFile<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(out: W, columns: RecordColumns) -> io::Result<Self> {
        let empty = columns.frame(&[]).map_err(io::Error::other)?;
        Ok(Self { groups: GroupedFile::new(out, empty)?, columns })
    }

    /// Adds records in their order. Their texts are in the columns' vocabulary.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn add(&mut self, records: &[Record<'_>]) -> io::Result<()> {
        self.groups.add(&self.columns.frame(records).map_err(io::Error::other)?)
    }

    /// Writes what waits, and the file's end.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.groups.finish().map(drop)
    }
}

/// Frames of the record's columns on their way into one file, in groups of equal size.
pub(crate) struct GroupedFile<W: Write> {
    writer: BatchedWriter<W>,
    waiting: DataFrame,
}

impl<W: Write> GroupedFile<W> {
    /// Begins the file, with the columns of an empty frame.
    pub(crate) fn new(out: W, empty: DataFrame) -> io::Result<Self> {
        let mark = KeyValueMetadata::from_static(vec![(MARK.to_owned(), MARK_VERSION.to_owned())]);
        let writer = ParquetWriter::new(out).with_key_value_metadata(Some(mark));
        let writer = writer.batched(empty.schema()).map_err(io::Error::other)?;
        Ok(Self { writer, waiting: empty })
    }

    /// Adds the rows of a frame.
    pub(crate) fn add(&mut self, more: &DataFrame) -> io::Result<()> {
        self.waiting.vstack_mut(more).map_err(io::Error::other)?;
        while self.waiting.height() >= GROUP_ROWS {
            let rest = self.waiting.slice(GROUP_ROWS as i64, usize::MAX);
            let group = std::mem::replace(&mut self.waiting, rest).slice(0, GROUP_ROWS);
            self.write(group)?;
        }
        Ok(())
    }

    /// Writes what waits, and the file's end.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.waiting.height() > 0 {
            let rest = std::mem::take(&mut self.waiting);
            self.write(rest)?;
        }
        self.writer.finish().map(drop).map_err(io::Error::other)
    }

    fn write(&mut self, mut group: DataFrame) -> io::Result<()> {
        group.rechunk_mut();
        self.writer.write_batch(&group).map_err(io::Error::other)
    }
}

/// Writes a frame of records as Parquet.
///
/// # Errors
/// Where it cannot be written.
pub fn write_parquet(frame: &mut DataFrame, out: &mut impl Write) -> io::Result<()> {
    ParquetWriter::new(out).finish(frame).map(drop).map_err(io::Error::other)
}

/// Writes a frame of records as Arrow's IPC stream.
///
/// # Errors
/// Where it cannot be written.
pub fn write_arrow(frame: &mut DataFrame, out: &mut impl Write) -> io::Result<()> {
    IpcStreamWriter::new(out).with_compat_level(CompatLevel::oldest()).finish(frame).map_err(io::Error::other)
}
