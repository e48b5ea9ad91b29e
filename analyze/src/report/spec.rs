//! What to report on, and how: everything beside the records that tables, figures and words depend on.

use serde::{Deserialize, Serialize};

use crate::inputs::telemetry::Source;
use crate::inputs::{Input, TimeScale};
use crate::measure::usage::Window;
use crate::measure::{EnergyModel, Origin};
use crate::output::FigureSpec;

/// What to report on, and how. `bundle.json` remembers it in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportSpec {
    /// Run folders and files.
    pub inputs: Vec<Input>,
    /// What the numbers of their times count.
    #[serde(default, skip_serializing_if = "TimeScale::is_own")]
    pub times: TimeScale,
    /// What pods used: files beside those that stand in run folders.
    pub telemetry: Vec<Source>,
    /// From when figures and the printed table count time.
    pub origin: Origin,
    /// Rounds below it are in the tables and in no statistic.
    pub warm_up: u32,
    /// Which samples of telemetry count.
    pub window: Window,
    /// What bytes and time cost; none: the report tells of no energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyModel>,
    /// How figures look, and what their files are.
    pub figures: FigureSpec,
}

impl ReportSpec {
    /// A report on these inputs with nothing else asked for.
    pub fn of(inputs: Vec<Input>) -> Self {
        Self {
            inputs,
            times: TimeScale::default(),
            telemetry: Vec::new(),
            origin: Origin::FirstSend,
            warm_up: 1,
            window: Window::default(),
            energy: None,
            figures: FigureSpec::default(),
        }
    }
}
