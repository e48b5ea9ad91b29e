//! `summary.json`: what was read, what was asked for and what came out, for programs.

use std::collections::BTreeSet;

use cnsim::manifest::Tool;
use serde::Serialize;

use super::figures::Figure;
use super::spec::ReportSpec;
use crate::audit::{Quality, Severity, Verdict};
use crate::inputs::FileFacts;
use crate::measure::estimate::summary;
use crate::measure::{Analysis, Group, Origin};
use crate::output::TOOL_NAME;
use crate::stats;

/// What the summary is made from.
pub(super) struct Content<'a> {
    pub(super) spec: &'a ReportSpec,
    pub(super) tool: &'a Tool,
    pub(super) files: &'a [&'a FileFacts],
    pub(super) input_sha256: &'a str,
    pub(super) analysis: &'a Analysis,
    pub(super) quality: &'a Quality,
    pub(super) figures: &'a [Figure],
}

/// The file's bytes.
pub(super) fn json(content: &Content<'_>) -> Vec<u8> {
    let summary = Summary {
        tool: ToolEntry { name: TOOL_NAME, made: content.tool },
        options: Chosen { origin: content.spec.origin, warm_up: content.spec.warm_up },
        input: Read {
            sha256: content.input_sha256,
            files: content.files.iter().map(|file| FileEntry::of(file)).collect(),
        },
        simulated: content.analysis.simulated_words(),
        verdict: content.quality.verdict,
        findings: Counts::of(content.quality),
        groups: content.analysis.groups.iter().map(GroupEntry::of).collect(),
        figures: content.figures.iter().filter(|figure| figure.drawn.is_ok()).map(|figure| figure.name).collect(),
        figures_left_out: content.figures.iter().filter_map(LeftOut::of).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&summary).expect("texts and numbers always serialise");
    bytes.push(b'\n');
    bytes
}

#[derive(Serialize)]
struct Summary<'a> {
    tool: ToolEntry<'a>,
    options: Chosen,
    input: Read<'a>,
    /// Which conditions were simulated; not there where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated: Option<String>,
    verdict: Verdict,
    findings: Counts,
    groups: Vec<GroupEntry<'a>>,
    figures: Vec<&'a str>,
    figures_left_out: Vec<LeftOut<'a>>,
}

#[derive(Serialize)]
struct ToolEntry<'a> {
    name: &'static str,
    #[serde(flatten)]
    made: &'a Tool,
}

/// What of the spec changes numbers.
#[derive(Serialize)]
struct Chosen {
    origin: Origin,
    warm_up: u32,
}

#[derive(Serialize)]
struct Read<'a> {
    sha256: &'a str,
    files: Vec<FileEntry<'a>>,
}

#[derive(Serialize)]
struct FileEntry<'a> {
    path: &'a str,
    sha256: &'a str,
    rows: u64,
}

#[derive(Serialize)]
struct Counts {
    unsound: usize,
    caution: usize,
    info: usize,
}

/// One condition at one number of nodes. What does not exist is null.
#[derive(Serialize)]
struct GroupEntry<'a> {
    condition: &'a str,
    nodes: u32,
    runs: BTreeSet<&'a str>,
    /// Those of them that were simulated.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    runs_simulated: BTreeSet<&'a str>,
    rounds: usize,
    rounds_scored: usize,
    convergence: [Convergence; 2],
    duplicates_mean: Option<f64>,
    duplicates_expected: Option<u64>,
    rmr_mean: Option<f64>,
}

#[derive(Serialize)]
struct Convergence {
    origin: &'static str,
    rounds_complete: usize,
    mean_ms: Option<f64>,
    min_ms: Option<f64>,
    median_ms: Option<f64>,
    max_ms: Option<f64>,
    std_ms: Option<f64>,
    median_low_ms: Option<f64>,
    median_high_ms: Option<f64>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    name: &'a str,
    reason: &'a str,
}

impl<'a> FileEntry<'a> {
    fn of(file: &'a FileFacts) -> Self {
        Self { path: &file.path, sha256: &file.sha256, rows: file.rows }
    }
}

impl Counts {
    fn of(quality: &Quality) -> Self {
        let count = |severity| quality.findings.iter().filter(|finding| finding.severity == severity).count();
        Self { unsound: count(Severity::Unsound), caution: count(Severity::Caution), info: count(Severity::Info) }
    }
}

impl<'a> GroupEntry<'a> {
    fn of(group: &'a Group) -> Self {
        Self {
            condition: &group.condition,
            nodes: group.nodes,
            runs: group.rounds.iter().map(|round| round.run_id.as_str()).collect(),
            runs_simulated: group.simulated.iter().map(String::as_str).collect(),
            rounds: group.rounds.len(),
            rounds_scored: group.scored().count(),
            convergence: Origin::ALL.map(|origin| Convergence::of(group, origin)),
            duplicates_mean: stats::mean(
                group.scored().filter_map(|round| round.duplicates).map(|duplicates| duplicates as f64),
            ),
            duplicates_expected: group.expected_duplicates,
            rmr_mean: stats::mean(group.scored().filter_map(|round| round.rmr)),
        }
    }
}

impl Convergence {
    fn of(group: &Group, origin: Origin) -> Self {
        let times = summary(group, origin);
        let ms = |ns: Option<f64>| ns.map(|ns| ns / 1e6);
        Self {
            origin: origin.as_str(),
            rounds_complete: times.complete,
            mean_ms: ms(times.mean_ns),
            min_ms: ms(times.min_ns),
            median_ms: ms(times.median_ns),
            max_ms: ms(times.max_ns),
            std_ms: ms(times.std_ns),
            median_low_ms: ms(times.median_low_ns),
            median_high_ms: ms(times.median_high_ns),
        }
    }
}

impl<'a> LeftOut<'a> {
    fn of(figure: &'a Figure) -> Option<Self> {
        figure.drawn.as_ref().err().map(|reason| Self { name: figure.name, reason })
    }
}
