//! Figures of convergence time: its distribution, against the number of nodes, and in the order of rounds.

use cnsim_charts::data::{
    ConvergenceByNodes, ConvergenceByRound, ConvergenceEcdf, EcdfSeries, GrowthPoint, GrowthSeries, RoundSeries,
};

use super::group::{complete_ms, in_time, label, ms, simulated, whole_ms};
use crate::measure::estimate::summary;
use crate::measure::{Analysis, Group, Origin, RoundMetrics, growth};
use crate::stats::{LEVEL, dkw_half_width};

/// The distribution of convergence time over rounds, with the band that holds the true one at 95 %.
pub fn convergence_ecdf(analysis: &Analysis, origin: Origin) -> ConvergenceEcdf {
    let series = |group: &Group| {
        let rounds = group.scored().count();
        let mut complete_ms = complete_ms(group, origin);
        complete_ms.sort_unstable_by(f64::total_cmp);
        let censored = (rounds - complete_ms.len()) as u32;
        // A band of half the figure's height or more would cover every distribution.
        let band = dkw_half_width(group.replicates(), LEVEL).filter(|half_width| *half_width < 0.5);
        let band = band.filter(|_| !group.is_one_simulation());
        EcdfSeries { label: label(analysis, group), complete_ms, censored, band }
    };
    ConvergenceEcdf { series: analysis.groups.iter().map(series).collect() }
}

/// Convergence time against the number of nodes, a line for each condition, or for each part of it in which nothing else changes.
pub fn convergence_by_nodes(analysis: &Analysis, origin: Origin) -> ConvergenceByNodes {
    let point = |group: &Group| {
        let summary = summary(group, origin);
        GrowthPoint {
            nodes: group.nodes,
            rounds_ms: complete_ms(group, origin),
            median_ms: summary.median_ns.map(ms),
            low_ms: summary.median_low_ns.map(ms),
            high_ms: summary.median_high_ns.map(ms),
        }
    };
    let conditions = analysis.groups.chunk_by(|a, b| a.condition == b.condition);
    let series = conditions.flat_map(|groups| {
        let condition = format!("{}{}", groups[0].condition, simulated(analysis, groups));
        growth::parts(groups).into_iter().map(move |(apart, groups)| {
            let label = if apart.is_empty() { condition.clone() } else { format!("{condition} ({apart})") };
            GrowthSeries { label, points: groups.into_iter().map(point).collect() }
        })
    });
    ConvergenceByNodes { conditions: series.collect() }
}

/// Convergence time of each round, in the order in which rounds ran.
pub fn convergence_by_round(analysis: &Analysis, origin: Origin) -> ConvergenceByRound {
    let series = |group: &Group| {
        let time_ms = |round: &RoundMetrics| round.complete_ns(origin).map(whole_ms);
        let rounds = in_time(group).into_iter().map(|(place, round)| (place, time_ms(round))).collect();
        RoundSeries { label: label(analysis, group), rounds }
    };
    ConvergenceByRound { series: analysis.groups.iter().map(series).collect() }
}
