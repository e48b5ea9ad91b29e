//! The events.parquet that `fetch` writes: typed, in order, without repeats; read column by column.

use std::io::Read;
use std::path::Path;

use cnsim::event::Kind;
use polars::prelude::*;

use super::FileFacts;
use super::error::SourceError;
use super::hash::hash;
use super::intern::Interner;
use super::open::Stream;
use super::parquet::{FLOAT_TIMESTAMP, MAGIC, damaged, open, slurp};
use super::table::{copy_bytes, latency_ns};
use crate::frame::{Dictionary, Events, Names, UNKNOWN_NS};

/// The file's own word that `fetch` wrote it.
pub(crate) const MARK: &str = "cnsim.events";
/// The version of the columns that the mark stands for.
pub(crate) const MARK_VERSION: &str = "1";

/// The columns that [`Events`] needs.
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

/// Reads a file that `fetch` wrote; none where it is something else.
pub(crate) fn read(path: &Path) -> Result<Option<(Events, FileFacts)>, SourceError> {
    let name = path.display().to_string();
    if name == "-" || !starts_as_parquet(path) {
        return Ok(None);
    }
    let (bytes, sha256) = slurp(Stream::open(path)?, Vec::new())?;
    let mut reader = open(&name, bytes)?;
    let metadata = reader.get_metadata().map_err(|error| damaged(&name, &error))?;
    let mut entries = metadata.key_value_metadata().iter().flatten();
    if !entries.any(|entry| entry.key == MARK && entry.value.as_deref() == Some(MARK_VERSION)) {
        return Ok(None);
    }
    let columns = COLUMNS.map(str::to_owned).to_vec();
    let frame =
        reader.with_columns(Some(columns)).set_rechunk(true).finish().map_err(|error| damaged(&name, &error))?;
    let rows = frame.height() as u64;
    if rows == 0 {
        return Err(SourceError::NoRows { path: name });
    }
    let events = events(&frame).map_err(|error| damaged(&name, &error))?;
    Ok(Some((events, FileFacts { path: name, sha256, rows })))
}

fn starts_as_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

fn events(frame: &DataFrame) -> PolarsResult<Events> {
    let numbers = |name: &str| coded(frame.column(name)?.as_materialized_series());
    let own = |name: &str| numbers(name).map(|column| into_dictionary([column]));
    let (nodes, [sender, receiver]) = into_dictionary([numbers("sender_id")?, numbers("receiver_id")?]);
    let (runs, [run]) = own("run_id")?;
    let (processes, [process]) = own("process")?;
    let (hosts, [host]) = own("host")?;
    let (protocols, [protocol]) = own("protocol")?;
    let (conditions, [condition]) = own("condition")?;
    let received_ns: Vec<i64> = values(frame.column("received_ns")?.i64()?, 0);
    let latency_ns = latencies(frame.column("propagation_time")?.f64()?);
    let mut sent_ns: Vec<i64> = values(frame.column("sent_ns")?.i64()?, UNKNOWN_NS);
    for (row, sent_ns) in sent_ns.iter_mut().enumerate() {
        if *sent_ns == UNKNOWN_NS && latency_ns[row] != UNKNOWN_NS {
            *sent_ns = received_ns[row].saturating_sub(latency_ns[row]);
        }
    }
    Ok(Events {
        names: Names { runs, nodes, processes, hosts, protocols, conditions },
        kind: kinds(numbers("event_type")?)?,
        run,
        round: values(frame.column("round")?.u32()?, 1),
        nodes: values(frame.column("nodes")?.u32()?, 0),
        sender,
        receiver,
        received_ns,
        sent_ns,
        latency_ns,
        hop: values(frame.column("hop")?.i32()?, -1),
        send: sends(frame.column("send_id")?.str()?),
        bytes: frame.column("bytes")?.u64()?.iter().map(copy_bytes).collect(),
        seq: values(frame.column("seq")?.u64()?, 0),
        process,
        host,
        protocol,
        condition,
        float_timestamp: frame.column(FLOAT_TIMESTAMP)?.bool()?.iter().map(|float| float.unwrap_or(false)).collect(),
    })
}

/// A column of texts as Polars holds it: numbers, and the texts behind them.
struct Coded {
    texts: Vec<String>,
    numbers: Vec<u32>,
}

fn coded(series: &Series) -> PolarsResult<Coded> {
    let (DataType::Enum(_, mapping) | DataType::Categorical(_, mapping)) = series.dtype() else {
        polars_bail!(SchemaMismatch: "column {} holds {}, not an enumeration", series.name(), series.dtype());
    };
    let texts =
        (0..mapping.num_cats_upper_bound() as u32).map(|number| mapping.cat_to_str(number).unwrap_or("").to_owned());
    let numbers = match series.dtype().cat_physical()? {
        CategoricalPhysical::U8 => values(series.cat8()?.physical(), 0).into_iter().map(u32::from).collect(),
        CategoricalPhysical::U16 => values(series.cat16()?.physical(), 0).into_iter().map(u32::from).collect(),
        CategoricalPhysical::U32 => values(series.cat32()?.physical(), 0),
    };
    Ok(Coded { texts: texts.collect(), numbers })
}

/// One sorted dictionary for several columns.
fn into_dictionary<const N: usize>(columns: [Coded; N]) -> (Dictionary, [Vec<u32>; N]) {
    let mut names = Interner::default();
    let translations =
        columns.each_ref().map(|column| column.texts.iter().map(|text| names.number(text, None)).collect::<Vec<u32>>());
    let (dictionary, to_sorted) = names.sorted();
    let mut at = 0;
    let numbers = columns.map(|column| {
        let to_sorted: Vec<u32> = translations[at].iter().map(|number| to_sorted[*number as usize]).collect();
        at += 1;
        if to_sorted.iter().enumerate().all(|(place, number)| place as u32 == *number) {
            return column.numbers;
        }
        column.numbers.iter().map(|number| to_sorted[*number as usize]).collect()
    });
    (dictionary, numbers)
}

fn kinds(column: Coded) -> PolarsResult<Vec<Kind>> {
    let parse = |text: &String| text.parse::<Kind>().map_err(|error| polars_err!(ComputeError: "{error}"));
    let kinds: Vec<Kind> = column.texts.iter().map(parse).collect::<PolarsResult<_>>()?;
    Ok(column.numbers.iter().map(|number| kinds[*number as usize]).collect())
}

fn values<T: PolarsNumericType>(column: &ChunkedArray<T>, missing: T::Native) -> Vec<T::Native> {
    match column.cont_slice() {
        Ok(values) => values.to_vec(),
        Err(_) => column.iter().map(|value| value.unwrap_or(missing)).collect(),
    }
}

fn latencies(column: &Float64Chunked) -> Vec<i64> {
    column.iter().map(|ms| ms.map_or(UNKNOWN_NS, latency_ns)).collect()
}

fn sends(column: &StringChunked) -> Vec<u64> {
    let send = |text: Option<&str>| match text {
        None | Some("") => 0,
        Some(text) => hash(text.as_bytes()).max(1),
    };
    column.iter().map(send).collect()
}
