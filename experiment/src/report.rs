//! `--report`: the report on runs that have just been made: on one in its own folder, on several in one that is called as they are.

use std::path::{Path, PathBuf};

use cnsim_analyze::inputs::Input;
use cnsim_analyze::report::{self, ReportSpec};
use cnsim_analyze::table::TableFormat;

/// The folder of a report.
const REPORT: &str = "report";

/// Makes the report on the runs in `folders`, and returns what it has to say. `whole` is the folder that is called as several runs
/// are without their numbers.
pub fn make(folders: &[PathBuf], whole: Option<&Path>) -> anyhow::Result<String> {
    let input = |folder: &PathBuf| Input { label: None, path: folder.clone() };
    let spec = ReportSpec::of(folders.iter().map(input).collect());
    let place = whole.map_or_else(|| report::default_folder(&spec.inputs), |whole| whole.join(REPORT));
    let outcome = report::write(&spec, &crate::version::tool(), &place, TableFormat::Text)?;
    Ok(format!("{}{}", String::from_utf8_lossy(&outcome.table), outcome.messages))
}
