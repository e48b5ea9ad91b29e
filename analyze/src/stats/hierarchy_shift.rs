//! The shift between two conditions of several deployments each: deployments are resampled, then rounds inside each.

use super::distribution::student_quantile;
use super::drawn::Drawn;
use super::interval::Interval;
use super::location::{Shift, shift};
use super::pairs::{Pairs, Unknown};
use super::quantile::quantile;
use super::resample::{MANY_ROUNDS, Resampling};
use super::saddlepoint::{ResampledSum, score_of_reaching};
use super::search::Search;
use super::values::{mean, sorted};

/// The interval of the shift between deployments' medians by Welch's t (1947); a side with one deployment does not vary.
/// None where no side has two or more, or a median is not finite.
fn welch(a: &[Vec<f64>], b: &[Vec<f64>], level: f64) -> Option<Interval> {
    let medians = |side: &[Vec<f64>]| -> Option<Vec<f64>> {
        side.iter()
            .map(|rounds| quantile(&sorted(rounds.iter().copied()), 0.5).filter(|median| median.is_finite()))
            .collect()
    };
    let side = |side: &[Vec<f64>]| {
        let medians = medians(side)?;
        let count = medians.len() as f64;
        let mean = medians.iter().sum::<f64>() / count;
        let squares: f64 = medians.iter().map(|median| (median - mean).powi(2)).sum();
        // A single median has no freedom, and no square.
        let freedom = (count - 1.0).max(1.0);
        Some((mean, squares / freedom / count, freedom))
    };
    let ((mean_a, error_a, freedom_a), (mean_b, error_b, freedom_b)) = (side(a)?, side(b)?);
    let error = error_a + error_b;
    if error == 0.0 {
        return None;
    }
    let freedom = error.powi(2) / (error_a.powi(2) / freedom_a + error_b.powi(2) / freedom_b);
    let half = student_quantile((1.0 + level) / 2.0, freedom) * error.sqrt();
    Some(Interval { low: mean_b - mean_a - half, high: mean_b - mean_a + half })
}

/// The shift from `a` to `b`, whose values stand by deployment, with the expanded percentile interval of the shifts between
/// deployments and rounds that were drawn anew on both sides; where a side has two deployments it is no narrower than that
/// of their medians by Welch's t. A side with one deployment adds only how its rounds differ. Ends are none where all rounds
/// together have none, or both sides have one deployment.
pub fn hierarchical_shift(a: &[Vec<f64>], b: &[Vec<f64>], resampling: &Resampling) -> Shift {
    let pooled = shift(&a.concat(), &b.concat(), resampling.level);
    if pooled.low.is_none() && pooled.high.is_none() {
        return pooled;
    }
    let units = [a.len(), b.len()].into_iter().filter(|deployments| *deployments > 1).min().unwrap_or(1);
    let wider = (units == 2).then(|| welch(a, b, resampling.level)).flatten();
    let end = |end: f64| Some(end).filter(|end| end.is_finite());
    let computed = pooled.shift.filter(|_| is_computed(a) && is_computed(b));
    let intervals = match computed {
        Some(middle) => [computed_interval(a, b, middle, units, resampling); 2],
        None => drawn_intervals(a, b, units, resampling),
    };
    let [low, high] = intervals.map(|interval| interval.map(|replicates| replicates.around(wider)));
    let (low, high) = (low.and_then(|interval| end(interval.low)), high.and_then(|interval| end(interval.high)));
    Shift { shift: pooled.shift, low, high }
}

/// The shift from `a` to `b` with the interval of the shifts between values that were drawn anew on each side. Unlike the one that
/// the test of Mann and Whitney gives, it holds where the two spread differently.
pub fn resampled_shift(a: &[f64], b: &[f64], resampling: &Resampling) -> Shift {
    let each_alone = |values: &[f64]| values.iter().map(|value| vec![*value]).collect::<Vec<_>>();
    hierarchical_shift(&each_alone(a), &each_alone(b), resampling)
}

/// The intervals of drawn replicates with differences that are not known at the low end, and at the high end.
fn drawn_intervals(a: &[Vec<f64>], b: &[Vec<f64>], units: usize, resampling: &Resampling) -> [Option<Interval>; 2] {
    let negative: Vec<Vec<f64>> = a.iter().map(|rounds| rounds.iter().map(|value| 0.0 - value).collect()).collect();
    let (of_a, of_b) = (Drawn::of(&negative), Drawn::of(b));
    let interval = |unknown: Unknown| {
        let values = resampling.values("shift", |random| {
            let negative = of_a.sorted(random);
            Pairs::Across(&negative, &of_b.sorted(random)).median_with(unknown)
        });
        resampling.expanded_middle(&values, units)
    };
    let lowest = interval(Unknown::Lowest);
    let has_infinite = |side: &[Vec<f64>]| side.iter().flatten().any(|value| value.is_infinite());
    let is_unknown = has_infinite(a) && has_infinite(b);
    [lowest, if is_unknown { interval(Unknown::Highest) } else { lowest }]
}

/// Whether the shift to or from a condition need not be drawn: its rounds are many and finite, and so are its deployments,
/// or there is one. With few deployments, pairs of them matter that the projection leaves out.
fn is_computed(deployments: &[Vec<f64>]) -> bool {
    const DEPLOYMENTS_MIN: usize = 20;
    let rounds: usize = deployments.iter().map(Vec::len).sum();
    let is_finite = deployments.iter().flatten().all(|value| value.is_finite());
    rounds >= MANY_ROUNDS && is_finite && (deployments.len() == 1 || deployments.len() >= DEPLOYMENTS_MIN)
}

/// The interval where the distribution of replicates is computed. That a shift is at most `limit` is that half of the pairs
/// are: the share of those is, but for what is small against it, the sum of what each round adds on its own (the projection
/// of Hajek 1968), which is resampled as it is.
fn computed_interval(
    a: &[Vec<f64>],
    b: &[Vec<f64>],
    middle: f64,
    units: usize,
    resampling: &Resampling,
) -> Option<Interval> {
    let [all_a, all_b] = [a, b].map(|side| sorted(side.iter().flatten().copied()));
    let (count_a, count_b) = (all_a.len() as f64, all_b.len() as f64);
    let of_a = |limit: f64, value: f64| all_b.partition_point(|other| *other - value <= limit) as f64 / count_b;
    let of_b =
        |limit: f64, value: f64| (count_a - all_a.partition_point(|other| value - *other > limit) as f64) / count_a;
    let sums = |limit: f64| {
        let share = mean(all_a.iter().map(|value| of_a(limit, *value))).unwrap_or_default();
        let mut sums = [ResampledSum::default(), ResampledSum::default()];
        for rounds in a {
            sums[0].push(rounds.iter().map(|value| ((of_a(limit, *value) - share) / count_a, 1.0)));
        }
        for rounds in b {
            sums[1].push(rounds.iter().map(|value| ((of_b(limit, *value) - share) / count_b, 1.0)));
        }
        (sums, 0.5 - share)
    };
    let score = |limit: f64| {
        let (sums, least) = sums(limit);
        score_of_reaching(&sums, least)
    };
    let (low, high) = (all_b.first()? - all_a.last()?, all_b.last()? - all_a.first()?);
    let scores = resampling.expanded_scores(units)?;
    // Without a scale to begin with: the quartiles of all rounds are as far apart as 1.35 standard deviations.
    let spread = |all: &[f64]| Some((quantile(all, 0.75)? - quantile(all, 0.25)?) / 1.35);
    let scale = spread(&all_a)?.hypot(spread(&all_b)?) / (units as f64).sqrt();
    let search = Search { low, high, middle, scale, resolution: scale * 1e-9, close: 1e-3 };
    let [low, high] = scores.map(|wanted| search.reaching(wanted, score));
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::super::coverage;
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: 5, replicates: 199, level: 0.9 };

    #[test]
    fn the_shift_of_deployments_that_differ_is_less_sure_than_that_of_their_rounds() {
        let holds = |found: Shift| (found.low.unwrap()..=found.high.unwrap()).contains(&2.0);
        let hierarchical = coverage::share(200, |random| {
            let (a, b) = (coverage::deployments(8, 1.0, random), coverage::deployments(8, 3.0, random));
            holds(hierarchical_shift(&a, &b, &RESAMPLING))
        });
        assert!((0.87..1.0).contains(&hierarchical), "{hierarchical}");
        let of_rounds = coverage::share(200, |random| {
            let (a, b) = (coverage::deployments(8, 1.0, random), coverage::deployments(8, 3.0, random));
            holds(shift(&a.concat(), &b.concat(), 0.9))
        });
        assert!(of_rounds < 0.75, "{of_rounds}");
    }

    #[test]
    fn unequal_sizes_that_spread_unequally_are_held_as_often_as_it_says() {
        let held = |by: fn(&[f64], &[f64]) -> Shift| {
            coverage::share(300, |random| {
                let a: Vec<f64> = (0..100).map(|_| coverage::normal(random)).collect();
                let b: Vec<f64> = (0..10).map(|_| 5.0 * coverage::normal(random)).collect();
                let found = by(&a, &b);
                (found.low.unwrap()..=found.high.unwrap()).contains(&0.0)
            })
        };
        let by_draws = held(|a, b| resampled_shift(a, b, &RESAMPLING));
        let by_test = held(|a, b| shift(a, b, 0.9));
        assert!(by_draws >= 0.85 && by_test < 0.8, "{by_draws} {by_test}");
    }

    #[test]
    fn shifts_between_two_deployments_a_side_hold_as_often_as_they_say() {
        let of_shifts = coverage::share(400, |random| {
            let (a, b) = (coverage::deployments(2, 10.0, random), coverage::deployments(2, 13.0, random));
            let found = hierarchical_shift(&a, &b, &RESAMPLING);
            (found.low.unwrap()..=found.high.unwrap()).contains(&3.0)
        });
        assert!(of_shifts >= 0.87, "{of_shifts}");
    }

    #[test]
    fn censored_rounds_leave_the_end_open_that_they_could_move() {
        let a = [vec![1.0, 2.0, 3.0], vec![1.5, 2.5, 3.5]];
        let b = [vec![7.0, 8.0, f64::INFINITY], vec![7.5, f64::INFINITY, f64::INFINITY]];
        let found = hierarchical_shift(&a, &b, &RESAMPLING);
        assert!(found.low.is_some_and(|low| low > 0.0) && found.high.is_none(), "{found:?}");
        assert_eq!(hierarchical_shift(&a, &[vec![f64::INFINITY; 4], vec![f64::INFINITY]], &RESAMPLING).low, None);
    }
}
