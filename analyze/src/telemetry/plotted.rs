//! What pods used, as the numbers of a figure: each run's series on the time axis of its rounds.

use std::collections::BTreeMap;

use cnsim_charts::data;

use super::usage::{Span, is_about, is_of, spans, step};
use super::{Quantity, Series, Window};
use crate::metric::{Analysis, Group};

const NS_PER_S: f64 = 1e9;

/// Samples farther from a run than this many times their distance tell nothing of it.
const STEPS_AROUND: i64 = 2;

/// The runs that telemetry tells of, and what it says; `pods` says which pods a run had, where that is known.
pub fn plotted(analysis: &Analysis, series: &[Series], pods: &BTreeMap<String, Vec<String>>) -> data::Telemetry {
    let mut runs = Vec::new();
    let mut quantities: Vec<(Quantity, data::TelemetryQuantity)> = Quantity::ALL.map(empty).into();
    for group in &analysis.groups {
        for (run_id, span) in spans(group, Window::Block) {
            let is_its = |one: &&Series| is_about(one, &group.condition) && is_of(one, pods.get(run_id));
            let its: Vec<&Series> = series.iter().filter(is_its).filter(|one| span.is_near(one)).collect();
            if its.is_empty() {
                continue;
            }
            runs.push(data::TelemetryRun { label: label(group, run_id), rounds: rounds(group, run_id, span) });
            for (quantity, row) in &mut quantities {
                let lines = its.iter().filter(|one| one.quantity == *quantity).map(|one| line(one, span));
                row.runs.push(lines.filter(|line| !line.is_empty()).collect());
            }
        }
    }
    data::Telemetry { runs, quantities: quantities.into_iter().map(|(_, row)| row).collect() }
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

fn label(group: &Group, run_id: &str) -> String {
    format!("{}, N={}: {run_id}", group.condition, group.nodes)
}

/// Begin and end of each scored round.
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
    use crate::metric::fixture::{Row, loaded};
    use crate::metric::{Options, analyse};
    use crate::telemetry::Sample;

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
        let cpu = &plotted.quantities[0].runs[0];
        assert_eq!(*cpu, [vec![(-5.0, 95.0), (0.0, 100.0), (5.0, 105.0), (10.0, 110.0), (15.0, 115.0)]]);
        assert!(plotted.quantities[1].runs[0].is_empty());
    }
}
