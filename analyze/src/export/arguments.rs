//! What can be typed after `cnsim-analyze export`.

use std::path::PathBuf;

use clap::Args;

use super::options::{ExportOptions, Form};

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

impl From<&ExportArgs> for ExportOptions {
    fn from(args: &ExportArgs) -> Self {
        let ExportArgs { inputs, format, run_ids, output } = args.clone();
        Self { inputs, form: format, run_ids, output }
    }
}
