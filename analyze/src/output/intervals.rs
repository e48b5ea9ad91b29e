//! `intervals`: how sure the numbers of each condition are, one line for each statistic and origin.

use rayon::prelude::*;

use crate::measure::estimate::{self, Estimate, POOLED_REPLICATES, resampling};
use crate::measure::{Analysis, Group, Origin, RoundMetrics};
use crate::stats::{self, Interval, Pool, REPLICATES, hierarchical_mean, over_deployments};
use crate::table::{Cell, Table, count, number, text};

/// What of the rounds' times is told besides their mean, in per cent.
const PERCENTS: [(u32, &str); 4] = [(50, "t100_p50"), (90, "t100_p90"), (95, "t100_p95"), (99, "t100_p99")];

/// What of the deliveries' times is told, in per cent.
const DELIVERY_PERCENTS: [(u32, &str); 2] = [(50, "delivery_p50"), (99, "delivery_p99")];

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        text("origin"),
        text("statistic"),
        text("unit"),
        count("rounds"),
        number("value", 3),
        number("low", 3),
        number("high", 3),
        text("method"),
    ];
    let rows: Vec<[Cell; 10]> = analysis.groups.par_iter().flat_map_iter(of_group).collect();
    let caption = "How sure the numbers are: 95 % intervals over scored rounds";
    Table::new("intervals", caption, columns, rows)
}

fn of_group(group: &Group) -> Vec<[Cell; 10]> {
    if group.scored().next().is_none() {
        return Vec::new();
    }
    let mut lines = vec![complete_share(group)];
    for origin in Origin::ALL {
        lines.extend(convergence(group, origin));
        lines.extend(deliveries(group, origin));
    }
    if group.is_one_simulation() {
        lines.iter_mut().for_each(|line| (line.interval, line.method) = (None, estimate::ONE_SIMULATION));
    }
    lines.into_iter().map(|line| line.cells(group)).collect()
}

/// One line of the table.
struct Line {
    origin: Option<Origin>,
    statistic: &'static str,
    unit: &'static str,
    value: Option<f64>,
    interval: Option<Interval>,
    method: &'static str,
}

impl Line {
    /// One to be filled in.
    const fn of_times() -> Self {
        Self { origin: None, statistic: "", unit: "ms", value: None, interval: None, method: "" }
    }

    fn cells(self, group: &Group) -> [Cell; 10] {
        let [low, high] = Cell::ends(self.interval);
        [
            group.condition.as_str().into(),
            group.nodes.into(),
            self.origin.map(Origin::as_str).into(),
            self.statistic.into(),
            self.unit.into(),
            group.scored().count().into(),
            self.value.filter(|value| value.is_finite()).into(),
            low,
            high,
            self.method.into(),
        ]
    }
}

/// Rounds at full coverage.
fn complete_share(group: &Group) -> Line {
    let Estimate { value, interval, method } = estimate::complete_share(group);
    Line { origin: None, statistic: "complete_share", unit: "share", value, interval, method }
}

/// Over the rounds' times until the last delivery; one that never came is infinitely long.
fn convergence(group: &Group, origin: Origin) -> Vec<Line> {
    let deployments = estimate::deployments_ms(group, origin);
    let times = stats::sorted(deployments.concat());
    let mut lines: Vec<Line> = PERCENTS.map(|percentile| quantile(&times, &deployments, percentile)).into();
    let value = stats::mean(times.iter().copied());
    let bca = stats::mean_interval(&times, &resampling(REPLICATES));
    let of_deployments = || hierarchical_mean(&deployments, "t100_mean", &resampling(REPLICATES));
    let (interval, method) = match deployments.len() {
        0 | 1 => (bca, "bca-bootstrap"),
        deployments => (bca.and_then(|_| of_deployments()), over_deployments(deployments)),
    };
    lines.push(Line { statistic: "t100_mean", value, interval, method, ..Line::of_times() });
    lines.into_iter().map(|line| Line { origin: Some(origin), ..line }).collect()
}

/// A quantile as a line of the table.
fn quantile(times: &[f64], deployments: &[Vec<f64>], (percent, statistic): (u32, &'static str)) -> Line {
    let Estimate { value, interval, method } = estimate::quantile(times, deployments, percent, statistic);
    Line { statistic, value, interval, method, ..Line::of_times() }
}

/// Over all deliveries together, which are alike inside a round.
fn deliveries(group: &Group, origin: Origin) -> Vec<Line> {
    let pool = Pool::new(delivery_times(group, origin));
    let resampling = resampling(POOLED_REPLICATES);
    let in_ms = |ns: f64| ns / 1e6;
    let line = |(percent, statistic): (u32, &'static str)| {
        let interval = pool.percentile_interval(percent, statistic, &resampling);
        Line {
            origin: Some(origin),
            statistic,
            unit: "ms",
            value: pool.percentile(percent).map(in_ms),
            interval: interval.map(|ends| Interval { low: in_ms(ends.low), high: in_ms(ends.high) }),
            method: match pool.deployments() {
                0 | 1 => "cluster-bootstrap",
                deployments => over_deployments(deployments),
            },
        }
    };
    DELIVERY_PERCENTS.map(line).into()
}

/// Times of first deliveries by deployment and scored round. Rounds without a delivery or an origin are left out.
fn delivery_times(group: &Group, origin: Origin) -> Vec<Vec<Vec<i64>>> {
    let since_origin = |round: &&RoundMetrics| {
        if round.reached_ns.is_empty() {
            return None;
        }
        let origin_ns = round.origin_ns(origin)?;
        Some(round.reached_ns.iter().map(|at_ns| at_ns.saturating_sub(origin_ns)).collect())
    };
    let deployments = group.deployments();
    let deployments = deployments.iter().map(|rounds| rounds.iter().filter_map(since_origin).collect());
    deployments.filter(|rounds: &Vec<Vec<i64>>| !rounds.is_empty()).collect()
}
