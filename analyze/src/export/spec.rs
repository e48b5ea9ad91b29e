//! What to export, and where to, as plain values.

use std::path::PathBuf;

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
