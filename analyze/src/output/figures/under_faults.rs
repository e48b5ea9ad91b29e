//! The figures of rounds under faults: the share of the nodes reached, and of those that were up, over time.

use cnsim_charts::data::{FaultCurves, FaultPanel, ShadedSpan};

use super::evenly::evenly;
use super::group::label;
use super::infection_curves::{curve, median};
use crate::measure::{Analysis, Group, Origin, RoundMetrics, UnderFaults};

/// Rounds drawn in one panel: more would only be one grey area.
const ROUNDS_MAX: usize = 200;

/// At so many instants the mean over rounds is taken.
const INSTANTS: usize = 200;

/// How coverage grows under faults, a panel for each condition and number of nodes that had any.
pub fn coverage_under_faults(analysis: &Analysis) -> FaultCurves {
    let panel = |group: &Group| {
        let rounds = under_faults(group);
        let curves = rounds.iter().filter_map(|(round, faults)| {
            let last = (ms(faults.ended_ns), round.coverage());
            Some([(0.0, 0.0)].into_iter().chain(curve(round, Origin::Initiate)?).chain([last]).collect())
        });
        let mut middle: Vec<(f64, f64)> = [(0.0, 0.0)].into_iter().chain(median(group, Origin::Initiate)).collect();
        // As long as all rounds last.
        let until = rounds.iter().map(|(_, faults)| ms(faults.ended_ns)).min_by(f64::total_cmp);
        let last = middle.last().copied().zip(until).filter(|((at, _), until)| at < until);
        middle.extend(last.map(|((_, share), until)| (until, share)));
        FaultPanel { label: label(analysis, group), spans: spans(&rounds), rounds: curves.collect(), middle }
    };
    panels(analysis, panel)
}

/// How many nodes were up, a panel for each condition and number of nodes in which faults stopped any.
pub fn population(analysis: &Analysis) -> FaultCurves {
    let panel = |group: &Group| {
        let rounds = under_faults(group);
        let nodes = f64::from(group.nodes.max(1));
        let share = |(at_ns, up): &(i64, u32)| (ms(*at_ns), f64::from(*up) / nodes);
        let steps: Vec<&Vec<(i64, u32)>> =
            rounds.iter().map(|(_, faults)| &faults.population).filter(|steps| !steps.is_empty()).collect();
        FaultPanel {
            label: label(analysis, group),
            spans: spans(&rounds),
            rounds: steps.iter().map(|steps| steps.iter().map(share).collect()).collect(),
            middle: mean(&steps, nodes),
        }
    };
    panels(analysis, panel)
}

fn panels(analysis: &Analysis, panel: impl Fn(&Group) -> FaultPanel) -> FaultCurves {
    let with_faults = analysis.groups.iter().filter(|group| !under_faults(group).is_empty());
    FaultCurves { panels: with_faults.map(panel).filter(|panel| !panel.rounds.is_empty()).collect() }
}

/// The scored rounds of a group that had faults; of very many, some at even distances.
fn under_faults(group: &Group) -> Vec<(&RoundMetrics, &UnderFaults)> {
    let all: Vec<_> = group.scored().filter_map(|round| Some((round, round.under_faults.as_ref()?))).collect();
    evenly(all.len(), ROUNDS_MAX).map(|place| all[place]).collect()
}

/// The faults as they lay in the longest of some rounds: in all they begin and end at the same times, or with the round.
fn spans(rounds: &[(&RoundMetrics, &UnderFaults)]) -> Vec<ShadedSpan> {
    let longest = rounds.iter().max_by_key(|(_, faults)| faults.ended_ns);
    let spans = longest.into_iter().flat_map(|(_, faults)| &faults.spans);
    spans
        .map(|span| ShadedSpan { name: span.name.clone(), begins_ms: ms(span.begins_ns), ends_ms: ms(span.ends_ns) })
        .collect()
}

/// The mean share over rounds, as long as all of them last.
fn mean(rounds: &[&Vec<(i64, u32)>], nodes: f64) -> Vec<(f64, f64)> {
    let Some(until) = rounds.iter().filter_map(|steps| Some(steps.last()?.0)).min() else { return Vec::new() };
    let at = |place: usize| {
        let at_ns = (i128::from(until) * place as i128 / INSTANTS as i128) as i64;
        let up = |steps: &&Vec<(i64, u32)>| {
            steps[..steps.partition_point(|(begins, _)| *begins <= at_ns)].last().map(|step| step.1)
        };
        let sum: u64 = rounds.iter().filter_map(up).map(u64::from).sum();
        (ms(at_ns), sum as f64 / (rounds.len() as f64 * nodes))
    };
    (0..=INSTANTS).map(at).collect()
}

fn ms(time_ns: i64) -> f64 {
    time_ns as f64 / 1e6
}
