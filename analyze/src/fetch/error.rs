//! Why nothing was fetched, from whichever source.

use std::io;
use std::path::PathBuf;

use cnsim_records::error::SourceError;
use cnsim_records::spool;

#[cfg(feature = "bigquery")]
use super::bigquery::BigQueryError;
#[cfg(feature = "kubernetes")]
use super::pods::LogsError;
use crate::inputs::InputError;

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A file of records cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A path or a run folder cannot be read as an input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The logs of pods cannot be read.
    #[cfg(feature = "kubernetes")]
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// BigQuery gives nothing.
    #[cfg(feature = "bigquery")]
    #[error(transparent)]
    BigQuery(#[from] BigQueryError),
    /// A run that no event names.
    #[error("no event of run {run_id:?}: the runs there are {there}")]
    NoSuchRun {
        /// As typed.
        run_id: String,
        /// Those that there are.
        there: String,
    },
    /// A run whose name cannot be a folder's.
    #[error("the run id {run_id:?} cannot name a folder: fetch the other runs with --run-id")]
    Name {
        /// As the events say.
        run_id: String,
    },
    /// Events that another source gave.
    #[error("{}: holds events of another source ({source_there}): use --force to replace them", folder.display())]
    OtherSource {
        /// The run's folder.
        folder: PathBuf,
        /// Where its events came from.
        source_there: String,
    },
    /// Fewer records than there are.
    #[error(
        "{}: holds {there} records, and this fetch found {found}: widen --since and --until, or use --force to replace them",
        folder.display()
    )]
    Fewer {
        /// The run's folder.
        folder: PathBuf,
        /// Records in it.
        there: u64,
        /// Records that were found.
        found: u64,
    },
    /// Records could not be kept on their way.
    #[error(transparent)]
    Spool(#[from] spool::Failed),
    /// The user stopped it.
    #[error("interrupted: nothing was fetched")]
    Interrupted,
    /// The output cannot be written.
    #[error("{}: cannot write it", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
