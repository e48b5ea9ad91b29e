//! Why nothing was exported.

use std::io;
use std::path::PathBuf;

use super::seed::Unfit;
use crate::fetch::FetchError;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The records cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A record that the form cannot hold.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The file cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
