//! What commands give besides text: which tables there are, a file a table, and figures with their files. All of it is
//! bytes; nothing here opens a file.

mod clocks;
mod conditions;
mod control;
mod convergence;
mod critical;
mod delays;
mod duplicates;
mod ecdf;
mod energy;
mod factors;
mod faults;
mod figure_file;
mod figure_spec;
pub mod figures;
mod file;
mod forest;
mod goodput;
mod growth;
mod hops;
mod incidents;
mod intervals;
mod latency;
mod load;
mod metadata;
mod model;
mod named;
mod reliability;
mod resources;
mod rounds;
mod simulated;
mod telemetry;
mod variance;

use rayon::prelude::*;

use crate::audit::Quality;
use crate::evidence::Evidence;
use crate::inputs::About;
use crate::measure::usage::Usage;
use crate::measure::{Analysis, EnergyModel};
use crate::table::Table;

pub(crate) use figure_file::DrawnFigure;
pub use figure_file::FigureError;
pub use figure_spec::FigureSpec;
pub use file::OutputFile;
pub(crate) use forest::forest;
pub(crate) use metadata::{TOOL_NAME, metadata};
pub(crate) use model::{ModelLine, model_lines};
pub(crate) use named::Named;
pub(crate) use simulated::mark;

/// Every table of measurements, in the order of the report.
pub fn all(analysis: &Analysis) -> Vec<Table> {
    let tables: [fn(&Analysis) -> Option<Table>; 15] = [
        |analysis| Some(convergence::table(analysis)),
        |analysis| Some(intervals::table(analysis)),
        |analysis| Some(variance::table(analysis)),
        |analysis| Some(ecdf::table(analysis)),
        |analysis| Some(rounds::table(analysis)),
        |analysis| Some(duplicates::table(analysis)),
        |analysis| Some(hops::table(analysis)),
        |analysis| Some(latency::table(analysis)),
        |analysis| Some(load::table(analysis)),
        critical::table,
        clocks::table,
        resources::table,
        control::table,
        reliability::table,
        growth::table,
    ];
    tables.par_iter().filter_map(|table| Some(simulated::marked(table(analysis)?, analysis))).collect()
}

/// What rounds cost, where any round tells what it moved and how long it lasted.
pub fn energy(analysis: &Analysis, costs: &EnergyModel) -> Option<Table> {
    energy::table(analysis, costs).map(|table| simulated::marked(table, analysis))
}

/// The tables of what runs were made to be and what the network was under, where there is anything to tell: factors and
/// limits of each condition, the models of simulations, link delays, faults, and what befell processes.
pub fn of_network(inputs: &[About], (analysis, evidence): (&Analysis, &Evidence), quality: &Quality) -> Vec<Table> {
    let tables = [
        conditions::table(inputs, &quality.limits),
        factors::table(inputs),
        model::table(inputs),
        delays::table(inputs),
        goodput::table(inputs, analysis),
        faults::table(inputs, evidence),
        incidents::table(inputs),
    ];
    tables.into_iter().flatten().map(|table| simulated::marked(table, analysis)).collect()
}

/// The table of what pods used, where any telemetry tells of it.
pub fn telemetry(usages: &[Usage], analysis: &Analysis) -> Option<Table> {
    telemetry::table(usages).map(|table| simulated::marked(table, analysis))
}

/// The table that `report` prints.
pub fn convergence(analysis: &Analysis) -> Table {
    simulated::marked(convergence::table(analysis), analysis)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
