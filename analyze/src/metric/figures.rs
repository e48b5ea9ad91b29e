//! What every figure shows: measurements of scored rounds as the plain numbers that `cnsim-charts` draws.

use cnsim_charts::data::{
    ConvergenceByNodes, ConvergenceByRound, ConvergenceEcdf, CopiesByRound, CopiesSeries, EcdfSeries, GrowthPoint,
    GrowthSeries, HopDistribution, HopSeries, InfectionCurves, InfectionPanel, LatencyBox, LatencyByHop, LatencySeries,
    RoundSeries, TimeBar, TimeSpent,
};

use super::{Analysis, Group, Origin, PathTime, RoundMetrics, by_hop, curve};
use crate::stats::{LEVEL, Summary, dkw_half_width, mean, percentile};

/// Infection curves, a panel for each condition and number of nodes.
pub fn infection_curves(analysis: &Analysis, origin: Origin) -> InfectionCurves {
    let panel = |group: &Group| {
        let drawn = curve::drawn(group, origin);
        let label = match drawn.left_out {
            0 => label(analysis, group),
            left_out => {
                let shown = drawn.rounds.len();
                format!("{} ({shown} of {} rounds drawn)", label(analysis, group), shown + left_out)
            }
        };
        InfectionPanel { label, rounds: drawn.rounds, median: curve::median(group, origin) }
    };
    InfectionCurves { panels: analysis.groups.iter().map(panel).collect() }
}

/// The distribution of convergence time over rounds, with the band that holds the true one at 95 %.
pub fn convergence_ecdf(analysis: &Analysis, origin: Origin) -> ConvergenceEcdf {
    let series = |group: &Group| {
        let rounds = group.scored().count();
        let mut complete_ms = complete_ms(group, origin);
        complete_ms.sort_unstable_by(f64::total_cmp);
        let censored = (rounds - complete_ms.len()) as u32;
        // A band of half the figure's height or more would cover every distribution.
        let band = dkw_half_width(rounds, LEVEL).filter(|half_width| *half_width < 0.5);
        EcdfSeries { label: label(analysis, group), complete_ms, censored, band }
    };
    ConvergenceEcdf { series: analysis.groups.iter().map(series).collect() }
}

/// Convergence time against the number of nodes, a line for each condition.
pub fn convergence_by_nodes(analysis: &Analysis, origin: Origin) -> ConvergenceByNodes {
    let point = |group: &Group| {
        let summary = Summary::of(group.scored().map(|round| round.complete_ns(origin)));
        GrowthPoint {
            nodes: group.nodes,
            rounds_ms: complete_ms(group, origin),
            median_ms: summary.median_ns.map(ms),
            low_ms: summary.median_low_ns.map(ms),
            high_ms: summary.median_high_ns.map(ms),
        }
    };
    let conditions = analysis.groups.chunk_by(|a, b| a.condition == b.condition);
    let series = conditions
        .map(|groups| GrowthSeries { label: groups[0].condition.clone(), points: groups.iter().map(point).collect() });
    ConvergenceByNodes { conditions: series.collect() }
}

/// How far first deliveries came. Those whose hop is not known are counted in the shares and have no bar.
pub fn hop_distribution(analysis: &Analysis) -> HopDistribution {
    let series = |group: &Group| {
        let total = group.deliveries.hop.len() as f64;
        let counts = by_hop::counts(&group.deliveries).into_iter();
        let shares = counts.filter_map(|(hop, count)| Some((hop?, count as f64 / total))).collect();
        HopSeries { label: label(analysis, group), shares }
    };
    HopDistribution { series: analysis.groups.iter().map(series).collect() }
}

/// Latency of first deliveries by hop, where the hop is known.
pub fn latency_by_hop(analysis: &Analysis) -> LatencyByHop {
    let series = |group: &Group| {
        let latencies = by_hop::latencies(&group.deliveries).into_iter();
        let boxes = latencies.filter_map(|(hop, values)| latency_box(hop?, values)).collect();
        LatencySeries { label: label(analysis, group), boxes }
    };
    LatencyByHop { series: analysis.groups.iter().map(series).collect() }
}

/// Copies and duplicates of each round.
pub fn copies_by_round(analysis: &Analysis) -> CopiesByRound {
    let series = |group: &Group| {
        let rounds = in_time(group).into_iter().map(|(place, round)| (place, round.sends, round.duplicates));
        let expected_duplicates = group.expected_duplicates;
        CopiesSeries { label: label(analysis, group), rounds: rounds.collect(), expected_duplicates }
    };
    CopiesByRound { series: analysis.groups.iter().map(series).collect() }
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

/// Where the time until the last delivery went: means over complete rounds whose path is known.
pub fn time_spent(analysis: &Analysis) -> TimeSpent {
    let bar = |group: &Group| {
        let complete = group.scored().filter(|round| round.complete_ns(Origin::Initiate).is_some());
        let paths: Vec<PathTime> = complete.filter_map(|round| round.path).collect();
        let part = |part: fn(&PathTime) -> i64| mean(paths.iter().map(|path| whole_ms(part(path))));
        Some(TimeBar {
            label: label(analysis, group),
            setup_ms: part(|path| path.setup_ns)?,
            waiting_ms: part(|path| path.waiting_ns)?,
            wire_ms: part(|path| path.wire_ns)?,
        })
    };
    TimeSpent { bars: analysis.groups.iter().filter_map(bar).collect() }
}

/// What a legend calls a group: the number of nodes is named where it tells groups apart.
fn label(analysis: &Analysis, group: &Group) -> String {
    match analysis.groups.iter().all(|other| other.nodes == group.nodes) {
        true => group.condition.clone(),
        false => format!("{}, N={}", group.condition, group.nodes),
    }
}

/// Convergence times of complete rounds, in the order of rounds.
fn complete_ms(group: &Group, origin: Origin) -> Vec<f64> {
    group.scored().filter_map(|round| round.complete_ns(origin)).map(whole_ms).collect()
}

/// Scored rounds in the order in which they ran, each with its place on the axis: its number, or its rank where several
/// runs are in one group.
fn in_time(group: &Group) -> Vec<(u32, &RoundMetrics)> {
    let mut rounds: Vec<&RoundMetrics> = group.scored().collect();
    if rounds.iter().all(|round| round.run_id == rounds[0].run_id) {
        return rounds.into_iter().map(|round| (round.round, round)).collect();
    }
    rounds.sort_by_key(|round| round.initiate_ns.or(round.reached_ns.first().copied()));
    (1..).zip(rounds).collect()
}

fn latency_box(hop: u32, mut values: Vec<i64>) -> Option<LatencyBox> {
    values.sort_unstable();
    let [q1, median, q3] = [25, 50, 75].map(|percent| percentile(&values, percent));
    let (q1, q3) = (q1?, q3?);
    let reach = 1.5 * (q3 - q1);
    let is_inside = |value: &&i64| (q1 - reach..=q3 + reach).contains(&(**value as f64));
    Some(LatencyBox {
        hop,
        count: values.len() as u64,
        whisker_low_ms: whole_ms(*values.iter().find(is_inside)?),
        q1_ms: ms(q1),
        median_ms: ms(median?),
        q3_ms: ms(q3),
        whisker_high_ms: whole_ms(*values.iter().rfind(is_inside)?),
        min_ms: whole_ms(*values.first()?),
        max_ms: whole_ms(*values.last()?),
    })
}

fn ms(time_ns: f64) -> f64 {
    time_ns / 1e6
}

fn whole_ms(time_ns: i64) -> f64 {
    ms(time_ns as f64)
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
