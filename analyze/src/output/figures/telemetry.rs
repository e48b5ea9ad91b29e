//! What pods used, as the numbers of a figure: the series of each condition on the time axis of its rounds.

use std::collections::BTreeMap;

use cnsim_charts::data;

use crate::inputs::telemetry::{Quantity, Series};
use crate::measure::usage::{Span, Window, is_about, is_of, spans, step};
use crate::measure::{Analysis, Group};

const NS_PER_S: f64 = 1e9;

/// Samples farther from a run than this many times their distance tell nothing of it.
const STEPS_AROUND: i64 = 2;

/// Runs of a condition with more time between them than this do not share a time axis.
const PAUSE_MAX_NS: i64 = 3_600_000_000_000;

/// The runs that telemetry tells of, and what it says; `pods` says which pods a run had, where that is known.
pub fn plotted(analysis: &Analysis, series: &[Series], pods: &BTreeMap<String, Vec<String>>) -> data::Telemetry {
    let mut runs = Vec::new();
    let mut quantities: Vec<(Quantity, data::TelemetryQuantity)> = Quantity::ALL.map(empty).into();
    for session in analysis.groups.chunk_by(|a, b| a.condition == b.condition).flat_map(sessions) {
        let its: Vec<&Series> = series.iter().filter(|one| session.is_measured_by(one, pods)).collect();
        if its.is_empty() {
            continue;
        }
        runs.push(data::TelemetryRun { label: session.label(), rounds: session.rounds() });
        for (quantity, row) in &mut quantities {
            let lines = its.iter().filter(|one| one.quantity == *quantity).map(|one| line(one, session.span));
            row.runs.push(lines.filter(|line| !line.is_empty()).collect());
        }
    }
    data::Telemetry { runs, quantities: quantities.into_iter().map(|(_, row)| row).collect() }
}

/// Runs of one condition that follow each other without a long pause.
struct Session<'a> {
    span: Span,
    runs: Vec<(&'a Group, &'a str, Span)>,
}

/// The sessions of a condition, in the order of time.
fn sessions(condition: &[Group]) -> Vec<Session<'_>> {
    let of_group = |group| spans(group, Window::Block).into_iter().map(move |(run_id, span)| (group, run_id, span));
    let mut runs: Vec<(&Group, &str, Span)> = condition.iter().flat_map(of_group).collect();
    runs.sort_by_key(|(_, run_id, span)| (span.first, *run_id));
    let mut sessions: Vec<Session<'_>> = Vec::new();
    for run in runs {
        match sessions.last_mut() {
            Some(session) if run.2.first.saturating_sub(session.span.last) <= PAUSE_MAX_NS => {
                session.span.last = session.span.last.max(run.2.last);
                session.runs.push(run);
            }
            Some(_) | None => sessions.push(Session { span: run.2, runs: vec![run] }),
        }
    }
    sessions
}

impl Session<'_> {
    fn is_measured_by(&self, one: &Series, pods: &BTreeMap<String, Vec<String>>) -> bool {
        let is_its = |(group, run_id, span): &(&Group, &str, Span)| {
            is_about(one, &group.condition) && is_of(one, pods.get(*run_id)) && span.is_near(one)
        };
        self.runs.iter().any(is_its)
    }

    fn label(&self) -> String {
        match self.runs.as_slice() {
            [(group, run_id, _)] => format!("{}, N={}: {run_id}", group.condition, group.nodes),
            several => format!("{}, {} runs", several[0].0.condition, several.len()),
        }
    }

    /// Begin and end of each scored round, in the order of time.
    fn rounds(&self) -> Vec<(f64, f64)> {
        self.runs.iter().flat_map(|(group, run_id, _)| rounds(group, run_id, self.span)).collect()
    }
}

fn empty(quantity: Quantity) -> (Quantity, data::TelemetryQuantity) {
    let words = match quantity {
        Quantity::Cpu => "CPU",
        Quantity::Memory => "Memory",
        Quantity::Received => "Received",
        Quantity::Transmitted => "Transmitted",
    };
    (quantity, data::TelemetryQuantity { words: words.to_owned(), unit: quantity.unit().to_owned(), runs: Vec::new() })
}

/// Begin and end of each scored round of a run.
fn rounds(group: &Group, run_id: &str, span: Span) -> Vec<(f64, f64)> {
    let its = group.scored().filter(|round| round.run_id == run_id);
    let window = its.filter_map(|round| {
        let first = round.initiate_ns.or(round.reached_ns.first().copied())?;
        let last = round.reached_ns.last().copied().unwrap_or(first).max(first);
        Some((seconds(first, span), seconds(last, span)))
    });
    window.collect()
}

/// The samples that are near the run.
fn line(one: &Series, span: Span) -> Vec<(f64, f64)> {
    let around = step(&one.samples).unwrap_or(0).saturating_mul(STEPS_AROUND);
    let near = span.first.saturating_sub(around)..=span.last.saturating_add(around);
    let samples = one.samples.iter().filter(|sample| near.contains(&sample.at_ns));
    samples.map(|sample| (seconds(sample.at_ns, span), sample.value)).collect()
}

fn seconds(at_ns: i64, span: Span) -> f64 {
    at_ns.saturating_sub(span.first) as f64 / NS_PER_S
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::telemetry::Sample;
    use crate::measure::fixture::{Row, loaded};
    use crate::measure::{Options, analyse};

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_runs_series_stand_on_the_time_axis_of_its_rounds() {
        let round = |number: u32, at: i64| {
            [Row::initiate("a", at), Row::received("a", "b", at, at + S)].map(|row| row.of_round(number).with_nodes(2))
        };
        let rows: Vec<Row> = [round(1, 100 * S), round(2, 110 * S)].concat();
        let analysis = analyse(&[loaded("c", &rows)], &Options::default());
        let sample = |second: i64| Sample { at_ns: second * S, value: second as f64 };
        let series = |condition: Option<&str>, quantity, seconds: &[i64]| Series {
            quantity,
            condition: condition.map(str::to_owned),
            pod: None,
            samples: seconds.iter().copied().map(sample).collect(),
            source: "x".to_owned(),
        };
        let all = [
            series(None, Quantity::Cpu, &[60, 95, 100, 105, 110, 115, 200]),
            series(Some("another"), Quantity::Cpu, &[100, 105]),
            series(None, Quantity::Memory, &[500, 505]),
        ];

        let plotted = plotted(&analysis, &all, &BTreeMap::new());

        assert_eq!(plotted.runs.len(), 1);
        assert_eq!(plotted.runs[0].rounds, [(0.0, 1.0), (10.0, 11.0)]);
        assert_eq!(plotted.runs[0].label, "c, N=2: run");
        let cpu = &plotted.quantities[0].runs[0];
        assert_eq!(*cpu, [vec![(-5.0, 95.0), (0.0, 100.0), (5.0, 105.0), (10.0, 110.0), (15.0, 115.0)]]);
        assert!(plotted.quantities[1].runs[0].is_empty());
    }

    #[test]
    fn runs_of_a_condition_share_an_axis_until_there_is_a_long_pause() {
        let round = |run: &'static str, at: i64| {
            [Row::initiate("a", at), Row::received("a", "b", at, at + S)]
                .map(|row| row.of_run(run).of_round(1).with_nodes(2))
        };
        let rows: Vec<Row> = [round("r", 0), round("s", 60 * S), round("t", 9_000 * S)].concat();
        let analysis = analyse(&[loaded("c", &rows)], &Options::default());
        let samples = (0..200).map(|minute| Sample { at_ns: minute * 60 * S, value: 1.0 }).collect();
        let source = "x".to_owned();
        let all = [Series { quantity: Quantity::Cpu, condition: None, pod: None, samples, source }];

        let plotted = plotted(&analysis, &all, &BTreeMap::new());

        let labels: Vec<&str> = plotted.runs.iter().map(|run| run.label.as_str()).collect();
        assert_eq!(labels, ["c, 2 runs", "c, N=2: t"]);
        assert_eq!(plotted.runs[0].rounds, [(0.0, 1.0), (60.0, 61.0)]);
        let times: Vec<f64> = plotted.quantities[0].runs[0][0].iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [0.0, 60.0, 120.0, 180.0]);
    }
}
