//! What every figure shows: measurements of scored rounds as the plain numbers that `cnsim-charts` draws.

use std::collections::BTreeSet;

use cnsim_charts::data::{
    ConvergenceByNodes, ConvergenceByRound, ConvergenceEcdf, CopiesByRound, CopiesSeries, EcdfSeries, GrowthPoint,
    GrowthSeries, HopBand, HopDistribution, HopSeries, HostCell, HostPanel, InfectionCurves, InfectionPanel,
    LatencyBox, LatencyByHop, LatencyByHosts, LatencySeries, LatencyTail, LoadLorenz, LorenzSeries, RoundSeries,
    TailSeries, TimeBar, TimeSpent,
};

use super::estimate::summary;
use super::{Analysis, Group, Origin, PathTime, RoundMetrics, by_hop, curve, tail};
use crate::stats::{LEVEL, dkw_half_width, gini, mean, percentile};
use cnsim_records::frame::UNKNOWN_NS;

/// More bands of theory would hide what was measured.
const BANDS_MAX: usize = 3;

/// Steps of one Lorenz curve: more than a figure can show apart.
const LORENZ_STEPS_MAX: usize = 200;

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
    HopDistribution { series: analysis.groups.iter().map(series).collect(), theory: hop_bands(analysis) }
}

/// What theory says of hops, where it is the same for all groups of a name, and not too much to be read.
fn hop_bands(analysis: &Analysis) -> Vec<HopBand> {
    let of_groups = analysis.groups.iter().filter_map(|group| Some((group, group.expected_hops.as_ref()?)));
    let mut bands: Vec<HopBand> = Vec::new();
    let all: Vec<_> = of_groups.collect();
    let is_common = all.len() == analysis.groups.len() && all.windows(2).all(|pair| pair[0].1 == pair[1].1);
    for (group, band) in if is_common { &all[..1] } else { &all } {
        let band_label = &band.label;
        let label = if is_common { band_label.clone() } else { format!("{}: {band_label}", label(analysis, group)) };
        bands.push(HopBand { label, low: band.low, high: band.high });
    }
    if bands.len() <= BANDS_MAX { bands } else { Vec::new() }
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
    let mut spent = TimeSpent { bars: Vec::new(), left_out: Vec::new() };
    for group in &analysis.groups {
        match time_bar(group, label(analysis, group)) {
            Some(bar) => spent.bars.push(bar),
            None => spent.left_out.push(label(analysis, group)),
        }
    }
    spent
}

fn time_bar(group: &Group, label: String) -> Option<TimeBar> {
    let complete = group.scored().filter(|round| round.complete_ns(Origin::Initiate).is_some());
    let paths: Vec<PathTime> = complete.filter_map(|round| round.path).collect();
    let part = |part: fn(&PathTime) -> i64| mean(paths.iter().map(|path| whole_ms(part(path))));
    Some(TimeBar {
        label,
        setup_ms: part(|path| path.setup_ns)?,
        waiting_ms: part(|path| path.waiting_ns)?,
        wire_ms: part(|path| path.wire_ns)?,
    })
}

/// The upper end of latency, over all first deliveries whose latency is known.
pub fn latency_tail(analysis: &Analysis) -> LatencyTail {
    let series = |group: &Group| {
        let known = group.deliveries.latency_ns.iter().copied().filter(|latency| *latency != UNKNOWN_NS);
        let (points, without_place) = tail::points(known.collect());
        TailSeries { label: label(analysis, group), points, without_place }
    };
    LatencyTail { series: analysis.groups.iter().map(series).collect() }
}

/// Median latency by machines, where nodes run on two of them or more.
pub fn latency_by_hosts(analysis: &Analysis) -> LatencyByHosts {
    let panel = |group: &Group| {
        let hosts: BTreeSet<&str> = group.between_hosts.keys().flat_map(|(from, to)| [from.as_str(), to]).collect();
        let hosts: Vec<&str> = hosts.into_iter().collect();
        let number = |host: &str| Some(hosts.binary_search(&host).ok()? as u32 + 1);
        let cell = |((from, to), latencies): (&(String, String), &Vec<i64>)| {
            let median_ms = ms(percentile(&sorted(latencies), 50)?);
            Some(HostCell { from: number(from)?, to: number(to)?, count: latencies.len() as u64, median_ms })
        };
        let cells = group.between_hosts.iter().filter_map(cell).collect();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        (hosts.len() > 1).then(|| HostPanel { label: label(analysis, group), hosts, cells })
    };
    LatencyByHosts { panels: analysis.groups.iter().filter_map(panel).collect() }
}

/// How the copies that were sent are shared among nodes, those of every run counted on their own.
pub fn load_lorenz(analysis: &Analysis) -> LoadLorenz {
    let series = |group: &Group| {
        let mut sent: Vec<u64> = group.loads.iter().flat_map(|load| load.sent.values().copied()).collect();
        let nodes = (group.nodes as usize * group.loads.len()).max(sent.len());
        let gini = gini(&sent, nodes)?;
        sent.resize(nodes, 0);
        sent.sort_unstable();
        Some(LorenzSeries { label: label(analysis, group), gini, points: lorenz(&sent) })
    };
    LoadLorenz { series: analysis.groups.iter().filter_map(series).collect() }
}

/// The Lorenz curve of sorted numbers whose sum is not 0.
fn lorenz(sorted: &[u64]) -> Vec<(f64, f64)> {
    let total: u64 = sorted.iter().sum();
    let mut so_far = 0;
    let sums: Vec<u64> = sorted
        .iter()
        .map(|sent| {
            so_far += sent;
            so_far
        })
        .collect();
    let point = |place: usize| ((place + 1) as f64 / sorted.len() as f64, sums[place] as f64 / total as f64);
    [(0.0, 0.0)].into_iter().chain(curve::evenly(sorted.len(), LORENZ_STEPS_MAX).map(point)).collect()
}

fn sorted(values: &[i64]) -> Vec<i64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
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
