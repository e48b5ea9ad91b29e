//! `--report`: the report on a run that has just been made, in its own folder.

use std::path::Path;

use cnsim_analyze::commands::runs::Format;
use cnsim_analyze::inputs::Input;
use cnsim_analyze::measure::Origin;
use cnsim_analyze::measure::usage::Window;
use cnsim_analyze::output::figure_file::FigureOptions;
use cnsim_analyze::report::{self, ReportOptions};

/// Makes the report on the run in `folder`, and returns what it has to say.
pub fn make(folder: &Path) -> anyhow::Result<String> {
    let outcome = report::run(&ReportOptions {
        inputs: vec![Input { label: None, path: folder.to_owned() }],
        output: None,
        origin: Origin::FirstSend,
        warm_up: 1,
        telemetry: Vec::new(),
        window: Window::default(),
        bundle: None,
        figures: FigureOptions::default(),
        format: Format::Table,
        tool: crate::run::tool(),
    })?;
    Ok(format!("{}{}", String::from_utf8_lossy(&outcome.table), outcome.messages))
}
