//! `export`: a run's records in a form that other programs read.

mod csv;
mod error;
mod jsonl;
mod record;
mod seed;
mod spec;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use cnsim_records::table::{Keep, Table};
use cnsim_records::whole;

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
    let each =
        |take: &mut dyn FnMut(&Table) -> Result<(), ExportError>| fetch::ordered(&spec.inputs, &spec.run_ids, take);
    match spec.format {
        Form::SeedCsv => {
            seed::header(out).map_err(failed)?;
            each(&mut |rows| seed::write(rows, out, failed))
        }
        Form::Csv => {
            let mut lines = csv::CsvLines::new(out).map_err(failed)?;
            each(&mut |rows| lines.write(rows).map_err(failed))?;
            lines.finish().map_err(failed)
        }
        Form::Jsonl => each(&mut |rows| jsonl::write(rows, out).map_err(failed)),
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
