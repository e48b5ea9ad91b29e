//! A report before it is written: measured and drawn once, then laid out under the names that its inputs shall have.

use std::collections::BTreeMap;

use cnsim::manifest::{Manifest, Tool};
use rayon::prelude::*;

use super::error::ReportError;
use super::figures::{self, Figure, FigureInput};
use super::spec::ReportSpec;
use super::telemetry::Telemetry;
use super::{page, summary};
use crate::audit::{self, Quality};
use crate::evaluation::{Evaluation, evaluate};
use crate::inputs::{self, Facts, FileFacts};
use crate::measure::Analysis;
use crate::output::{self, OutputFile, metadata};
use crate::table::Table;

/// What was measured and drawn.
pub struct Report {
    spec: ReportSpec,
    tool: Tool,
    evaluation: Evaluation,
    /// What was seen while each input was read, with files named as they were read.
    facts: Vec<Facts>,
    telemetry: Telemetry,
    input_sha256: String,
    /// The tables of measurements.
    tables: Vec<Table>,
    figures: Vec<Figure>,
    /// The files of these tables and figures; no name of an input stands in them.
    files: Vec<OutputFile>,
}

/// The files of a report, and what the audit says under the same names.
#[derive(Debug)]
pub struct ReportFiles {
    /// The files.
    pub files: Vec<OutputFile>,
    /// What was found wrong.
    pub quality: Quality,
}

impl Report {
    /// Reads, measures and draws.
    ///
    /// # Errors
    /// Where an input cannot be read or a figure cannot be made.
    pub fn make(spec: &ReportSpec, tool: &Tool) -> Result<Self, ReportError> {
        let evaluation = evaluate(&spec.inputs, spec.times, spec.warm_up)?;
        let telemetry = Telemetry::read(spec, &evaluation)?;
        let analysis = &evaluation.analysis;
        let input_sha256 = inputs::combined_digest(&files_read(&evaluation, &telemetry));
        let sheet = spec.figures.sheet(output::mark(analysis.execution()));
        let input = FigureInput {
            analysis,
            inputs: &evaluation.inputs,
            origin: spec.origin,
            telemetry: &telemetry.plotted,
            sheet,
        };
        let chosen = [("origin", spec.origin.as_str().to_owned()), ("warm-up", spec.warm_up.to_string())];
        let energy = spec.energy.as_ref().map(|costs| ("energy", costs.to_string()));
        let chosen: Vec<_> = chosen.into_iter().chain(energy).chain(spec.figures.chosen()).collect();
        let metadata = metadata(tool, &chosen, &input_sha256);
        let draw = || {
            let figures = figures::all(&input)?;
            let files = figures::files(&figures, &spec.figures, &metadata)?;
            Ok::<_, ReportError>((figures, files))
        };
        let tabulate = || {
            let mut tables = output::all(analysis);
            tables.extend(spec.energy.as_ref().and_then(|costs| output::energy(analysis, costs)));
            let files = table_files(&tables);
            (tables, files)
        };
        let (drawn, (tables, files_of_tables)) = rayon::join(draw, tabulate);
        let (figures, mut files) = drawn?;
        files.extend(files_of_tables);
        Ok(Self {
            spec: spec.clone(),
            tool: tool.clone(),
            facts: evaluation.inputs.iter().map(|input| input.facts.clone()).collect(),
            evaluation,
            telemetry,
            input_sha256,
            tables,
            figures,
            files,
        })
    }

    /// Every file of the report, in which `rename` makes a name of an input from that under which it was read. What it is
    /// given begins with the name, and may go on.
    ///
    /// # Errors
    /// Where the page cannot be laid out.
    pub fn files(&mut self, rename: impl Fn(&str) -> String) -> Result<ReportFiles, ReportError> {
        for (input, facts) in self.evaluation.inputs.iter_mut().zip(&self.facts) {
            input.facts = facts.renamed(&rename);
        }
        let (evaluation, telemetry) = (&self.evaluation, self.telemetry.renamed(&rename));
        let quality = audit::audit(evaluation).with_telemetry(&telemetry.series);
        let mut others = output::of_network(&evaluation.inputs, (&evaluation.analysis, &evaluation.evidence), &quality);
        others.extend(output::telemetry(&telemetry.usages, &evaluation.analysis));
        let mut files = self.files.clone();
        files.extend(table_files(&others));
        let read = files_read(evaluation, &telemetry);
        let summary = summary::Content {
            spec: &self.spec,
            tool: &self.tool,
            files: &read,
            input_sha256: &self.input_sha256,
            analysis: &evaluation.analysis,
            quality: &quality,
            figures: &self.figures,
        };
        let page = page::Content {
            spec: &self.spec,
            tool: &self.tool,
            analysis: &evaluation.analysis,
            quality: &quality,
            tables: &self.tables.iter().chain(&others).collect::<Vec<_>>(),
            figures: &self.figures,
            files: &read,
        };
        let pages = [
            ("summary.json", summary::json(&summary)),
            ("quality.json", quality.to_json()),
            ("index.html", page::html(&page).map_err(ReportError::Page)?),
        ];
        files.extend(pages.map(|(path, bytes)| OutputFile { path: path.to_owned(), bytes: bytes.into() }));
        Ok(ReportFiles { files, quality })
    }

    /// What was asked for.
    pub fn spec(&self) -> &ReportSpec {
        &self.spec
    }

    /// The program that made it.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// What was measured.
    pub fn analysis(&self) -> &Analysis {
        &self.evaluation.analysis
    }

    /// The manifests of runs that have one, by run id.
    pub fn manifests(&self) -> BTreeMap<&str, &Manifest> {
        let runs = self.evaluation.inputs.iter().flat_map(|input| &input.runs);
        runs.map(|(run_id, facts)| (run_id.as_str(), &facts.manifest)).collect()
    }
}

/// The files that a report stands on.
fn files_read<'a>(evaluation: &'a Evaluation, telemetry: &'a Telemetry) -> Vec<&'a FileFacts> {
    evaluation.inputs.iter().flat_map(|input| &input.facts.files).chain(&telemetry.files).collect()
}

/// How a table becomes a file.
type Serialise = fn(&Table) -> Vec<u8>;

/// Every table in every format, which takes a while where rounds are many.
fn table_files(tables: &[Table]) -> Vec<OutputFile> {
    let formats: [(&str, Serialise); 3] =
        [("csv", Table::to_csv), ("md", Table::to_markdown), ("tex", Table::to_latex)];
    let file = |table: &Table, (ending, bytes): (&str, Serialise)| OutputFile {
        path: format!("tables/{}.{ending}", table.name),
        bytes: bytes(table).into(),
    };
    tables.par_iter().flat_map(|table| formats.into_par_iter().map(move |format| file(table, format))).collect()
}
