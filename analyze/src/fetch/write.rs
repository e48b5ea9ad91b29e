//! A run's files: events.parquet in groups of rows, rejects.jsonl, fetch.json.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use cnsim::event::{self, Column as Field};
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use rayon::prelude::*;
use serde::Serialize;

use super::vocabulary::{Categories, Vocabulary};
use super::{FetchError, Run};
use crate::source::fetch_facts::FetchFacts;
use crate::source::intern::Interner;
use crate::source::own::{MARK, MARK_VERSION};
use crate::source::parquet::FLOAT_TIMESTAMP;
use crate::source::table::{Keep, Table, Texts};

pub(super) const EVENTS: &str = "events.parquet";
pub(super) const REJECTS: &str = "rejects.jsonl";
pub(super) const FACTS: &str = "fetch.json";
/// Rows that a reader takes at once.
const GROUP_ROWS: usize = 1 << 18;

/// Writes a run's files into a new folder.
pub(super) fn run(table: &Table, run: &Run<'_>, folder: &Path) -> Result<(), FetchError> {
    new_folder(folder)?;
    let mut rows = run.rows.clone();
    sort(table, &mut rows);
    let mut vocabulary = Vocabulary::default();
    vocabulary.add(table, &rows);
    events(&folder.join(EVENTS), vocabulary, |file| {
        rows.chunk_by(|one, other| table.round[*one as usize] == table.round[*other as usize])
            .try_for_each(|round| file.add(table, round))
    })?;
    if !run.rejects.is_empty() {
        save(&folder.join(REJECTS), |out| rejects(run, out))?;
    }
    facts(&folder.join(FACTS), &run.facts)
}

/// Makes a run's new folder.
pub(super) fn new_folder(folder: &Path) -> Result<(), FetchError> {
    fs::create_dir(folder).map_err(|source| FetchError::Write { path: folder.to_owned(), source })
}

/// Writes `fetch.json`.
pub(super) fn facts(path: &Path, facts: &FetchFacts) -> Result<(), FetchError> {
    save(path, |out| {
        serde_json::to_writer_pretty(&mut *out, facts)?;
        out.write_all(b"\n")
    })
}

/// Writes events.parquet with rows that `fill` adds, round by round in order.
pub(super) fn events(
    path: &Path,
    vocabulary: Vocabulary,
    fill: impl FnOnce(&mut EventsFile<'_>) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let failed = |source| FetchError::Write { path: path.to_owned(), source };
    let mut out = BufWriter::new(Disk { file: File::create(path).map_err(failed)?, failed: None });
    let filled = EventsFile::new(path, &mut out, vocabulary).and_then(|mut file| {
        fill(&mut file)?;
        file.finish()
    });
    match (filled, out.get_mut().failed.take()) {
        (Err(_), Some(code)) => return Err(failed(io::Error::from_raw_os_error(code))),
        (filled, _) => filled?,
    }
    let written = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|disk| disk.file.sync_all());
    written.map_err(failed)
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

/// Writes rows in their order as Parquet.
pub(crate) fn parquet(table: &Table, rows: &[u32], out: &mut impl Write) -> io::Result<()> {
    let mut frame = of_rows(table, rows).map_err(io::Error::other)?;
    ParquetWriter::new(out).finish(&mut frame).map(drop).map_err(io::Error::other)
}

/// Writes rows in their order as Arrow's IPC stream.
pub(crate) fn arrow(table: &Table, rows: &[u32], out: &mut impl Write) -> io::Result<()> {
    let mut frame = of_rows(table, rows).map_err(io::Error::other)?;
    IpcStreamWriter::new(out).with_compat_level(CompatLevel::oldest()).finish(&mut frame).map_err(io::Error::other)
}

fn of_rows(table: &Table, rows: &[u32]) -> PolarsResult<DataFrame> {
    let mut vocabulary = Vocabulary::default();
    vocabulary.add(table, rows);
    frame(table, rows, &Categories::of(vocabulary)?)
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

fn rejects(run: &Run<'_>, out: &mut impl Write) -> io::Result<()> {
    for reject in &run.rejects {
        let line = RejectLine { file: &reject.path, line: reject.line, reason: reject.reason, text: &reject.text };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Puts a run's rows in their total order: round, received, process, seq, receiver, sender, type, sent, detail. The hash
/// of the content decides between rows that differ in nothing of that.
pub(super) fn sort(table: &Table, rows: &mut [u32]) {
    let (_, node) = table.node_names.sorted();
    let (_, process) = table.process.names().sorted();
    let detail = |row: usize| table.rest.as_ref().map(|rest| rest.detail.text(row));
    let key = |row: usize| {
        (table.round[row], table.received_ns[row], process[table.process.number(row) as usize], table.seq.get(row))
    };
    let tie = |row: usize| {
        let (receiver, sender) = (node[table.receiver[row] as usize], node[table.sender[row] as usize]);
        (receiver, sender, table.kind[row], table.sent_ns[row], detail(row), table.content[row])
    };
    rows.par_sort_unstable_by(|one, other| {
        let (one, other) = (*one as usize, *other as usize);
        key(one).cmp(&key(other)).then_with(|| tie(one).cmp(&tie(other)))
    });
}

/// An events.parquet on its way: rows come round by round, and are written in groups of equal size.
pub(super) struct EventsFile<'a> {
    path: &'a Path,
    writer: BatchedWriter<&'a mut BufWriter<Disk>>,
    categories: Categories,
    waiting: DataFrame,
}

impl<'a> EventsFile<'a> {
    fn new(path: &'a Path, out: &'a mut BufWriter<Disk>, vocabulary: Vocabulary) -> Result<Self, FetchError> {
        let failed = |error| write_error(path, error);
        let categories = Categories::of(vocabulary).map_err(failed)?;
        let waiting = frame(&Table::new(Keep::Records), &[], &categories).map_err(failed)?;
        let mark = KeyValueMetadata::from_static(vec![(MARK.to_owned(), MARK_VERSION.to_owned())]);
        let writer = ParquetWriter::new(out).with_key_value_metadata(Some(mark));
        let writer = writer.batched(waiting.schema()).map_err(failed)?;
        Ok(Self { path, writer, categories, waiting })
    }

    /// Adds rows of a table in their order. Their texts are in the vocabulary.
    pub(super) fn add(&mut self, table: &Table, rows: &[u32]) -> Result<(), FetchError> {
        let more = frame(table, rows, &self.categories).map_err(|error| write_error(self.path, error))?;
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

fn frame(table: &Table, rows: &[u32], categories: &Categories) -> PolarsResult<DataFrame> {
    let rest = table.rest.as_ref().expect("a fetch gathers whole records");
    let every = |row: &u32| *row as usize;
    let texts = |name: Field, texts: &Texts| {
        categories.column(name, texts.names(), rows.iter().map(|row| texts.number(every(row))))
    };
    let nodes = |name: Field, numbers: &[u32]| {
        categories.column(name, &table.node_names, rows.iter().map(|row| numbers[every(row)]))
    };
    let (kind_names, kinds) = kinds(table, rows);
    let received: Vec<i64> = rows.iter().map(|row| table.received_ns[every(row)]).collect();
    let columns = vec![
        texts(Field::Message, &rest.message)?,
        nodes(Field::SenderId, &table.sender)?,
        nodes(Field::ReceiverId, &table.receiver)?,
        column(Field::ReceivedTimestamp, &received),
        column(Field::PropagationTime, rows.iter().map(|row| rest.propagation_time[every(row)]).collect::<Vec<_>>()),
        categories.column(Field::EventType, &kind_names, kinds.into_iter())?,
        column(Field::Detail, rows.iter().map(|row| rest.detail.text(every(row))).collect::<Vec<_>>()),
        texts(Field::RunId, &table.run)?,
        column(Field::Round, rows.iter().map(|row| table.round[every(row)]).collect::<Vec<_>>()),
        column(Field::Nodes, rows.iter().map(|row| table.nodes[every(row)]).collect::<Vec<_>>()),
        texts(Field::Protocol, &table.protocol)?,
        texts(Field::Condition, &table.condition)?,
        column(Field::Hop, rows.iter().map(|row| table.hop.get(every(row))).collect::<Vec<_>>()),
        column(Field::SentNs, rows.iter().map(|row| rest.sent_ns[every(row)]).collect::<Vec<_>>()),
        column(Field::ReceivedNs, &received),
        column(Field::SendId, rows.iter().map(|row| rest.send_id.text(every(row))).collect::<Vec<_>>()),
        column(Field::Seq, rows.iter().map(|row| table.seq.get(every(row))).collect::<Vec<_>>()),
        texts(Field::Process, &table.process)?,
        texts(Field::Host, &table.host)?,
        column(Field::Bytes, rows.iter().map(|row| rest.bytes[every(row)]).collect::<Vec<_>>()),
        column(Field::Format, vec![event::FORMAT; rows.len()]),
        Column::new(
            FLOAT_TIMESTAMP.into(),
            rows.iter().map(|row| table.float_timestamp.get(every(row))).collect::<Vec<_>>(),
        ),
    ];
    DataFrame::new(rows.len(), columns)
}

fn column<T, Phantom: ?Sized>(name: Field, values: T) -> Column
where
    Series: NamedFrom<T, Phantom>,
{
    Series::new(name.name().into(), values).into()
}

/// The kinds of events as texts with numbers.
fn kinds(table: &Table, rows: &[u32]) -> (Interner, Vec<u32>) {
    let mut names = Interner::default();
    let numbers = rows.iter().map(|row| names.number(table.kind[*row as usize].as_str(), None)).collect();
    (names, numbers)
}
