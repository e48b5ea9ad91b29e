//! Why telemetry cannot be read or written.

use std::path::PathBuf;

/// Why telemetry cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of no known kind.
    #[error(
        "{}: neither telemetry.parquet, nor Prometheus JSON, nor a Metrics Explorer CSV (whose header begins with TimeSeries ID)",
        .0.display()
    )]
    Kind(PathBuf),
    /// A CSV file does not say what it holds.
    #[error(
        "{path}: its name does not say what it measures: give cpu={path}, memory={path}, received={path} or transmitted={path}",
        path = .0.display()
    )]
    Quantity(PathBuf),
    /// A line that is no sample.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// An answer or a file that is damaged.
    #[error("{from}: {reason}")]
    Damaged {
        /// The file or the query.
        from: String,
        /// What is wrong.
        reason: String,
    },
}
