//! `index.html`: one file that needs no script, no network and no other file. The verdict comes first.

use std::collections::BTreeSet;

use askama::Template;
use cnsim::manifest::Tool;

use super::figures::Figure;
use super::finding_lines::{Line, lines};
use super::spec::ReportSpec;
use crate::audit::{Quality, Verdict, power};
use crate::inputs::FileFacts;
use crate::measure::{Analysis, Execution, Origin};
use crate::output::TOOL_NAME;
use crate::table::{Column, Table};

/// Rows of a table that the page holds; its file has all.
const ROWS_SHOWN: usize = 500;

/// Rows up to which a table stands open.
const ROWS_UNFOLDED: usize = 30;

/// Columns up to which a table stands open: more do not fit on paper.
const COLUMNS_UNFOLDED: usize = 14;

/// How much larger than on paper a figure may be.
const ENLARGED: f64 = 1.6;

/// What the page is made from.
pub(super) struct Content<'a> {
    pub(super) spec: &'a ReportSpec,
    pub(super) tool: &'a Tool,
    pub(super) analysis: &'a Analysis,
    pub(super) quality: &'a Quality,
    pub(super) tables: &'a [&'a Table],
    pub(super) figures: &'a [Figure],
    pub(super) files: &'a [&'a FileFacts],
}

/// The page's bytes.
pub(super) fn html(content: &Content<'_>) -> Result<Vec<u8>, askama::Error> {
    let spec = content.spec;
    let page = Page {
        tool: tool_words(content.tool),
        title: title(content.analysis),
        lead: lead(content.analysis, spec),
        simulated: content.analysis.simulated_words(),
        verdict: VerdictWords { word: content.quality.verdict.as_str(), meaning: meaning(content.quality.verdict) },
        findings: lines(&content.quality.findings),
        power: power::lines(content.analysis),
        figures_words: figures_words(spec),
        figures: content.figures.iter().filter_map(Plot::of).collect(),
        left_out: content
            .figures
            .iter()
            .filter_map(|figure| Some((figure.name, *figure.drawn.as_ref().err()?)))
            .collect(),
        tables: content.tables.iter().map(|table| HtmlTable::of(table)).collect(),
        provenance: provenance(spec, content.tool),
        files: content.files,
    };
    let mut text = page.render()?;
    text.push('\n');
    Ok(text.into_bytes())
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    tool: String,
    title: String,
    lead: String,
    /// Which conditions were simulated; none where none was.
    simulated: Option<String>,
    verdict: VerdictWords,
    findings: Vec<Line>,
    /// What the checks could have found.
    power: Vec<String>,
    figures_words: &'static str,
    figures: Vec<Plot<'a>>,
    left_out: Vec<(&'a str, &'a str)>,
    tables: Vec<HtmlTable>,
    provenance: Vec<(&'static str, String)>,
    files: &'a [&'a FileFacts],
}

struct VerdictWords {
    word: &'static str,
    meaning: &'static str,
}

struct Plot<'a> {
    name: &'a str,
    title: &'a str,
    caption: &'a str,
    /// No figure is wider on the page, in inches.
    width_in: String,
    svg: String,
}

struct HtmlTable {
    name: &'static str,
    caption: String,
    columns: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
    /// Rows that are only in the table's file.
    left_out: usize,
}

struct Cell {
    text: String,
    is_number: bool,
}

impl Cell {
    /// Between which a long name may be broken.
    fn parts(&self) -> std::str::Split<'_, char> {
        self.text.split('_')
    }
}

impl HtmlTable {
    fn of(table: &Table) -> Self {
        let cell = |column: &Column, text| Cell { text, is_number: !column.is_left_aligned() };
        let shown = columns_shown(table);
        let row = |cells: &Vec<crate::table::Cell>| {
            let cells = shown.iter().map(|place| (&table.columns[*place], &cells[*place]));
            cells.map(|(column, value)| cell(column, column.rounded(value).unwrap_or_default())).collect()
        };
        Self {
            name: table.name,
            caption: table.caption.to_string(),
            columns: shown
                .iter()
                .map(|place| &table.columns[*place])
                .map(|column| cell(column, column.name.to_owned()))
                .collect(),
            rows: table.rows.iter().take(ROWS_SHOWN).map(row).collect(),
            left_out: table.rows.len().saturating_sub(ROWS_SHOWN),
        }
    }

    /// Whether a column of this name is shown.
    fn shows(&self, column: &str) -> bool {
        self.columns.iter().any(|shown| shown.text == column)
    }

    /// Whether it has a section of its own.
    fn stands_apart(&self) -> bool {
        ["conditions", "convergence", "faults", "incidents", "model"].contains(&self.name)
    }

    /// Whether it is too large to stand open, or on paper at all.
    fn is_folded(&self) -> bool {
        self.rows.len() > ROWS_UNFOLDED || self.columns.len() > COLUMNS_UNFOLDED
    }
}

/// The places of the columns that a reader sees: all, but of `conditions` those with a value, because most runs have no limit
/// and ten of its columns tell of limits.
fn columns_shown(table: &Table) -> Vec<usize> {
    let is_none = |place: usize| table.rows.iter().all(|row| row[place] == crate::table::Cell::None);
    (0..table.columns.len()).filter(|place| table.name != "conditions" || !is_none(*place)).collect()
}

impl<'a> Plot<'a> {
    fn of(figure: &'a Figure) -> Option<Self> {
        let drawing = &figure.drawn.as_ref().ok()?.drawing;
        let width_in = format!("{:.2}", drawing.size_in().0 * ENLARGED);
        Some(Self {
            name: figure.name,
            title: figure.title,
            caption: &figure.caption,
            width_in,
            svg: drawing.inline_svg(),
        })
    }
}

fn title(analysis: &Analysis) -> String {
    let mut conditions: Vec<&str> = analysis.groups.iter().map(|group| group.condition.as_str()).collect();
    conditions.dedup();
    let of_what = match conditions.as_slice() {
        [condition] => format!("Gossip report: {condition}"),
        several => format!("Gossip report on {} conditions", several.len()),
    };
    match analysis.execution() {
        Execution::Measured => of_what,
        Execution::Simulated => format!("{of_what} (SIMULATED)"),
        Execution::Both => format!("{of_what} (PARTLY SIMULATED)"),
    }
}

fn lead(analysis: &Analysis, spec: &ReportSpec) -> String {
    let scored: usize = analysis.groups.iter().map(|group| group.scored().count()).sum();
    let all: usize = analysis.groups.iter().map(|group| group.rounds.len()).sum();
    let runs: BTreeSet<&str> =
        analysis.groups.iter().flat_map(|group| &group.rounds).map(|round| round.run_id.as_str()).collect();
    let nodes: BTreeSet<u32> = analysis.groups.iter().map(|group| group.nodes).collect();
    let nodes: Vec<String> = nodes.iter().map(u32::to_string).collect();
    format!(
        "{all} rounds in {} with {} nodes; {scored} of them are scored: those with a number from {} on.",
        match runs.len() {
            1 => "one run".to_owned(),
            several => format!("{several} runs"),
        },
        nodes.join(", "),
        spec.warm_up
    )
}

fn figures_words(spec: &ReportSpec) -> &'static str {
    match spec.origin {
        Origin::FirstSend => {
            "Drawn from the scored rounds; time counts from the initiator's first send unless the caption says otherwise."
        }
        Origin::Initiate => "Drawn from the scored rounds; time counts from the initiate record.",
    }
}

fn tool_words(tool: &Tool) -> String {
    format!("{TOOL_NAME} {} ({})", tool.version, tool.revision)
}

fn provenance(spec: &ReportSpec, tool: &Tool) -> Vec<(&'static str, String)> {
    vec![
        ("made by", tool_words(tool)),
        ("--origin", spec.origin.as_str().to_owned()),
        ("--warm-up", spec.warm_up.to_string()),
    ]
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sound => "No check found anything that touches the numbers of a scored round.",
        Verdict::Caution => {
            "Some numbers may mean something else than they seem to: read the findings before you use them."
        }
        Verdict::Unsound => "Some numbers are wrong or cannot be trusted: the findings say which.",
    }
}
