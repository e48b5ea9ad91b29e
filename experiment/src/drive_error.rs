//! Why a run ends before its last round.

use crate::backend::BackendError;
use crate::cluster::ClusterError;
use crate::folder::FolderError;

/// Why a run could not be driven to its end.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A process did not do what it was asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A process that was killed could not be brought up again.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The manifest could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}
