//! `index.html`: one file that needs no script, no network and no other file. The verdict comes first.

use askama::Template;

use super::figures::Figure;
use crate::quality::{Check, Finding, Quality, Severity, Verdict};
use crate::source::FileFacts;

/// Findings of one check and severity that the page lists; the others are counted.
const FINDINGS_SHOWN: usize = 5;

/// What the page shows, as texts.
pub(super) struct Content<'a> {
    /// What was measured.
    pub(super) title: String,
    /// How much of it, and from when time counts.
    pub(super) lead: String,
    /// The audit.
    pub(super) quality: &'a Quality,
    /// The table of convergence times, and what it says.
    pub(super) convergence: HtmlTable,
    pub(super) convergence_words: String,
    /// Every figure, made or left out.
    pub(super) figures: &'a [Figure],
    pub(super) figures_words: String,
    /// The other tables.
    pub(super) tables: Vec<HtmlTable>,
    /// The program, then every option, as (term, value).
    pub(super) provenance: Vec<(String, String)>,
    /// The files that were read.
    pub(super) files: Vec<&'a FileFacts>,
}

/// A table with its texts as they are shown.
pub(super) struct HtmlTable {
    /// What it says.
    pub(super) title: String,
    /// Its header.
    pub(super) columns: Vec<HtmlCell>,
    /// Its lines, each as long as the header.
    pub(super) rows: Vec<Vec<HtmlCell>>,
    /// Whether it is long and shown only on demand.
    pub(super) folded: bool,
}

/// One cell.
pub(super) struct HtmlCell {
    pub(super) text: String,
    pub(super) is_number: bool,
}

/// The page's bytes.
pub(super) fn html(content: Content<'_>) -> Result<Vec<u8>, askama::Error> {
    let tool = content.provenance.first().map_or_else(String::new, |(_, value)| value.clone());
    let made = content.figures.iter().filter_map(|figure| Some((figure, figure.drawing.as_ref().ok()?)));
    let left_out = content.figures.iter().filter_map(|figure| Some((figure.name, figure.drawing.as_ref().err().copied()?)));
    let page = Page {
        tool,
        verdict: VerdictWords { word: content.quality.verdict.as_str(), meaning: meaning(content.quality.verdict) },
        findings: findings(&content.quality.findings),
        figures: made
            .map(|(figure, drawing)| Plot {
                name: figure.name,
                title: figure.title,
                caption: &figure.caption,
                svg: drawing.inline_svg(),
            })
            .collect(),
        left_out: left_out.collect(),
        title: content.title,
        lead: content.lead,
        convergence: content.convergence,
        convergence_words: content.convergence_words,
        figures_words: content.figures_words,
        tables: content.tables,
        provenance: content.provenance,
        files: content.files,
    };
    let mut text = page.render()?;
    text.push('\n');
    Ok(text.into_bytes())
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    title: String,
    lead: String,
    tool: String,
    verdict: VerdictWords,
    findings: Vec<Line>,
    convergence: HtmlTable,
    convergence_words: String,
    figures: Vec<Plot<'a>>,
    figures_words: String,
    left_out: Vec<(&'a str, &'a str)>,
    tables: Vec<HtmlTable>,
    provenance: Vec<(String, String)>,
    files: Vec<&'a FileFacts>,
}

struct VerdictWords {
    word: &'static str,
    meaning: &'static str,
}

struct Plot<'a> {
    name: &'a str,
    title: &'a str,
    caption: &'a str,
    svg: String,
}

/// One line of the list of findings.
struct Line {
    severity: Severity,
    /// The verdict that the severity alone would give, as the page's colours are named.
    tone: &'static str,
    check: Check,
    place: String,
    count: u64,
    detail: String,
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

/// The first findings of each check and severity, and a line that counts the rest. They come sorted by both.
fn findings(all: &[Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    for alike in all.chunk_by(|a, b| (a.severity, a.check) == (b.severity, b.check)) {
        let (shown, rest) = alike.split_at(alike.len().min(FINDINGS_SHOWN));
        lines.extend(shown.iter().map(Line::of));
        lines.extend(Line::rest(rest));
    }
    lines
}

impl Line {
    fn of(finding: &Finding) -> Self {
        let tone = match finding.severity {
            Severity::Info => "info",
            Severity::Caution => "caution",
            Severity::Unsound => "unsound",
        };
        let detail = finding.detail.clone();
        Self { severity: finding.severity, tone, check: finding.check, place: place(finding), count: finding.count, detail }
    }

    /// One line for all of `findings`, which are of one check.
    fn rest(findings: &[Finding]) -> Option<Self> {
        let first = Self::of(findings.first()?);
        let count = findings.iter().map(|finding| finding.count).sum();
        let detail = format!("{} more findings of this check are in quality.json", findings.len());
        Some(Self { place: String::new(), count, detail, ..first })
    }
}

/// Where a finding is, in words.
pub(super) fn place(finding: &Finding) -> String {
    let mut parts: Vec<String> = finding.condition.iter().cloned().collect();
    parts.extend(finding.run_id.iter().filter(|run| finding.condition.as_ref() != Some(run)).cloned());
    parts.extend(finding.round.map(|round| format!("round {round}")));
    if parts.is_empty() { "everywhere".to_owned() } else { parts.join(", ") }
}
