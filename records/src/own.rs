//! The events.parquet that `fetch` writes: typed, in order, without repeats; read group by group.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cnsim::event::Kind;
use polars::prelude::*;

use crate::FileFacts;
use crate::error::SourceError;
use crate::frame::{Column, Dictionary, Events, Names, UNKNOWN_NS};
use crate::hash::hash;
use crate::intern::Interner;
use crate::open::Stream;
use crate::parquet::{FLOAT_TIMESTAMP, MAGIC, check_end, damaged, digest, groups};
use crate::table::{copy_bytes, exact_latency_ns, latency_ns};

/// The file's own word that `fetch` wrote it.
pub const MARK: &str = "cnsim.events";
/// The version of the columns that the mark stands for.
pub const MARK_VERSION: &str = "1";

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

/// Reads a file that `fetch` wrote; none where it is something else. Beside the events only one group of rows is in
/// memory at a time.
pub fn read(path: &Path) -> Result<Option<(Events, FileFacts)>, SourceError> {
    let name = path.display().to_string();
    if name == "-" || !starts_as_parquet(path) {
        return Ok(None);
    }
    let Some(groups) = own_groups(path, &name)? else { return Ok(None) };
    let rows = groups.iter().sum();
    if rows == 0 {
        return Err(SourceError::NoRows { path: name });
    }
    let (events, sha256) = rayon::join(|| events(path, &name, &groups, rows), || digest(Stream::open(path)?));
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

fn events(path: &Path, name: &str, groups: &[usize], rows: usize) -> Result<Events, SourceError> {
    let mut gathered = Gathered::new(rows);
    let mut start = 0;
    for group in groups {
        // Each reader maps the file anew, so that pages of groups that were read leave memory.
        let file = File::open(path).map_err(|source| SourceError::Io { path: name.to_owned(), source })?;
        let reader = ParquetReader::new(file).with_columns(Some(COLUMNS.map(str::to_owned).to_vec()));
        let frame = reader.with_slice(Some((start, *group))).set_rechunk(true).finish();
        frame.and_then(|frame| gathered.add(&frame)).map_err(|error| damaged(name, &error))?;
        start += group;
    }
    Ok(gathered.finish())
}

/// Events of the groups of rows read so far, with texts numbered as they came.
struct Gathered {
    rows: usize,
    events: Events,
    runs: Interner,
    nodes: Interner,
    processes: Interner,
    hosts: Interner,
    protocols: Interner,
    conditions: Interner,
}

impl Gathered {
    /// Nothing yet of a file with that many rows.
    fn new(rows: usize) -> Self {
        let events = Events {
            kind: Vec::with_capacity(rows),
            round: Vec::with_capacity(rows),
            sender: Vec::with_capacity(rows),
            receiver: Vec::with_capacity(rows),
            received_ns: Vec::with_capacity(rows),
            sent_ns: Vec::with_capacity(rows),
            latency_ns: Vec::with_capacity(rows),
            ..Events::default()
        };
        let [runs, nodes, processes, hosts, protocols, conditions] = [(); 6].map(|()| Interner::default());
        Self { rows, events, runs, nodes, processes, hosts, protocols, conditions }
    }

    fn add(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        let total = self.rows;
        let numbers = |name: &str| coded(frame.column(name)?.as_materialized_series());
        let events = &mut self.events;
        events.kind.extend(kinds(numbers("event_type")?)?);
        events.run.append(&numbers("run_id")?.interned(&mut self.runs), total);
        events.round.extend(values(frame.column("round")?.u32()?, 1));
        events.nodes.append(&values(frame.column("nodes")?.u32()?, 0), total);
        events.sender.extend(numbers("sender_id")?.interned(&mut self.nodes));
        events.receiver.extend(numbers("receiver_id")?.interned(&mut self.nodes));
        let received_ns: Vec<i64> = values(frame.column("received_ns")?.i64()?, 0);
        let floats = frame.column(FLOAT_TIMESTAMP)?.bool()?.iter();
        let floats: Vec<bool> = floats.map(|float| float.unwrap_or(false)).collect();
        let mut latency_ns = latencies(frame.column("propagation_time")?.f64()?);
        let mut sent_ns: Vec<i64> = values(frame.column("sent_ns")?.i64()?, UNKNOWN_NS);
        for (row, (sent_ns, latency_ns)) in sent_ns.iter_mut().zip(&mut latency_ns).enumerate() {
            *latency_ns = exact_latency_ns((received_ns[row], *sent_ns), *latency_ns, floats[row]);
            if *sent_ns == UNKNOWN_NS && *latency_ns != UNKNOWN_NS {
                *sent_ns = received_ns[row].saturating_sub(*latency_ns);
            }
        }
        events.received_ns.extend(received_ns);
        events.sent_ns.extend(sent_ns);
        events.latency_ns.extend(latency_ns);
        events.hop.append(&values(frame.column("hop")?.i32()?, -1), total);
        events.send.append(&sends(frame.column("send_id")?.str()?), total);
        let bytes: Vec<u32> = frame.column("bytes")?.u64()?.iter().map(copy_bytes).collect();
        events.bytes.append(&bytes, total);
        events.seq.append(&values(frame.column("seq")?.u64()?, 0), total);
        events.process.append(&numbers("process")?.interned(&mut self.processes), total);
        events.host.append(&numbers("host")?.interned(&mut self.hosts), total);
        events.protocol.append(&numbers("protocol")?.interned(&mut self.protocols), total);
        events.condition.append(&numbers("condition")?.interned(&mut self.conditions), total);
        events.float_timestamp.append(&floats, total);
        Ok(())
    }

    /// The events, with texts numbered in their order.
    fn finish(self) -> Events {
        let mut events = self.events;
        let (nodes, to_sorted) = self.nodes.sorted();
        if !to_sorted.is_sorted() {
            let ends = events.sender.iter_mut().chain(&mut events.receiver);
            ends.for_each(|number| *number = to_sorted[*number as usize]);
        }
        let names = Names {
            runs: into_dictionary(&self.runs, &mut events.run),
            nodes,
            processes: into_dictionary(&self.processes, &mut events.process),
            hosts: into_dictionary(&self.hosts, &mut events.host),
            protocols: into_dictionary(&self.protocols, &mut events.protocol),
            conditions: into_dictionary(&self.conditions, &mut events.condition),
        };
        Events { names, ..events }
    }
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

impl Coded {
    /// The column's values as numbers of texts in `names`.
    fn interned(self, names: &mut Interner) -> Vec<u32> {
        let to_names: Vec<u32> = self.texts.iter().map(|text| names.number(text, None)).collect();
        self.numbers.iter().map(|number| to_names[*number as usize]).collect()
    }
}

/// A sorted dictionary of `names`, whose numbers `column` holds.
fn into_dictionary(names: &Interner, column: &mut Column<u32>) -> Dictionary {
    let (dictionary, to_sorted) = names.sorted();
    if !to_sorted.is_sorted() {
        column.replace(|number| to_sorted[number as usize]);
    }
    dictionary
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
