//! `export`: a run's records in a form that other programs read.

mod csv;
mod seed;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use cnsim::event::Record;

use crate::fetch::{self, FetchError};
use cnsim_records::table::{Keep, Table};
use cnsim_records::whole;

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The published system's CSV, which its notebooks read: seven columns, no quotes, no final line end
    SeedCsv,
    /// CSV with every column
    Csv,
    /// Parquet, as fetch writes it
    Parquet,
    /// JSON lines, as nodes log them
    Jsonl,
    /// Arrow's IPC stream
    Arrow,
}

/// What to export, and where to.
#[derive(Debug, Clone)]
pub struct ExportSpec {
    /// Run folders, files and patterns; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The form of the records.
    pub format: Form,
    /// Export these runs only; none means all that are there.
    pub run_ids: Vec<String>,
    /// The file to write; `-` is standard output.
    pub output: PathBuf,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The records cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A record that the form cannot hold.
    #[error(transparent)]
    Unfit(#[from] seed::Unfit),
    /// The file cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes the records of runs: run by run, each in the order of `events.parquet`. A file is there whole or not at all.
pub fn export(spec: &ExportSpec) -> Result<(), ExportError> {
    let path = &spec.output;
    let failed = |source| ExportError::Write { path: path.clone(), source };
    if path == Path::new("-") {
        let mut out = BufWriter::new(io::stdout().lock());
        write(spec, &mut out, failed)?;
        return out.flush().map_err(failed);
    }
    if whole::is_one_of(path, spec.inputs.iter().map(PathBuf::as_path)) {
        return Err(failed(io::Error::other("it is what is read")));
    }
    let mut out = BufWriter::new(whole::stage(path).map_err(failed)?);
    write(spec, &mut out, failed)?;
    let staged = out.into_inner().map_err(|error| failed(error.into_error()))?;
    whole::put(staged, path).map_err(failed)
}

fn write(
    spec: &ExportSpec,
    out: &mut impl Write,
    failed: impl Fn(io::Error) -> ExportError + Copy,
) -> Result<(), ExportError> {
    let each =
        |take: &mut dyn FnMut(&Table) -> Result<(), ExportError>| fetch::ordered(&spec.inputs, &spec.run_ids, take);
    match spec.format {
        Form::SeedCsv => {
            seed::header(out).map_err(failed)?;
            each(&mut |rows| seed::write(rows, out, failed))
        }
        Form::Csv => {
            let mut lines = csv::Lines::new(out).map_err(failed)?;
            each(&mut |rows| lines.write(rows).map_err(failed))?;
            lines.finish().map_err(failed)
        }
        Form::Jsonl => each(&mut |rows| lines(rows, out).map_err(failed)),
        Form::Parquet => fetch::parquet(&all(each)?, out).map_err(failed),
        Form::Arrow => fetch::arrow(&all(each)?, out).map_err(failed),
    }
}

/// All records together: the texts of a column are known with the last one.
fn all(
    each: impl Fn(&mut dyn FnMut(&Table) -> Result<(), ExportError>) -> Result<(), ExportError>,
) -> Result<Table, ExportError> {
    let mut all = Table::new(Keep::Records);
    each(&mut |rows| {
        all.append(rows);
        Ok(())
    })?;
    Ok(all)
}

fn lines(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    for row in 0..table.rows() {
        line.clear();
        record(table, row).write_line(&mut line);
        out.write_all(&line)?;
    }
    Ok(())
}

/// A row as the record that it was.
fn record(table: &Table, row: usize) -> Record<'_> {
    let rest = table.rest.as_ref().expect("an export gathers whole records");
    Record {
        message: rest.message.text(row).into(),
        sender_id: table.node_names.text(table.sender[row]).into(),
        receiver_id: table.node_names.text(table.receiver[row]).into(),
        received_ns: table.received_ns[row],
        propagation_time: rest.propagation_time[row],
        kind: table.kind[row],
        detail: rest.detail.text(row).into(),
        run_id: table.run.text(row).into(),
        round: table.round[row],
        nodes: table.nodes[row],
        protocol: table.protocol.text(row).into(),
        condition: table.condition.text(row).into(),
        hop: u32::try_from(table.hop.get(row)).ok(),
        sent_ns: rest.sent_ns[row],
        send_id: rest.send_id.text(row).into(),
        seq: Some(table.seq.get(row)).filter(|seq| *seq > 0),
        process: table.process.text(row).into(),
        host: table.host.text(row).into(),
        bytes: rest.bytes[row],
        float_timestamp: table.float_timestamp.get(row),
    }
}
