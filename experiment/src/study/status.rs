//! What a study is, and how far: cells, order, what is complete and what failed, and how long the rest takes.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::cells::Cell;
use super::error::StudyError;
use super::estimate::Estimate;
use super::folder::StudyFolder;
use super::plan::{StudyPlan, StudyRun};
use super::record::Attempt;
use crate::backend_choice::BackendChoice;
use crate::progress::shown;
use crate::scenario::check::aligned;

/// So many blocks have their order shown.
const BLOCKS_SHOWN: u32 = 5;

/// So many failed runs have their reason shown.
const FAILED_SHOWN: usize = 10;

/// What would be run, in which order. `folder` is the study's, where it was begun.
///
/// # Errors
/// Where a cell's runs cannot be made.
pub fn describe(plan: &StudyPlan, file: &Path, folder: Option<&StudyFolder>) -> Result<String, StudyError> {
    let mut text = head(plan);
    text.push_str(&aligned(&table(plan, &[], |_| Vec::new())));
    text.push('\n');
    for block in 1..=plan.blocks.min(BLOCKS_SHOWN) {
        let order: Vec<String> = plan.block(block).iter().map(|run| run.cell.to_string()).collect();
        line(&mut text, format_args!("block {block}: cells {}", order.join(" ")));
    }
    if plan.blocks > BLOCKS_SHOWN {
        line(&mut text, format_args!("and {} blocks more, each in an order of its own", plan.blocks - BLOCKS_SHOWN));
    }
    text.push('\n');
    let pods = pods(plan, file)?;
    match folder.and_then(|folder| estimated(plan, folder, &pods)) {
        Some(estimate) => text.push_str(&estimate),
        None => line(
            &mut text,
            format_args!(
                "how long it takes is not known before a block is complete: cnsim study run {} --blocks 1 makes the first",
                file.display()
            ),
        ),
    }
    Ok(text)
}

/// How far a study is.
pub fn status(plan: &StudyPlan, folder: &StudyFolder) -> String {
    let attempts = folder.attempts();
    let runs: Vec<StudyRun> = plan.runs().collect();
    let is_complete: Vec<bool> = runs.iter().map(|run| folder.is_complete(plan, *run)).collect();
    let complete = is_complete.iter().filter(|is_complete| **is_complete).count();
    let mut text = head(plan);
    let missing: Vec<StudyRun> =
        runs.iter().zip(&is_complete).filter(|(_, is_complete)| !**is_complete).map(|(run, _)| *run).collect();
    let failed: Vec<(StudyRun, &Attempt)> =
        missing.iter().filter_map(|run| Some((*run, last_failed(plan, *run, &attempts)?))).collect();
    let of_cell = |cell: &Cell| {
        let missing = missing.iter().filter(|run| run.cell == cell.number).count() as u32;
        let failed = failed.iter().filter(|(run, _)| run.cell == cell.number).count();
        vec![format!("{} of {}", plan.blocks - missing, plan.blocks), failed.to_string()]
    };
    text.push_str(&aligned(&table(plan, &["complete", "failed"], of_cell)));
    text.push('\n');
    for (run, attempt) in failed.iter().take(FAILED_SHOWN) {
        let reason = attempt.failed.as_deref().unwrap_or_default();
        line(&mut text, format_args!("{} failed: {reason}", plan.run_id(*run)));
    }
    if failed.len() > FAILED_SHOWN {
        line(&mut text, format_args!("and {} runs more", failed.len() - FAILED_SHOWN));
    }
    let left = (complete < runs.len()).then(|| Estimate::of(plan, &attempts).sum(&missing)).flatten();
    let left = left.map_or_else(String::new, |(time, _)| format!("; {}", shown(time)));
    line(&mut text, format_args!("{complete} of {} runs are complete{left}", runs.len()));
    text
}

/// A row for each cell: its number, its condition and the level of each factor, and what else is to be said of it.
fn table(plan: &StudyPlan, more: &[&str], of_cell: impl Fn(&Cell) -> Vec<String>) -> Vec<Vec<String>> {
    let factors = plan.cells.first().into_iter().flat_map(|cell| &cell.levels).map(|level| level.factor.clone());
    let names = ["cell", "condition"].map(str::to_owned).into_iter().chain(factors);
    let head = names.chain(more.iter().map(|name| (*name).to_owned())).collect();
    let row = |cell: &Cell| {
        let levels = cell.levels.iter().map(|level| level.level.clone());
        let known = [cell.number.to_string(), cell.condition.clone()];
        known.into_iter().chain(levels).chain(of_cell(cell)).collect()
    };
    [head].into_iter().chain(plan.cells.iter().map(row)).collect()
}

/// The runs that are complete, cell by cell: what a report is on.
pub fn complete(plan: &StudyPlan, folder: &StudyFolder) -> Vec<StudyRun> {
    let mut runs: Vec<StudyRun> = plan.runs().filter(|run| folder.is_complete(plan, *run)).collect();
    runs.sort_by_key(|run| (run.cell, run.block));
    runs
}

fn head(plan: &StudyPlan) -> String {
    let (cells, blocks) = (plan.cells.len() as u64, u64::from(plan.blocks));
    format!("study {}: {cells} cells x {blocks} blocks = {} runs, seed {}\n\n", plan.name, cells * blocks, plan.seed)
}

/// The last attempt at a run, where it failed.
fn last_failed<'a>(plan: &StudyPlan, run: StudyRun, attempts: &'a [Attempt]) -> Option<&'a Attempt> {
    let id = plan.run_id(run);
    attempts.iter().rev().find(|attempt| attempt.run_id == id.as_str()).filter(|attempt| attempt.failed.is_some())
}

/// Time and disk of the study by the runs that are complete; none before one is.
fn estimated(plan: &StudyPlan, folder: &StudyFolder, pods: &[u32]) -> Option<String> {
    let estimate = Estimate::of(plan, &folder.attempts());
    let all: Vec<StudyRun> = plan.runs().collect();
    let (block, whole) = (estimate.sum(&plan.block(1))?, estimate.sum(&all)?);
    let mut text = format!(
        "by {} runs that are complete: a block takes {} and {:.1} MB, all of it {} and {:.1} MB\n",
        estimate.runs(),
        words(block.0),
        block.1 as f64 / 1e6,
        words(whole.0),
        whole.1 as f64 / 1e6,
    );
    let hours = |run: &StudyRun| estimate.sum(&[*run]).map_or(0.0, |(time, _)| time.as_secs_f64() / 3_600.0);
    let pod_hours: f64 = all.iter().map(|run| f64::from(pods[run.cell as usize - 1]) * hours(run)).sum();
    if pod_hours > 0.0 {
        line(&mut text, format_args!("on Kubernetes that is {pod_hours:.1} pod-hours"));
    }
    Some(text)
}

/// Pods of each cell; none where it needs no cluster.
fn pods(plan: &StudyPlan, file: &Path) -> Result<Vec<u32>, StudyError> {
    let of_cell = |run: &StudyRun| {
        let (planned, backend) = plan.run_plan(*run, file, None)?;
        Ok(match backend {
            BackendChoice::Kubernetes(_) => planned.processes(),
            BackendChoice::Local | BackendChoice::Sim => 0,
        })
    };
    let mut block = plan.block(1);
    block.sort_by_key(|run| run.cell);
    block.iter().map(of_cell).collect()
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        0..=99 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 100..=5_999 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{:.1} h", seconds as f64 / 3_600.0),
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "{words}").expect("a String takes what is written");
}
