//! Why a bundle could not be made or is not what it says.

use std::io;
use std::path::PathBuf;

use crate::inputs::InputError;

/// Why a bundle could not be made or is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// An input cannot be read.
    #[error(transparent)]
    Source(#[from] InputError),
    /// The bundle would take the place of an input.
    #[error("--bundle {} is one of the inputs: give it another name", .0.display())]
    IsInput(PathBuf),
    /// The bundle would lie where every report is replaced.
    #[error("--bundle {} lies in the report's folder, which is replaced: put it elsewhere", .0.display())]
    InReport(PathBuf),
    /// There is no report to put into it.
    #[error("{0}")]
    NoReport(String),
    /// Something that only passes by.
    #[error("standard input cannot go into a bundle: save it to a file first")]
    StandardInput,
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It is no zip, or a damaged one.
    #[error("{}: {reason}", path.display())]
    Zip {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A zip of something else.
    #[error("{}: it is no bundle of cnsim-analyze: {reason}", path.display())]
    NoBundle {
        /// Which.
        path: PathBuf,
        /// What gives it away.
        reason: String,
    },
    /// Files that are not as they were bundled.
    #[error("{}: it was changed after it was made: {}", path.display(), files.join(", "))]
    Changed {
        /// The bundle.
        path: PathBuf,
        /// Each file with what befell it.
        files: Vec<String>,
    },
    /// The report cannot be made again.
    #[error("the report cannot be made again from the bundle's inputs: {0}")]
    Report(String),
    /// The report that was made again says something else.
    #[error("{}: made again, the report differs: {}; {hint}", path.display(), files.join(", "))]
    Differs {
        /// The bundle.
        path: PathBuf,
        /// Each file with the first difference.
        files: Vec<String>,
        /// What may explain it.
        hint: String,
    },
}
