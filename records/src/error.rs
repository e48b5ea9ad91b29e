//! What can be wrong with an input, each in one line that names the file and where.

use std::io;

use cnsim::event::{Column, ReadError};

/// The most records of one input: they are numbered by 32 bits.
pub const RECORDS_MAX: u64 = u32::MAX as u64 - 1;

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("{path}: no such file or folder")]
    Missing {
        /// As typed.
        path: String,
    },
    /// The system refused.
    #[error("{path}: cannot read it")]
    Io {
        /// As typed.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A compressed file that ends too early or is damaged.
    #[error("{path}: the {format} data are cut off or damaged, fetch the file again")]
    Compressed {
        /// As typed.
        path: String,
        /// `gzip` or `zstd`.
        format: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A Parquet file that cannot be read.
    #[error("{path}: cannot read it as Parquet: {reason}")]
    Parquet {
        /// As typed.
        path: String,
        /// Why.
        reason: String,
    },
    /// Nothing in it.
    #[error("{path}: the file is empty")]
    Empty {
        /// As typed.
        path: String,
    },
    /// More than rows are numbered.
    #[error(
        "{path}: with it there are more than {} records, which are too many at once: report on fewer files",
        RECORDS_MAX
    )]
    TooManyRecords {
        /// As typed.
        path: String,
    },
    /// A table without rows.
    #[error("{path}: there is a header but no row below it")]
    NoRows {
        /// As typed.
        path: String,
    },
    /// Lines, but no event among them.
    #[error("{path}: no line is an event ({rejected} lines; line {line}: {reason})")]
    NoEvents {
        /// As typed.
        path: String,
        /// How many lines there are.
        rejected: u64,
        /// The first of them.
        line: u64,
        /// Why the first is none.
        reason: String,
    },
    /// A table without a column that every event has.
    #[error("{path}: column {missing} is missing; the columns are {found}")]
    Column {
        /// As typed.
        path: String,
        /// The column.
        missing: Column,
        /// The columns that there are.
        found: String,
    },
    /// A broken line or row.
    #[error("{path}:{line}: {problem}")]
    Line {
        /// As typed.
        path: String,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        problem: LineProblem,
    },
}

/// What is wrong with a line or a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Its columns give no record.
    #[error(transparent)]
    Record(#[from] ReadError),
    /// It is not text.
    #[error("invalid UTF-8")]
    Utf8,
    /// A row of the wrong length.
    #[error("{found} fields where the header has {wanted}")]
    Fields {
        /// How many there are.
        found: usize,
        /// How many the header has.
        wanted: usize,
    },
    /// A quote that is never closed.
    #[error("a quoted field has no closing quote")]
    Quote,
}
