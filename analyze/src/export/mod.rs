//! `export`: a run's records in a form that other programs read.

mod csv;
mod error;
mod jsonl;
mod seed;
mod spec;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use cnsim::event::Record;

use cnsim_files::whole;
use cnsim_records::write::{write_arrow, write_parquet};

use crate::fetch;

pub use error::ExportError;
pub use spec::{ExportSpec, Form};

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
    let each = |take: &mut dyn FnMut(&[Record<'_>]) -> Result<(), ExportError>| {
        fetch::ordered(&spec.inputs, &spec.run_ids, take)
    };
    // The texts of a column are known with the last record.
    let frame = || fetch::frame(&spec.inputs, &spec.run_ids);
    match spec.format {
        Form::SeedCsv => {
            seed::header(out).map_err(failed)?;
            each(&mut |records| seed::write(records, out, failed))
        }
        Form::Csv => {
            let mut lines = csv::CsvLines::new(out).map_err(failed)?;
            each(&mut |records| lines.write(records).map_err(failed))?;
            lines.finish().map_err(failed)
        }
        Form::Jsonl => each(&mut |records| jsonl::write(records, out).map_err(failed)),
        Form::Parquet => write_parquet(&mut frame()?, out).map_err(failed),
        Form::Arrow => write_arrow(&mut frame()?, out).map_err(failed),
    }
}
