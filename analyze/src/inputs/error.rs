//! Why what a user named cannot be read as inputs, each in one line that names the path.

use std::path::PathBuf;

use cnsim_records::error::SourceError;

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file of records cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A pattern that is none, or that no file matches.
    #[error("{pattern}: {reason}")]
    Pattern {
        /// As typed.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that no run wrote.
    #[error("{path}: not a run folder: it holds neither events.parquet nor events.jsonl nor parts/*.jsonl")]
    NotARunFolder {
        /// As typed.
        path: String,
    },
    /// A run folder without records, as asked for.
    #[error("{path}: this run kept no records (--records none); its manifest.json says how each round ended")]
    NoRecords {
        /// As typed.
        path: String,
    },
    /// A run folder's other file that cannot be read.
    #[error("{}: {reason}", path.display())]
    Companion {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A line of a run folder's other file that cannot be read.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Times that are no nanoseconds of these years.
    #[error("{path}: its times are no nanoseconds since 1970 ({example} would be in {as_time}); {advice}")]
    Times {
        /// As typed.
        path: String,
        /// The first of them, as it stands there.
        example: i64,
        /// The day that it would be.
        as_time: String,
        /// What to do.
        advice: String,
    },
    /// Two paths that would be one condition.
    #[error(
        "{first} and {second} would both be the condition {condition:?}: give each its label, as in LABEL={unnamed}"
    )]
    SameName {
        /// The condition.
        condition: String,
        /// One path.
        first: String,
        /// The other path.
        second: String,
        /// One of them that has no label.
        unnamed: String,
    },
}
