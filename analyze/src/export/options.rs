//! What to export, and where to, as plain values.

use std::path::PathBuf;

use clap::ValueEnum;

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    /// Files, patterns, run folders; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The form of the records.
    pub form: Form,
    /// The runs to export; none means all that are there.
    pub run_ids: Vec<String>,
    /// The file to write; `-` is standard output.
    pub output: PathBuf,
}
