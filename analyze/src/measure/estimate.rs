//! How sure a quantile over rounds is: by order statistics inside one deployment, over several by resampling these.

use super::{Group, Origin, RoundMetrics};
use crate::stats::{
    self, Interval, LEVEL, Resampling, Summary, censored_ms, hierarchical_quantile, over_deployments,
    quantile_interval, wilson_interval,
};

/// Replicates where every one of them looks at all rounds or deliveries.
pub(crate) const POOLED_REPLICATES: usize = 1_999;

/// The method of a number that has no interval, because one simulated run stands for it.
pub(crate) const ONE_SIMULATION: &str = "one-simulated-run";

/// The median of convergence times among what resampling is for.
pub(crate) const MEDIAN: &str = "t100_p50";

/// A number over rounds, and how sure it is.
pub(crate) struct Estimate {
    pub(crate) value: Option<f64>,
    pub(crate) interval: Option<Interval>,
    pub(crate) method: &'static str,
}

/// How the numbers of every report are resampled: the same each time.
pub(crate) fn resampling(replicates: usize) -> Resampling {
    Resampling { seed: 1, replicates, level: LEVEL }
}

/// What can be said of a group's convergence times over its scored rounds. Over several deployments the median's interval is
/// that of the table `intervals`.
pub(crate) fn summary(group: &Group, origin: Origin) -> Summary {
    let complete = group.scored().filter(|round| round.is_complete()).count();
    let summary = Summary { complete, ..Summary::of(group.scored().map(|round| round.complete_ns(origin))) };
    if group.is_one_simulation() {
        return Summary { median_low_ns: None, median_high_ns: None, ..summary };
    }
    let deployments = deployments_ms(group, origin);
    if deployments.len() < 2 {
        return summary;
    }
    let interval = quantile(&stats::sorted(deployments.concat()), &deployments, 50, MEDIAN).interval;
    let end_ns = |end: fn(Interval) -> f64| interval.map(end).filter(|end| end.is_finite()).map(|end| end * 1e6);
    let (low, high) = (end_ns(|interval| interval.low), end_ns(|interval| interval.high));
    Summary { median_low_ns: low, median_high_ns: high, ..summary }
}

/// Convergence times of scored rounds by deployment; infinite where a round never got there.
pub(crate) fn deployments_ms(group: &Group, origin: Origin) -> Vec<Vec<f64>> {
    let in_ms = |round: &&RoundMetrics| censored_ms(round.complete_ns(origin));
    group.deployments().iter().map(|rounds| rounds.iter().map(in_ms).collect()).collect()
}

/// The share of scored rounds at full coverage, with Wilson's interval. Of simulations as if each run had said it once: rounds on
/// one graph may all be alike.
pub(crate) fn complete_share(group: &Group) -> Estimate {
    let rounds = group.scored().count();
    let complete = group.scored().filter(|round| round.is_complete()).count();
    let (replicates, share) = (group.replicates(), complete as f64 / rounds as f64);
    let is_of_runs = !group.simulated.is_empty();
    let complete = if is_of_runs { share * replicates as f64 } else { complete as f64 };
    Estimate {
        value: Some(share).filter(|share| share.is_finite()),
        interval: wilson_interval(complete, replicates, LEVEL),
        method: if is_of_runs { "wilson-over-runs" } else { "wilson" },
    }
}

/// The median of finite values by deployment, none of which is empty; `purpose` keeps its draws apart from others'.
pub(crate) fn median(deployments: &[Vec<f64>], purpose: &'static str) -> Estimate {
    quantile(&stats::sorted(deployments.concat()), deployments, 50, purpose)
}

/// One quantile; several deployments have an interval where as many rounds of one have.
pub(crate) fn quantile(times: &[f64], deployments: &[Vec<f64>], percent: u32, purpose: &'static str) -> Estimate {
    let share = f64::from(percent) / 100.0;
    let ranks = quantile_interval(times.len(), share, LEVEL);
    let by_ranks = ranks.map(|ranks| Interval { low: times[ranks.low - 1], high: times[ranks.high - 1] });
    let of_deployments = || hierarchical_quantile(deployments, share, purpose, &resampling(POOLED_REPLICATES));
    let (interval, method) = match deployments.len() {
        0 | 1 => (by_ranks, "order-statistics"),
        deployments => (by_ranks.and_then(|_| of_deployments()), over_deployments(deployments)),
    };
    Estimate { value: stats::quantile(times, share), interval, method }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::silent_round;
    use super::*;

    /// Rounds of two runs, of which one takes ten times as long.
    fn group(runs: &[&str]) -> Group {
        let round = |run: &str, number: u32| {
            let time_ns = i64::from(100 + number) * if run == "slow" { 10_000_000 } else { 1_000_000 };
            let times = [Some(time_ns); 5];
            super::super::RoundMetrics { scored: true, from_initiate: times, ..silent_round(run, number) }
        };
        let rounds = runs.iter().flat_map(|run| (1..9).map(|number| round(run, number))).collect();
        Group { nodes: 4, rounds, ..Group::default() }
    }

    #[test]
    fn rounds_of_one_deployment_say_nothing_of_how_deployments_differ() {
        let one = summary(&group(&["fast"]), Origin::Initiate);
        assert_eq!((one.median_low_ns, one.median_high_ns), (Some(101e6), Some(108e6)));
        let two = summary(&group(&["fast", "slow"]), Origin::Initiate);
        assert!(two.median_low_ns < Some(50e6) && two.median_high_ns > Some(2_000e6), "{two:?}");
    }
}
