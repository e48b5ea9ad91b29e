//! The events.parquet that `fetch` writes: typed, in order, without repeats; read group by group.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cnsim::event::Kind;
use polars::prelude::*;
use polars_io::prelude::{ParquetReader, SerReader};
use rayon::prelude::*;

use crate::FileFacts;
use crate::builder::copy_bytes;
use crate::columns::{EventNames, UNKNOWN_NS, compact, enumerated, kind_names, numbers, values};
use crate::error::{RECORDS_MAX, SourceError};
use crate::events::Events;
use crate::identity::{send_hash, send_number};
use crate::names::Names;
use crate::open::Stream;
use crate::parquet::{MAGIC, check_end, damaged, digest, groups};
use crate::schema::{
    BYTES, CONDITION, FLOAT_TIMESTAMP, HOP, HOST, KIND, LATENCY_NS, NODES, PROCESS, PROTOCOL, RECEIVED_NS, RECEIVER,
    ROUND, RUN, SEND, SEND_NUMBER, SENDER, SENT_NS, SEQ,
};
use crate::times::{RecordedTimes, TimeScale, Times};

/// The file's own word that `fetch` wrote it.
pub const MARK: &str = "cnsim.events";
/// The version of the columns that the mark stands for.
pub const MARK_VERSION: &str = "1";
/// The columns that events need.
const COLUMNS: [&str; 18] = [
    "event_type",
    "run_id",
    "round",
    "nodes",
    "sender_id",
    "receiver_id",
    "received_ns",
    "sent_ns",
    "propagation_time",
    "hop",
    "send_id",
    "bytes",
    "seq",
    "process",
    "host",
    "protocol",
    "condition",
    FLOAT_TIMESTAMP,
];

/// Groups of rows that are in memory at once beside the events.
const READ_AT_ONCE: usize = 4;

/// Reads a file that `fetch` wrote; none where it is something else. Beside the events only a few groups of rows are in
/// memory at a time.
///
/// # Errors
/// Where the file cannot be read, or is damaged.
pub fn read(path: &Path, scale: TimeScale) -> Result<Option<(Events, FileFacts)>, SourceError> {
    let name = path.display().to_string();
    if name == "-" || !starts_as_parquet(path) {
        return Ok(None);
    }
    let Some(groups) = own_groups(path, &name)? else { return Ok(None) };
    let rows: usize = groups.iter().sum();
    if rows == 0 {
        return Err(SourceError::NoRows { path: name });
    }
    if rows as u64 > RECORDS_MAX {
        return Err(SourceError::TooManyRecords { path: name });
    }
    let (events, sha256) = rayon::join(|| events(path, &name, &groups, scale), || digest(Stream::open(path)?));
    Ok(Some((events?, FileFacts { path: name, sha256: sha256?, rows: rows as u64 })))
}

fn starts_as_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

/// How many rows each group has; none where `fetch` did not write the file.
fn own_groups(path: &Path, name: &str) -> Result<Option<Vec<usize>>, SourceError> {
    let mut file = File::open(path).map_err(|source| SourceError::Io { path: name.to_owned(), source })?;
    check_end(name, &mut file)?;
    let mut reader = ParquetReader::new(file);
    let metadata = reader.get_metadata().map_err(|error| damaged(name, &error))?;
    let mut entries = metadata.key_value_metadata().iter().flatten();
    if !entries.any(|entry| entry.key == MARK && entry.value.as_deref() == Some(MARK_VERSION)) {
        return Ok(None);
    }
    groups(&mut reader).map(Some).map_err(|error| damaged(name, &error))
}

fn events(path: &Path, name: &str, groups: &[usize], scale: TimeScale) -> Result<Events, SourceError> {
    let damage = |error| damaged(name, &error);
    let read = |(start, rows): (usize, usize)| -> Result<DataFrame, SourceError> {
        // Each reader maps the file anew, so that pages of groups that were read leave memory.
        let file = File::open(path).map_err(|source| SourceError::Io { path: name.to_owned(), source })?;
        let reader = ParquetReader::new(file).with_columns(Some(COLUMNS.map(str::to_owned).to_vec()));
        reader.with_slice(Some((start, rows))).set_rechunk(true).finish().map_err(damage)
    };
    let mut start = 0;
    let places = groups.iter().map(|rows| {
        start += rows;
        (start - rows, *rows)
    });
    let places: Vec<(usize, usize)> = places.collect();
    let Some((first, others)) = places.split_first() else { return Ok(Events::default()) };
    let first = read(*first)?;
    let names = names_of(&first).map_err(damage)?;
    let mut frames = vec![of_group(&first, &names, scale).map_err(damage)?];
    drop(first);
    for some in others.chunks(READ_AT_ONCE) {
        let read: Result<Vec<DataFrame>, SourceError> =
            some.par_iter().map(|place| of_group(&read(*place)?, &names, scale).map_err(damage)).collect();
        frames.extend(read?);
    }
    Events::of_frames(frames, names).map_err(damage)
}

/// The texts of a file's columns.
fn names_of(frame: &DataFrame) -> PolarsResult<EventNames> {
    let names = |name: &str| names_in(frame.column(name)?);
    let (senders, receivers) = (names("sender_id")?, names("receiver_id")?);
    Ok(EventNames {
        runs: names("run_id")?,
        nodes: Names::of_any(senders.iter().chain(receivers.iter())),
        processes: names("process")?,
        hosts: names("host")?,
        protocols: names("protocol")?,
        conditions: names("condition")?,
    })
}

/// The texts of a column, which are in order.
fn names_in(column: &Column) -> PolarsResult<Names> {
    let names = Names::of_type(column.dtype()).filter(|names| names.iter().is_sorted());
    names.ok_or_else(|| {
        polars_err!(SchemaMismatch: "column {} holds {}, not an enumeration in order", column.name(), column.dtype())
    })
}

/// The columns of the events frame, of a group of a file's rows.
fn of_group(frame: &DataFrame, names: &EventNames, scale: TimeScale) -> PolarsResult<DataFrame> {
    let series = |name: &str| Ok::<_, PolarsError>(frame.column(name)?.as_materialized_series());
    let same = |name: &str| Ok::<_, PolarsError>(compact(series(name)?.clone()));
    let node = |name: &str| -> PolarsResult<Column> {
        let own = names_in(frame.column(name)?)?;
        let places: Vec<u32> = own.iter().map(|text| names.nodes.number(text).unwrap_or(u32::MAX)).collect();
        let numbers = numbers(frame.column(name)?)?.into_iter().map(|number| places[number as usize]);
        enumerated(name, &numbers.collect::<Vec<_>>(), &names.nodes)
    };
    let mut received_ns = values(series("received_ns")?.i64()?, 0);
    if !scale.is_own() {
        received_ns.iter_mut().for_each(|time| *time = scale.to_ns(*time));
    }
    let (propagation, sent) = (series("propagation_time")?.f64()?, series("sent_ns")?.i64()?);
    let floats = series(FLOAT_TIMESTAMP)?.bool()?;
    let times = received_ns.iter().zip(sent.iter()).zip(propagation.iter()).zip(floats.iter()).map(
        |(((received_ns, sent_ns), propagation_ms), is_float)| {
            Times::from(RecordedTimes {
                received_ns: *received_ns,
                sent_ns: sent_ns.map(|sent| scale.to_ns(sent)),
                propagation_ms,
                is_float: is_float.unwrap_or(false),
            })
        },
    );
    let known = |time_ns: i64| (time_ns != UNKNOWN_NS).then_some(time_ns);
    let (sent_ns, latency_ns): (Vec<Option<i64>>, Vec<Option<i64>>) =
        times.map(|times| (known(times.sent_ns), known(times.latency_ns))).unzip();
    let hops = series("hop")?.i32()?.iter().map(|hop| hop.filter(|hop| *hop >= 0));
    let sends = series("send_id")?.str()?.iter().map(|send_id| send_hash(send_id.unwrap_or_default()));
    let numbered = series("send_id")?.str()?.iter().map(|send_id| send_number(send_id.unwrap_or_default()));
    let bytes = series("bytes")?.u64()?.iter().map(copy_bytes);
    let columns = vec![
        enumerated(KIND, &kinds(frame.column("event_type")?)?, &kind_names())?,
        same(RUN)?,
        same(ROUND)?,
        same(NODES)?,
        node(SENDER)?,
        node(RECEIVER)?,
        Column::new(RECEIVED_NS.into(), received_ns),
        Series::new(SENT_NS.into(), sent_ns).into(),
        Series::new(LATENCY_NS.into(), latency_ns).into(),
        compact(Int32Chunked::from_iter_options(HOP.into(), hops).into_series()),
        compact(UInt64Chunked::from_iter_options(SEND.into(), sends).into_series()),
        compact(UInt32Chunked::from_iter_options(SEND_NUMBER.into(), numbered).into_series()),
        compact(UInt32Chunked::from_iter_values(BYTES.into(), bytes).into_series()),
        same(SEQ)?,
        same(PROCESS)?,
        same(HOST)?,
        same(PROTOCOL)?,
        same(CONDITION)?,
        same(FLOAT_TIMESTAMP)?,
    ];
    DataFrame::new(frame.height(), columns)
}

/// The numbers of kinds that a column names.
fn kinds(column: &Column) -> PolarsResult<Vec<u32>> {
    let parse = |text: &str| text.parse::<Kind>().map_err(|error| polars_err!(ComputeError: "{error}"));
    let kinds: Vec<Kind> = names_in(column)?.iter().map(parse).collect::<PolarsResult<_>>()?;
    Ok(numbers(column)?.into_iter().map(|number| kinds[number as usize] as u32).collect())
}
