//! The report: everything that is known of the inputs, as one folder that a reader can open and a program can parse.
//!
//! Load, analyse, audit, draw, serialise to bytes, write. Every serialiser is pure; the folder appears whole or not at
//! all. The same inputs, options and build give the same bytes: no time of day, no name of a machine, no order of
//! threads enters them. Printing is the caller's.

mod error;
mod figures;
mod finding_lines;
mod folder;
mod made;
mod page;
mod screen;
mod spec;
mod summary;
mod telemetry;

use std::path::Path;

use cnsim::manifest::Tool;

use crate::table::TableFormat;

pub use error::ReportError;
pub use folder::{FolderError, ReportFolder, default_folder};
pub use made::{Report, ReportFiles};
pub use screen::{Outcome, outcome};
pub use spec::ReportSpec;

/// Makes a report and writes it into a folder.
///
/// # Errors
/// Where an input cannot be read, a figure cannot be drawn or the folder cannot be written. Nothing is left behind then.
pub fn write(spec: &ReportSpec, tool: &Tool, folder: &Path, format: TableFormat) -> Result<Outcome, ReportError> {
    let place = ReportFolder::claim(folder)?;
    let mut report = Report::make(spec, tool)?;
    let ReportFiles { files, quality } = report.files(str::to_owned)?;
    place.fill(&files)?;
    Ok(outcome(&report, &quality, folder, format))
}
