//! `--report`: the report on a run that has just been made, in its own folder.

use std::path::Path;

use cnsim_analyze::inputs::Input;
use cnsim_analyze::report::{self, ReportSpec};
use cnsim_analyze::table::TableFormat;

/// Makes the report on the run in `folder`, and returns what it has to say.
pub fn make(folder: &Path) -> anyhow::Result<String> {
    let spec = ReportSpec::of(vec![Input { label: None, path: folder.to_owned() }]);
    let place = report::default_folder(&spec.inputs);
    let outcome = report::write(&spec, &crate::version::tool(), &place, TableFormat::Text)?;
    Ok(format!("{}{}", String::from_utf8_lossy(&outcome.table), outcome.messages))
}
