//! `--report`: the report on a run that has just been made, in its own folder.

use std::path::PathBuf;

use cnsim_analyze::inputs::Input;
use cnsim_analyze::report::{self, ReportSpec};
use cnsim_analyze::table::TableFormat;

/// Makes the report on the runs in `folders`, and returns what it has to say.
pub fn make(folders: &[PathBuf]) -> anyhow::Result<String> {
    let input = |folder: &PathBuf| Input { label: None, path: folder.clone() };
    let spec = ReportSpec::of(folders.iter().map(input).collect());
    let place = report::default_folder(&spec.inputs);
    let outcome = report::write(&spec, &crate::version::tool(), &place, TableFormat::Text)?;
    Ok(format!("{}{}", String::from_utf8_lossy(&outcome.table), outcome.messages))
}
