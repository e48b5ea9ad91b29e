//! A run's files: events.parquet in groups of rows, rejects.jsonl, fetch.json.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use cnsim::event::{self, Column as Field};
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use serde::Serialize;

use super::error::FetchError;
use super::interrupt;
use super::runs::FetchedRun;
use cnsim_records::gather::Reject;
use cnsim_records::intern::Interner;
use cnsim_records::own::{MARK, MARK_VERSION};
use cnsim_records::parquet::FLOAT_TIMESTAMP;
use cnsim_records::spool::vocabulary::{Categories, Vocabulary};
use cnsim_records::table::{Keep, Strings, Table, Texts};

pub(super) const EVENTS: &str = "events.parquet";
pub(super) const REJECTS: &str = "rejects.jsonl";
pub(super) const FACTS: &str = "fetch.json";
/// Rows that a reader takes at once.
const GROUP_ROWS: usize = 1 << 18;

/// Writes a run's files into a new folder; gives the number of its records.
pub(super) fn run(run: FetchedRun, folder: &Path) -> Result<u64, FetchError> {
    let FetchedRun { mut facts, mut records, rejects } = run;
    fs::create_dir(folder).map_err(|source| FetchError::Write { path: folder.to_owned(), source })?;
    let vocabulary = std::mem::take(&mut records.vocabulary);
    let found = events(&folder.join(EVENTS), vocabulary, |file| {
        records.each(|block| if interrupt::was_asked() { Err(FetchError::Interrupted) } else { file.add(block) })
    })?;
    facts.rows = found.rounds.iter().map(|round| round.rows).sum();
    facts.rounds = found.rounds;
    facts.files.iter_mut().filter(|file| file.sha256.is_empty()).for_each(|file| file.sha256.clone_from(&found.sha256));
    if !rejects.is_empty() {
        save(&folder.join(REJECTS), |out| reject_lines(&rejects, out))?;
    }
    save(&folder.join(FACTS), |out| {
        serde_json::to_writer_pretty(&mut *out, &facts)?;
        out.write_all(b"\n")
    })?;
    Ok(facts.rows)
}

/// Writes events.parquet with rows that `fill` adds in order.
fn events<T>(
    path: &Path,
    vocabulary: Vocabulary,
    fill: impl FnOnce(&mut EventsFile<'_>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let failed = |source| FetchError::Write { path: path.to_owned(), source };
    let mut out = BufWriter::new(Disk { file: File::create(path).map_err(failed)?, failed: None });
    let filled = EventsFile::new(path, &mut out, vocabulary).and_then(|mut file| {
        let filled = fill(&mut file)?;
        file.finish().map(|()| filled)
    });
    let filled = match (filled, out.get_mut().failed.take()) {
        (Err(_), Some(code)) => return Err(failed(io::Error::from_raw_os_error(code))),
        (filled, _) => filled?,
    };
    let written = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|disk| disk.file.sync_all());
    written.map(|()| filled).map_err(failed)
}

/// A file that keeps why writing failed: Polars says only that it did.
struct Disk {
    file: File,
    /// The system's number of the error.
    failed: Option<i32>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| self.failed = error.raw_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes all rows in their order as Parquet.
pub(crate) fn parquet(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let mut frame = whole(table).map_err(io::Error::other)?;
    ParquetWriter::new(out).finish(&mut frame).map(drop).map_err(io::Error::other)
}

/// Writes all rows in their order as Arrow's IPC stream.
pub(crate) fn arrow(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let mut frame = whole(table).map_err(io::Error::other)?;
    IpcStreamWriter::new(out).with_compat_level(CompatLevel::oldest()).finish(&mut frame).map_err(io::Error::other)
}

fn whole(table: &Table) -> PolarsResult<DataFrame> {
    let rows: Vec<u32> = (0..table.rows() as u32).collect();
    let mut vocabulary = Vocabulary::default();
    vocabulary.add(table, &rows);
    frame(table, &Categories::of(vocabulary)?)
}

fn save(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), FetchError> {
    let saved = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    });
    saved.map_err(|source| FetchError::Write { path: path.to_owned(), source })
}

/// A line of rejects.jsonl.
#[derive(Serialize)]
struct RejectLine<'a> {
    file: &'a str,
    line: u64,
    reason: &'a str,
    text: &'a str,
}

fn reject_lines(rejects: &[Reject], out: &mut impl Write) -> io::Result<()> {
    for reject in rejects {
        let line = RejectLine { file: &reject.path, line: reject.line, reason: reject.reason, text: &reject.text };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// An events.parquet on its way: rows come in blocks, and are written in groups of equal size.
struct EventsFile<'a> {
    path: &'a Path,
    writer: BatchedWriter<&'a mut BufWriter<Disk>>,
    categories: Categories,
    waiting: DataFrame,
}

impl<'a> EventsFile<'a> {
    fn new(path: &'a Path, out: &'a mut BufWriter<Disk>, vocabulary: Vocabulary) -> Result<Self, FetchError> {
        let failed = |error| write_error(path, error);
        let categories = Categories::of(vocabulary).map_err(failed)?;
        let waiting = frame(&Table::new(Keep::Records), &categories).map_err(failed)?;
        let mark = KeyValueMetadata::from_static(vec![(MARK.to_owned(), MARK_VERSION.to_owned())]);
        let writer = ParquetWriter::new(out).with_key_value_metadata(Some(mark));
        let writer = writer.batched(waiting.schema()).map_err(failed)?;
        Ok(Self { path, writer, categories, waiting })
    }

    /// Adds the rows of a table in their order. Their texts are in the vocabulary.
    fn add(&mut self, table: &Table) -> Result<(), FetchError> {
        let more = frame(table, &self.categories).map_err(|error| write_error(self.path, error))?;
        self.waiting.vstack_mut(&more).map_err(|error| write_error(self.path, error))?;
        while self.waiting.height() >= GROUP_ROWS {
            let rest = self.waiting.slice(GROUP_ROWS as i64, usize::MAX);
            let group = std::mem::replace(&mut self.waiting, rest).slice(0, GROUP_ROWS);
            self.write(group)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), FetchError> {
        if self.waiting.height() > 0 {
            let rest = std::mem::take(&mut self.waiting);
            self.write(rest)?;
        }
        self.writer.finish().map(drop).map_err(|error| write_error(self.path, error))
    }

    fn write(&mut self, mut group: DataFrame) -> Result<(), FetchError> {
        group.rechunk_mut();
        self.writer.write_batch(&group).map_err(|error| write_error(self.path, error))
    }
}

fn write_error(path: &Path, error: PolarsError) -> FetchError {
    FetchError::Write { path: path.to_owned(), source: io::Error::other(error) }
}

fn frame(table: &Table, categories: &Categories) -> PolarsResult<DataFrame> {
    let rest = table.rest.as_ref().expect("a fetch gathers whole records");
    let rows = table.rows();
    let texts =
        |name: Field, texts: &Texts| categories.column(name, texts.names(), (0..rows).map(|row| texts.number(row)));
    let nodes = |name: Field, numbers: &[u32]| categories.column(name, &table.node_names, numbers.iter().copied());
    let strings = |name: Field, texts: &Strings| {
        let texts = (0..rows).map(|row| texts.text(row));
        StringChunked::from_iter_values(name.name().into(), texts).into_series().into()
    };
    let (kind_names, kinds) = kinds(table);
    let columns = vec![
        texts(Field::Message, &rest.message)?,
        nodes(Field::SenderId, &table.sender)?,
        nodes(Field::ReceiverId, &table.receiver)?,
        column(Field::ReceivedTimestamp, &table.received_ns),
        column(Field::PropagationTime, &rest.propagation_time),
        categories.column(Field::EventType, &kind_names, kinds.into_iter())?,
        strings(Field::Detail, &rest.detail),
        texts(Field::RunId, &table.run)?,
        column(Field::Round, &table.round),
        column(Field::Nodes, &table.nodes),
        texts(Field::Protocol, &table.protocol)?,
        texts(Field::Condition, &table.condition)?,
        column(Field::Hop, (0..rows).map(|row| table.hop.get(row)).collect::<Vec<_>>()),
        column(Field::SentNs, &rest.sent_ns),
        column(Field::ReceivedNs, &table.received_ns),
        strings(Field::SendId, &rest.send_id),
        column(Field::Seq, (0..rows).map(|row| table.seq.get(row)).collect::<Vec<_>>()),
        texts(Field::Process, &table.process)?,
        texts(Field::Host, &table.host)?,
        column(Field::Bytes, &rest.bytes),
        column(Field::Format, vec![event::FORMAT; rows]),
        Column::new(FLOAT_TIMESTAMP.into(), (0..rows).map(|row| table.float_timestamp.get(row)).collect::<Vec<_>>()),
    ];
    DataFrame::new(rows, columns)
}

fn column<T, Phantom: ?Sized>(name: Field, values: T) -> Column
where
    Series: NamedFrom<T, Phantom>,
{
    Series::new(name.name().into(), values).into()
}

/// The kinds of events as texts with numbers.
fn kinds(table: &Table) -> (Interner, Vec<u32>) {
    let mut names = Interner::default();
    let numbers = table.kind.iter().map(|kind| names.number(kind.as_str(), None)).collect();
    (names, numbers)
}
