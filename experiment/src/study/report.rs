//! The report on a study's runs, and the comparison of a cell with itself in a repetition.

use std::path::{Path, PathBuf};

use cnsim_analyze::compare::{self, CompareSpec, Grouping, Pairing, Unsound};
use cnsim_analyze::inputs::{Input, TimeScale};
use cnsim_analyze::measure::catalogue::Metric;
use cnsim_analyze::report::{self, Outcome, ReportSpec};
use cnsim_analyze::table::TableFormat;
use cnsim_node::messages::tell;

/// Makes the report on these run folders in `place`, tells what it has to say, and returns the place.
///
/// # Errors
/// Where a run cannot be read, or the report not written.
pub(super) fn make(runs: &[PathBuf], place: &Path) -> anyhow::Result<String> {
    let outcome = write(runs, place)?;
    tell(format!("{}{}", String::from_utf8_lossy(&outcome.table), outcome.messages).trim_end());
    Ok(format!("{}\n", place.display()))
}

/// Makes the report on these run folders in `place`.
///
/// # Errors
/// Where a run cannot be read, or the report not written.
pub fn write(runs: &[PathBuf], place: &Path) -> anyhow::Result<Outcome> {
    let inputs = runs.iter().map(|folder| Input { label: None, path: folder.clone() }).collect();
    Ok(report::write(&ReportSpec::of(inputs), &crate::version::tool(), place, TableFormat::Text)?)
}

/// What a comparison calls runs of before and of now.
const BEFORE: &str = "before";
const AGAIN: &str = "again";

/// Whether the runs of one cell came out as before, in a sentence.
///
/// # Errors
/// Where the runs cannot be read, or may not be compared.
pub(super) fn compare(before: &[PathBuf], again: &[PathBuf]) -> anyhow::Result<String> {
    let labelled = |label: &'static str, runs: &[PathBuf]| -> Vec<Input> {
        runs.iter().map(|folder| Input { label: Some(label.to_owned()), path: folder.clone() }).collect()
    };
    let spec = CompareSpec {
        inputs: [labelled(BEFORE, before), labelled(AGAIN, again)].concat(),
        times: TimeScale::default(),
        metrics: vec![Metric::default()],
        grouping: Grouping::OneNumberOfNodes,
        baseline: Some(BEFORE.to_owned()),
        pairing: Pairing::Independent,
        level: LEVEL,
        seed: 1,
        warm_up: 1,
        unsound: Unsound::Force,
        gates: Vec::new(),
    };
    let compared = compare::compare(&spec)?;
    Ok(compared.comparisons.into_iter().map(|comparison| comparison.sentence).collect::<Vec<_>>().join("; "))
}

/// The level of the intervals.
const LEVEL: f64 = 0.95;
