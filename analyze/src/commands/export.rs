//! `export`: a run's records in a form that other programs read.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::export::{self, ExportError, ExportSpec, Form};

/// What can be typed after `cnsim-analyze export`.
#[derive(Debug, Clone, Args)]
#[command(before_help = "Examples:
  cnsim-analyze export runs/4abf0c12-cubaan10 --format seed-csv -o results.csv
  cnsim-analyze export runs/4abf0c12-cubaan10 --format arrow -o - | python3 -c 'import pyarrow as pa, sys; ...'")]
#[command(after_help = "Repeated rows are left out. Exit code: 0 fine, 1 failed, 2 usage.")]
pub struct ExportArgs {
    /// Run folder, JSON lines, CSV or Parquet, plain, .gz or .zst; a pattern; - is standard input
    #[arg(required = true, value_name = "RUN")]
    pub inputs: Vec<PathBuf>,
    /// The form of the records
    #[arg(long, value_enum)]
    pub format: Form,
    /// Export this run only; may be given again [default: every run that is there]
    #[arg(long = "run-id", value_name = "ID")]
    pub run_ids: Vec<String>,
    /// The file to write; - is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

impl ValueEnum for Form {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::SeedCsv, Self::Csv, Self::Parquet, Self::Jsonl, Self::Arrow]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::SeedCsv => (
                "seed-csv",
                "The published system's CSV, which its notebooks read: seven columns, no quotes, no final line end",
            ),
            Self::Csv => ("csv", "CSV with every column"),
            Self::Parquet => ("parquet", "Parquet, as fetch writes it"),
            Self::Jsonl => ("jsonl", "JSON lines, as nodes log them"),
            Self::Arrow => ("arrow", "Arrow's IPC stream"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// Exports.
pub(super) fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let ExportArgs { inputs, format, run_ids, output } = args;
    match export::export(&ExportSpec { inputs, format, run_ids, output }) {
        // Whoever reads it has seen enough.
        Err(ExportError::Write { source, .. }) if source.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        exported => Ok(exported.map(|()| ExitCode::SUCCESS)?),
    }
}
