//! A run's files: events.parquet, rejects.jsonl, fetch.json.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use cnsim::event::{self, Column as Field, Kind};
use polars::prelude::*;
use rayon::prelude::*;
use serde::Serialize;

use super::{FetchError, Run};
use crate::source::intern::Interner;
use crate::source::own::{MARK, MARK_VERSION};
use crate::source::parquet::FLOAT_TIMESTAMP;
use crate::source::table::{Rest, Table, Texts};

pub(super) const EVENTS: &str = "events.parquet";
pub(super) const REJECTS: &str = "rejects.jsonl";
pub(super) const FACTS: &str = "fetch.json";

/// Writes a run's files into a new folder.
pub(super) fn run(table: &Table, run: &Run<'_>, folder: &Path) -> Result<(), FetchError> {
    let failed = |source| FetchError::Write { path: folder.to_owned(), source };
    fs::create_dir(folder).map_err(failed)?;
    let mut rows = run.rows.clone();
    sort(table, &mut rows);
    save(&folder.join(EVENTS), |out| events(table, &rows, out).map_err(io::Error::other))?;
    if !run.rejects.is_empty() {
        save(&folder.join(REJECTS), |out| rejects(run, out))?;
    }
    save(&folder.join(FACTS), |out| {
        serde_json::to_writer_pretty(&mut *out, &run.facts)?;
        out.write_all(b"\n")
    })
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
fn sort(table: &Table, rows: &mut [u32]) {
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

fn events(table: &Table, rows: &[u32], out: impl Write) -> PolarsResult<()> {
    let rest = table.rest.as_ref().expect("a fetch gathers whole records");
    let mut frame = frame(table, rest, rows)?;
    let mark = KeyValueMetadata::from_static(vec![(MARK.to_owned(), MARK_VERSION.to_owned())]);
    ParquetWriter::new(out).with_key_value_metadata(Some(mark)).finish(&mut frame)?;
    Ok(())
}

fn frame(table: &Table, rest: &Rest, rows: &[u32]) -> PolarsResult<DataFrame> {
    let every = |row: &u32| *row as usize;
    let texts =
        |name: Field, texts: &Texts| enumeration(name, texts.names(), rows.iter().map(|row| texts.number(every(row))));
    let nodes =
        |name: Field, numbers: &[u32]| enumeration(name, &table.node_names, rows.iter().map(|row| numbers[every(row)]));
    let received: Vec<i64> = rows.iter().map(|row| table.received_ns[every(row)]).collect();
    let columns = vec![
        texts(Field::Message, &rest.message)?,
        nodes(Field::SenderId, &table.sender)?,
        nodes(Field::ReceiverId, &table.receiver)?,
        column(Field::ReceivedTimestamp, &received),
        column(Field::PropagationTime, rows.iter().map(|row| rest.propagation_time[every(row)]).collect::<Vec<_>>()),
        kinds(rows.iter().map(|row| table.kind[every(row)]))?,
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

fn kinds(kinds: impl Iterator<Item = Kind>) -> PolarsResult<Column> {
    let mut names = Interner::default();
    let numbers: Vec<u32> = kinds.map(|kind| names.number(kind.as_str(), None)).collect();
    enumeration(Field::EventType, &names, numbers.into_iter())
}

/// A column of texts as an enumeration of those that occur in it, in order: the file does not depend on other runs.
fn enumeration(name: Field, names: &Interner, numbers: impl Iterator<Item = u32>) -> PolarsResult<Column> {
    let mut numbers: Vec<u32> = numbers.collect();
    let mut occurs = vec![false; names.len()];
    numbers.iter().for_each(|number| occurs[*number as usize] = true);
    let mut order: Vec<u32> = (0..names.len() as u32).filter(|number| occurs[*number as usize]).collect();
    order.sort_unstable_by_key(|number| names.text(*number));
    let mut places = vec![0; names.len()];
    for (place, number) in order.iter().enumerate() {
        places[*number as usize] = place as u32;
    }
    numbers.iter_mut().for_each(|number| *number = places[*number as usize]);
    let categories = FrozenCategories::new(order.iter().map(|number| names.text(*number)))?;
    let dtype = DataType::from_frozen_categories(categories);
    let name = name.name().into();
    let series = match dtype.cat_physical()? {
        CategoricalPhysical::U8 => {
            let numbers = UInt8Chunked::from_iter_values(name, numbers.iter().map(|number| *number as u8));
            Categorical8Chunked::from_cats_and_dtype(numbers, dtype).into_series()
        }
        CategoricalPhysical::U16 => {
            let numbers = UInt16Chunked::from_iter_values(name, numbers.iter().map(|number| *number as u16));
            Categorical16Chunked::from_cats_and_dtype(numbers, dtype).into_series()
        }
        CategoricalPhysical::U32 => {
            Categorical32Chunked::from_cats_and_dtype(UInt32Chunked::from_vec(name, numbers), dtype).into_series()
        }
    };
    Ok(series.into())
}
