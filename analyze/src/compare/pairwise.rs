//! Samples compared: shift, ratio, test and effect size, and each sample on its own.

use std::collections::BTreeSet;

use super::comparison::{Comparison, Design, Side, Standing};
use super::refusal::Refusal;
use super::sample::{Round, Sample};
use super::sentence;
use crate::measure::catalogue::Metric;
use crate::measure::estimate::{MEDIAN, POOLED_REPLICATES};
use crate::stats::{
    self, Dominance, Interval, MedianRatio, Resampling, Shift, Test, brunner_munzel, cliffs_delta,
    deployments_interval, deployments_test, hierarchical_mean, hierarchical_quantile, hierarchical_shift, mann_whitney,
    median_ratio, paired_shift, quantile_interval, resampled_shift, wilcoxon,
};

/// One condition on its own.
pub(super) fn side(sample: &Sample, resampling: &Resampling) -> Side {
    let sorted = stats::sorted(sample.values());
    let deployments = sample.by_deployment();
    let ranks = quantile_interval(sorted.len(), 0.5, resampling.level);
    let by_ranks = ranks.map(|ranks| Interval { low: sorted[ranks.low - 1], high: sorted[ranks.high - 1] });
    let has_several = deployments.len() > 1;
    let is_lone = sample.is_simulated && !has_several;
    // As the report has it.
    let of_median = Resampling { replicates: POOLED_REPLICATES, ..*resampling };
    let median_over = || hierarchical_quantile(&deployments, 0.5, MEDIAN, &of_median);
    let mean_over = || hierarchical_mean(&deployments, "mean", resampling);
    Side {
        metric: sample.metric,
        nodes: sample.nodes,
        condition: sample.condition.clone(),
        is_simulated: sample.is_simulated,
        rounds: sorted.len(),
        censored: sample.censored(),
        median: stats::median(&sorted),
        median_interval: by_ranks
            .and_then(|ranks| if has_several { median_over() } else { Some(ranks).filter(|_| !is_lone) }),
        mean: stats::mean(sorted.iter().copied()).filter(|mean| mean.is_finite()),
        mean_interval: stats::mean_interval(&sorted, resampling)
            .and_then(|bca| if has_several { mean_over() } else { Some(bca).filter(|_| !is_lone) }),
    }
}

/// Compares `to` with `from`, neither of which is empty. The adjusted p is set when the family is complete.
pub(super) fn compare(
    from: &Sample,
    to: &Sample,
    design: Design,
    resampling: &Resampling,
) -> Result<Comparison, Refusal> {
    let level = resampling.level;
    let [deployments_a, deployments_b] = [from, to].map(Sample::by_deployment);
    let (a, b) = match design {
        Design::Independent => (from.values(), to.values()),
        Design::Paired => pairs(from, to)?,
    };
    let has_several = deployments_a.len() + deployments_b.len() > 2;
    let found = match (design, has_several) {
        (Design::Independent, false) => of_rounds(&a, &b, resampling),
        (Design::Independent, true) => of_deployments([&deployments_a, &deployments_b], from.metric, resampling),
        (Design::Paired, false) => of_pairs(&a, &b, level),
        (Design::Paired, true) => of_paired_deployments(from, to, level)?,
    };
    let Found { shift, ratio, test, dominance } = found.expect("samples without a round are refused");
    let comparison = Comparison {
        metric: from.metric,
        nodes: from.nodes,
        a: from.condition.clone(),
        b: to.condition.clone(),
        rounds_a: a.len(),
        rounds_b: b.len(),
        deployments_a: deployments_a.len(),
        deployments_b: deployments_b.len(),
        simulated_a: from.is_simulated,
        simulated_b: to.is_simulated,
        design,
        level,
        shift,
        ratio,
        test: Some(test),
        p_holm: Some(test.p),
        dominance,
        clock_open_ms: from.clock_open_ms().into_iter().chain(to.clock_open_ms()).reduce(f64::max),
        sentence: String::new(),
    };
    let comparison = of_simulations(comparison);
    let censored = [&a, &b].map(|values| values.iter().filter(|value| value.is_infinite()).count());
    Ok(Comparison { sentence: sentence::of(&comparison, censored), ..comparison })
}

/// A comparison without what simulations do not have: a test, whose p falls with every run that one adds, and intervals where a
/// side is one run.
fn of_simulations(comparison: Comparison) -> Comparison {
    let untested = Comparison { test: None, p_holm: None, ..comparison.clone() };
    match comparison.standing() {
        Standing::OneDeployment | Standing::TooFewDeployments { .. } | Standing::Deployments => comparison,
        Standing::Simulations => untested,
        Standing::OneSimulation => Comparison {
            shift: Shift { low: None, high: None, ..untested.shift },
            ratio: untested.ratio.map(|ratio| MedianRatio { interval: None, ..ratio }),
            dominance: Dominance { interval: None, ..untested.dominance },
            ..untested
        },
    }
}

/// What a comparison found.
struct Found {
    shift: Shift,
    ratio: Option<MedianRatio>,
    test: Test,
    dominance: Dominance,
}

/// How much larger one side or one spread may be than the other's before the test of Mann and Whitney, and the interval that it
/// gives, no longer hold what they say: with 100 values against 10 that spread five times as much, 81 % instead of 95 %.
const ALIKE_MAX: f64 = 1.5;

/// Rounds a side below which the test of Brunner and Munzel rejects too often.
const ROBUST_MIN: usize = 10;

/// Rounds of one deployment a side. None where a side is empty.
fn of_rounds(a: &[f64], b: &[f64], resampling: &Resampling) -> Option<Found> {
    let level = resampling.level;
    let is_large = a.len().min(b.len()) >= ROBUST_MIN;
    let robust = if is_large && are_unlike(a, b) { brunner_munzel(a, b) } else { None };
    // Of samples that do not touch it knows no variance.
    let robust = robust.filter(|test| test.statistic.is_finite());
    Some(Found {
        shift: if robust.is_some() { resampled_shift(a, b, resampling) } else { stats::shift(a, b, level) },
        ratio: median_ratio(a, b, level),
        test: robust.or_else(|| mann_whitney(a, b))?,
        dominance: cliffs_delta(a, b, level)?,
    })
}

/// Whether two samples differ both in size and in spread, by their quartiles.
fn are_unlike(a: &[f64], b: &[f64]) -> bool {
    let ratio = |one: f64, other: f64| if one > other { one / other } else { other / one };
    let spread = |values: &[f64]| {
        let sorted = stats::sorted(values.iter().copied());
        stats::quantile(&sorted, 0.75).zip(stats::quantile(&sorted, 0.25)).map_or(0.0, |(high, low)| high - low)
    };
    let (size, spread) = (ratio(a.len() as f64, b.len() as f64), ratio(spread(a), spread(b)));
    size > ALIKE_MAX && spread > ALIKE_MAX
}

/// Deployments, each by one number, where a side has several: rounds of one are no repetitions of another. That is the median of
/// its rounds, and of shares, most of which are 1, their mean.
fn of_deployments([a, b]: [&[Vec<f64>]; 2], metric: Metric, resampling: &Resampling) -> Option<Found> {
    let numbers = if metric.unit() == "share" { means } else { medians };
    let [numbers_a, numbers_b] = [a, b].map(numbers);
    Some(Found {
        shift: shift_of_deployments([a, b], [&numbers_a, &numbers_b], resampling),
        ratio: median_ratio(&numbers_a, &numbers_b, resampling.level),
        test: deployments_test(&numbers_a, &numbers_b)?,
        dominance: cliffs_delta(&numbers_a, &numbers_b, resampling.level)?,
    })
}

/// The shift of all rounds. Its interval is the one of the test, so that both say the same, where there are deployments enough for
/// one; it always holds the shift.
fn shift_of_deployments([a, b]: [&[Vec<f64>]; 2], numbers: [&[f64]; 2], resampling: &Resampling) -> Shift {
    let drawn = hierarchical_shift(a, b, resampling);
    match (drawn.shift, deployments_interval(numbers[0], numbers[1], resampling.level)) {
        (Some(shift), Some(Interval { low, high })) => {
            Shift { shift: Some(shift), low: Some(low.min(shift)), high: Some(high.max(shift)) }
        }
        (None, _) | (_, None) => drawn,
    }
}

fn means(deployments: &[Vec<f64>]) -> Vec<f64> {
    deployments.iter().filter_map(|rounds| stats::mean(rounds.iter().copied())).collect()
}

/// That of a deployment most of whose rounds never got there is infinite.
fn medians(deployments: &[Vec<f64>]) -> Vec<f64> {
    let median = |rounds: &Vec<f64>| stats::median(&stats::sorted(rounds.iter().copied())).unwrap_or(f64::INFINITY);
    deployments.iter().filter(|rounds| !rounds.is_empty()).map(median).collect()
}

/// Pairs of rounds.
fn of_pairs(a: &[f64], b: &[f64], level: f64) -> Option<Found> {
    Some(Found {
        shift: paired_shift(a, b, level),
        ratio: median_ratio(a, b, level),
        test: wilcoxon(a, b)?,
        dominance: cliffs_delta(a, b, level)?,
    })
}

/// Pairs of deployments, each by the medians of its pairs of rounds.
fn of_paired_deployments(from: &Sample, to: &Sample, level: f64) -> Result<Option<Found>, Refusal> {
    let runs: BTreeSet<usize> = from.rounds.iter().map(|round| round.run).collect();
    let mut numbers: [Vec<f64>; 2] = Default::default();
    for run in runs {
        let of_run = |sample: &Sample| sample.of_deployment(run);
        let (a, b) = pairs(&of_run(from), &of_run(to))?;
        for (numbers, values) in numbers.iter_mut().zip([a, b]) {
            numbers.extend(medians(&[values]));
        }
    }
    let [a, b] = &numbers;
    Ok(of_pairs(a, b, level))
}

/// Values of rounds that belong together: the same number in runs in the same place, begun by the same node.
fn pairs(from: &Sample, to: &Sample) -> Result<(Vec<f64>, Vec<f64>), Refusal> {
    let not_paired =
        |why: String| Refusal::NotPaired { a: from.condition.clone(), b: to.condition.clone(), nodes: from.nodes, why };
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for round in &from.rounds {
        let is_same = |other: &&Round| (other.run, other.number) == (round.run, round.number);
        let Some(other) = to.rounds.iter().find(is_same) else { continue };
        if let (Some(one), Some(another)) = (&round.initiator, &other.initiator)
            && one != another
        {
            let number = round.number;
            return Err(not_paired(format!("round {number} was begun by {one} in one and by {another} in the other")));
        }
        a.push(round.value);
        b.push(other.value);
    }
    let longest = from.rounds.len().max(to.rounds.len());
    if a.len() < longest {
        return Err(not_paired(format!("only {} of {longest} rounds have the same number in both", a.len())));
    }
    Ok((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::comparison::Standing;

    /// Runs of two rounds each with these values.
    fn sample(condition: &str, is_simulated: bool, runs: &[[f64; 2]]) -> Sample {
        let round = |run: usize, number: u32, value: f64| Round {
            run,
            run_id: format!("r{run}"),
            number,
            initiator: None,
            value,
            clock_open_ms: None,
        };
        let rounds = (1..).zip(runs).flat_map(|(run, [one, other])| [round(run, 1, *one), round(run, 2, *other)]);
        let rounds = rounds.collect();
        Sample { condition: condition.to_owned(), nodes: 4, metric: Metric::default(), is_simulated, rounds }
    }

    fn compared(from: &Sample, to: &Sample) -> Comparison {
        compare(from, to, Design::Independent, &Resampling { seed: 1, replicates: 199, level: 0.95 }).unwrap()
    }

    const RUNS: [[f64; 2]; 3] = [[10.0, 11.0], [12.0, 13.0], [10.5, 12.5]];

    #[test]
    fn deployments_that_never_got_there_are_the_longest_and_not_left_out() {
        let never = sample("never", false, &[[f64::INFINITY; 2]; 3]);
        let found = compared(&sample("a", false, &RUNS), &never);
        assert_eq!((found.dominance.delta, found.test_name()), (1.0, Some("mann-whitney-normal")));
    }

    #[test]
    fn simulations_have_no_test_and_one_run_of_them_no_interval() {
        let measured = sample("a", false, &RUNS);
        let several = compared(&measured, &sample("b", true, &RUNS));
        assert_eq!((several.test, several.p_holm, several.standing()), (None, None, Standing::Simulations));
        assert!(several.shift.low.is_some() && several.shift.high.is_some());

        let lone = sample("b", true, &RUNS[..1]);
        let found = compared(&measured, &lone);
        assert_eq!((found.shift.low, found.shift.high, found.dominance.interval), (None, None, None));
        assert!(found.shift.shift.is_some() && found.test.is_none());
        let side = side(&lone, &Resampling { seed: 1, replicates: 199, level: 0.95 });
        assert_eq!((side.median_interval, side.mean_interval), (None, None));
    }
}
