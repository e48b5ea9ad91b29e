//! The report: everything that is known of the inputs, as one folder that a reader can open and a program can parse.
//!
//! Load, analyse, audit, draw, serialise to bytes, write. Every serialiser is pure; the folder appears whole or not at
//! all. The same inputs, options and build give the same bytes: no time of day, no name of a machine, no order of
//! threads enters them. Printing is the caller's.

mod figures;
mod folder;
mod list;
mod page;
mod screen;
mod summary;
mod telemetry;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cnsim::manifest::{Manifest, Tool};
use cnsim_charts::Metadata;

use crate::audit::{self, Quality, Verdict};
use crate::bundle;
use crate::commands::runs::Format;
use crate::evaluation::Study;
use crate::inputs::{self, About, FileFacts, Input};
use crate::measure::usage::Window;
use crate::measure::{Analysis, Origin};
use crate::output::figure_file::FigureOptions;
use crate::output::{self, Table};
use cnsim_records::whole;
use folder::Place;
use telemetry::Telemetry;

pub(crate) use folder::File;
pub use folder::FolderError;

/// What made the report, as its files name it.
const TOOL_NAME: &str = "cnsim-analyze";

/// What to report on, and how.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// Run folders and files.
    pub inputs: Vec<Input>,
    /// The folder to write; none: `report` in the run folder where that is the only input, else in the current folder.
    pub output: Option<PathBuf>,
    /// From when figures and the printed table count time.
    pub origin: Origin,
    /// Rounds below it are in the tables and in no statistic.
    pub warm_up: u32,
    /// What pods used: files beside those that stand in run folders.
    pub telemetry: Vec<crate::inputs::telemetry::Source>,
    /// Which samples of it count.
    pub window: Window,
    /// The zip to put everything into that a reader needs to make the report again.
    pub bundle: Option<PathBuf>,
    /// How figures look, and what their files are.
    pub figures: FigureOptions,
    /// How the convergence table is printed.
    pub format: Format,
    /// Version and revision of the program that reports.
    pub tool: Tool,
}

/// What a report came to.
#[derive(Debug)]
pub struct Outcome {
    /// The convergence table from the chosen origin, to be printed as the result.
    pub table: Vec<u8>,
    /// Verdict, findings above info and where the page is, to be printed as messages.
    pub messages: String,
    /// Whether the numbers can be trusted.
    pub verdict: Verdict,
    /// The report's folder.
    pub folder: PathBuf,
}

/// Makes a report.
///
/// # Errors
/// Where an input cannot be read, a figure cannot be drawn or the folder cannot be written. Nothing is left behind then.
pub fn run(options: &ReportOptions) -> anyhow::Result<Outcome> {
    let folder = options.output.clone().unwrap_or_else(|| default_folder(&options.inputs));
    folder::check_replaceable(&folder)?;
    if let Some(bundle) = &options.bundle {
        check_bundle(bundle, &folder, &options.inputs)?;
    }
    let place = Place::claim(&folder)?;
    let made = make(options, None)?;
    place.fill(&made.files)?;
    if let Some(bundle) = &options.bundle {
        bundle::pack(options, bundle).context("no bundle was made")?;
    }
    Ok(Outcome {
        table: screen::convergence(&made.analysis, options.origin, options.format),
        messages: screen::messages(&made.quality, &folder.join("index.html")),
        verdict: made.quality.verdict,
        folder,
    })
}

/// Refuses a bundle in the place of an input, and in the report's folder, which every report replaces.
fn check_bundle(bundle: &Path, folder: &Path, inputs: &[Input]) -> anyhow::Result<()> {
    if whole::is_one_of(bundle, inputs.iter().map(|input| input.path.as_path())) {
        bail!("--bundle {} is one of the inputs: give it another name", bundle.display());
    }
    if std::path::absolute(bundle)?.starts_with(std::path::absolute(folder)?) {
        bail!("--bundle {} lies in the report's folder, which is replaced: put it elsewhere", bundle.display());
    }
    Ok(())
}

/// A report that is written nowhere yet.
pub(crate) struct Made {
    /// Its files.
    pub(crate) files: Vec<File>,
    /// What was measured.
    pub(crate) analysis: Analysis,
    /// What was found wrong.
    pub(crate) quality: Quality,
    inputs: Vec<About>,
}

impl Made {
    /// The manifests of runs that have one, by run id.
    pub(crate) fn manifests(&self) -> BTreeMap<&str, &Manifest> {
        let runs = self.inputs.iter().flat_map(|input| &input.runs);
        runs.map(|(run_id, facts)| (run_id.as_str(), &facts.manifest)).collect()
    }
}

/// Makes a report. Files are named in it as they lie below `root`, where that is given.
pub(crate) fn make(options: &ReportOptions, root: Option<&Path>) -> anyhow::Result<Made> {
    let mut study = Study::read(&options.inputs, options.warm_up)?;
    let mut telemetry = Telemetry::read(options, &study)?;
    if let Some(root) = root {
        study.inputs.iter_mut().for_each(|input| input.facts.below(root));
        telemetry.below(root);
    }
    let quality = audit::audit(&study).with_telemetry(&telemetry.series);
    let files = serialise(options, &study, &telemetry, &quality)?;
    let Study { inputs, analysis, .. } = study;
    Ok(Made { files, analysis, quality, inputs })
}

/// Every file of the report.
fn serialise(
    options: &ReportOptions,
    study: &Study,
    telemetry: &Telemetry,
    quality: &Quality,
) -> anyhow::Result<Vec<File>> {
    let analysis = &study.analysis;
    let read = study.inputs.iter().flat_map(|input| &input.facts.files);
    let inputs: Vec<&FileFacts> = read.chain(&telemetry.files).collect();
    let input_sha256 = inputs::combined_digest(&inputs);
    let material = figures::Material {
        analysis,
        origin: options.origin,
        telemetry: &telemetry.plotted,
        options: &options.figures,
    };
    let figures = figures::all(&material).context("cannot draw a figure")?;
    let chosen = [("origin", options.origin.as_str().to_owned()), ("warm-up", options.warm_up.to_string())];
    let chosen: Vec<_> = chosen.into_iter().chain(options.figures.chosen()).collect();
    let metadata = metadata(&options.tool, &chosen, &input_sha256);
    let mut files = figures::files(&figures, &options.figures, &metadata).context("cannot encode a figure")?;
    let mut tables = output::all(analysis);
    tables.extend(output::of_network(&study.inputs, quality));
    tables.extend(output::telemetry(&telemetry.usages));
    files.extend(tables.iter().flat_map(table_files));
    let summary =
        summary::Content { options, files: &inputs, input_sha256: &input_sha256, analysis, quality, figures: &figures };
    files.push(File { path: "summary.json".to_owned(), bytes: summary::json(&summary) });
    files.push(File { path: "quality.json".to_owned(), bytes: quality.to_json() });
    let page = page::Content { options, analysis, quality, tables: &tables, figures: &figures, files: &inputs };
    files.push(File { path: "index.html".to_owned(), bytes: page::html(&page).context("cannot lay out the page")? });
    Ok(files)
}

fn table_files(table: &Table) -> [File; 3] {
    let file = |ending, bytes| File { path: format!("tables/{}.{ending}", table.name), bytes };
    [file("csv", table.to_csv()), file("md", table.to_markdown()), file("tex", table.to_latex())]
}

fn default_folder(inputs: &[Input]) -> PathBuf {
    match inputs {
        [input] if input.path.is_dir() => input.path.join("report"),
        _ => Path::new("report").to_owned(),
    }
}

/// What files say of where they come from.
pub(crate) fn metadata(tool: &Tool, options: &[(&str, String)], input_sha256: &str) -> Metadata {
    Metadata {
        tool: format!("{TOOL_NAME} {}", tool.version),
        revision: tool.revision.clone(),
        input_sha256: input_sha256.to_owned(),
        options: options.iter().map(|(option, value)| ((*option).to_owned(), value.clone())).collect(),
    }
}
