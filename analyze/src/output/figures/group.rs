//! What several figures show of a group: its name in a legend, its complete times, its rounds in the order in which they ran.

use crate::measure::{Analysis, Execution, Group, Origin, RoundMetrics};

/// What a legend calls a group: the number of nodes is named where it tells groups apart, and a simulation where others were measured.
pub(super) fn label(analysis: &Analysis, group: &Group) -> String {
    let nodes = match analysis.groups.iter().all(|other| other.nodes == group.nodes) {
        true => String::new(),
        false => format!(", N={}", group.nodes),
    };
    format!("{}{nodes}{}", group.condition, simulated(analysis, std::slice::from_ref(group)))
}

/// What a legend adds to the name of groups of one condition: nothing where all were measured, or all of the report simulated.
pub(super) fn simulated(analysis: &Analysis, groups: &[Group]) -> &'static str {
    let is_partly = analysis.execution() == Execution::Both;
    match is_partly && groups.iter().any(|group| group.execution().has_simulated()) {
        true => " (SIMULATED)",
        false => "",
    }
}

/// Convergence times of complete rounds, in the order of rounds.
pub(super) fn complete_ms(group: &Group, origin: Origin) -> Vec<f64> {
    group.scored().filter_map(|round| round.complete_ns(origin)).map(whole_ms).collect()
}

/// Scored rounds in the order in which they ran, each with its place on the axis: its number, or its rank where several
/// runs are in one group.
pub(super) fn in_time(group: &Group) -> Vec<(u32, &RoundMetrics)> {
    let mut rounds: Vec<&RoundMetrics> = group.scored().collect();
    if rounds.iter().all(|round| round.run_id == rounds[0].run_id) {
        return rounds.into_iter().map(|round| (round.round, round)).collect();
    }
    rounds.sort_by_key(|round| round.initiate_ns.or(round.reached_ns.first().copied()));
    (1..).zip(rounds).collect()
}

pub(super) fn ms(time_ns: f64) -> f64 {
    time_ns / 1e6
}

pub(super) fn whole_ms(time_ns: i64) -> f64 {
    ms(time_ns as f64)
}
