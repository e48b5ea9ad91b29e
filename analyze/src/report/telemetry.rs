//! The telemetry of a report: the files that were named and those in run folders, and what each run used by them.

use std::collections::{BTreeMap, BTreeSet};

use cnsim_charts::data;

use super::error::ReportError;
use super::spec::ReportSpec;
use crate::evaluation::Evaluation;
use crate::inputs::telemetry::{self, FILE, Series, Source};
use crate::inputs::{About, FileFacts};
use crate::measure::usage::{self, Usage};
use crate::output::figures;

/// The telemetry of a report.
#[derive(Clone)]
pub(super) struct Telemetry {
    /// The files.
    pub(super) files: Vec<FileFacts>,
    /// What they hold.
    pub(super) series: Vec<Series>,
    /// What each run used.
    pub(super) usages: Vec<Usage>,
    /// What the figure shows.
    pub(super) plotted: data::Telemetry,
}

impl Telemetry {
    /// Reads every file. One that was named and tells of no run is an error: it belongs to another study.
    pub(super) fn read(spec: &ReportSpec, evaluation: &Evaluation) -> Result<Self, ReportError> {
        let analysis = &evaluation.analysis;
        let in_folders = spec.inputs.iter().map(|input| input.path.join(FILE)).filter(|path| path.is_file());
        let in_folders = in_folders.map(|path| Source { condition: None, quantity: None, path });
        let (mut seen, mut files, mut series) = (BTreeSet::new(), Vec::new(), Vec::new());
        for source in spec.telemetry.iter().cloned().chain(in_folders) {
            // A run folder's file may be named besides. Files with the same bytes are a finding.
            if source.path.canonicalize().is_ok_and(|path| !seen.insert(path)) {
                continue;
            }
            let read = telemetry::load(&source).map_err(ReportError::Telemetry)?;
            if read.series.iter().all(|one| usage::is_elsewhere(analysis, one)) {
                return Err(ReportError::Elsewhere { path: read.file.path });
            }
            files.push(read.file);
            series.extend(read.series);
        }
        let pods = pods(&evaluation.inputs);
        let usages = usage::usages(analysis, &series, &pods, spec.window);
        let plotted = figures::telemetry::plotted(analysis, &series, &pods);
        Ok(Self { files, series, usages, plotted })
    }

    /// The same with other names of files.
    pub(super) fn renamed(&self, rename: impl Fn(&str) -> String) -> Self {
        let mut renamed = self.clone();
        renamed.files.iter_mut().for_each(|file| file.path = rename(&file.path));
        renamed.series.iter_mut().for_each(|one| one.source = rename(&one.source));
        renamed
    }
}

/// The pods of each run whose manifest names them.
fn pods(inputs: &[About]) -> BTreeMap<String, Vec<String>> {
    let runs = inputs.iter().flat_map(|input| &input.runs);
    let pods = runs.map(|(run_id, facts)| (run_id.clone(), telemetry::pods(&facts.manifest)));
    pods.filter(|(_, pods)| !pods.is_empty()).collect()
}
