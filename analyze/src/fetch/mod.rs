//! `fetch`: events from wherever they are into run folders, in order and without repeats.

#[cfg(feature = "bigquery")]
pub mod bigquery;
mod error;
mod existing;
mod files;
mod interrupt;
#[cfg(any(feature = "bigquery", feature = "kubernetes"))]
mod list;
#[cfg(feature = "kubernetes")]
mod pods;
mod run_folders;
mod runs;
mod spec;
mod write;

use files::FilesRead;

pub use error::FetchError;
pub(crate) use files::{frame, ordered};
#[cfg(feature = "kubernetes")]
pub use pods::LogsError;
#[cfg(feature = "kubernetes")]
pub use spec::Pods;
pub use spec::{FetchSource, FetchSpec, Fetched, OtherEvents};

/// Fetches. Every file is written before the first one is put in its place.
pub fn fetch(spec: &FetchSpec) -> Result<Fetched, FetchError> {
    match &spec.source {
        FetchSource::Files(paths) => {
            let files = FilesRead::of_files(paths, &spec.out)?;
            Ok(Fetched { folders: files.put(spec)?, notes: Vec::new(), plan: None })
        }
        #[cfg(feature = "kubernetes")]
        FetchSource::Pods(pods) => {
            let (found, _folder) = pods::gather::logs(pods)?;
            pods::gather::fetch(found, spec)
        }
        #[cfg(feature = "bigquery")]
        FetchSource::BigQuery(args) => bigquery::run::fetch(args, spec),
    }
}
