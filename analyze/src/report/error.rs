//! Why there is no report.

use super::folder::FolderError;
use crate::inputs::InputError;
use crate::inputs::telemetry::TelemetryError;
use crate::output::FigureError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// An input cannot be read.
    #[error(transparent)]
    Source(#[from] InputError),
    /// Telemetry cannot be read.
    #[error("telemetry")]
    Telemetry(#[source] TelemetryError),
    /// Telemetry that was named and tells of no run: it belongs to another study.
    #[error("telemetry {path}: none of its samples lies in the time of the scored rounds that it tells of")]
    Elsewhere {
        /// The file.
        path: String,
    },
    /// A figure cannot be made.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The page cannot be made.
    #[error("cannot lay out the page")]
    Page(#[source] askama::Error),
    /// The folder cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}
