//! `fetch`: events from wherever they are into run folders, in order and without repeats.

#[cfg(feature = "bigquery")]
pub mod bigquery;
mod error;
mod existing;
mod files;
mod interrupt;
#[cfg(any(feature = "bigquery", feature = "kubernetes"))]
mod list;
mod options;
#[cfg(feature = "kubernetes")]
mod pods;
mod run_folders;
mod runs;
mod write;

use files::Gathered;

pub use error::FetchError;
pub(crate) use files::ordered;
#[cfg(feature = "kubernetes")]
pub use options::Pods;
pub use options::{FetchOptions, FetchSource, Fetched, Others};
#[cfg(feature = "kubernetes")]
pub use pods::LogsError;
pub(crate) use write::{arrow, parquet};

/// Fetches. Every file is written before the first one is put in its place.
pub fn fetch(options: &FetchOptions) -> Result<Fetched, FetchError> {
    match &options.source {
        FetchSource::Files(paths) => {
            let gathered = Gathered::of_files(paths, &options.out)?;
            Ok(Fetched { folders: gathered.put(options)?, notes: Vec::new(), plan: None })
        }
        #[cfg(feature = "kubernetes")]
        FetchSource::Pods(pods) => {
            let (found, _folder) = pods::gather::logs(pods)?;
            pods::gather::fetch(found, options)
        }
        #[cfg(feature = "bigquery")]
        FetchSource::BigQuery(args) => bigquery::run::fetch(args, options),
    }
}
