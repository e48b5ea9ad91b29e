//! Intervals over several deployments: deployments are resampled, then rounds inside each (Davison and Hinkley 1997,
//! ch. 3.8), so that what deployments have in common does not count as often as they have rounds.
//!
//! Of two deployments every replicate lies between them, and their range holds what a third would be like much less often
//! than an interval says. There the interval is that of the two deployments' own numbers by Student's t, and no narrower
//! than the replicates are.

use cnsim::random::Random;

use super::distribution::student_quantile;
use super::pairs::{Pairs, Unknown};
use super::{Interval, Resampling, Shift, quantile, shift, sorted};

/// How intervals over several deployments are made, as tables name it.
pub fn over_deployments(deployments: usize) -> &'static str {
    if deployments == 2 { "student-two-deployments" } else { "hierarchical-bootstrap" }
}

/// The expanded percentile interval of a statistic of sorted values, which stand by deployment; of two deployments it is no
/// narrower than Student's of the two. None of fewer than two: what one deployment says of others is nothing. `purpose` keeps draws for
/// different numbers apart.
pub fn hierarchical_interval(
    deployments: &[Vec<f64>],
    purpose: &str,
    resampling: &Resampling,
    statistic: impl Fn(&[f64]) -> f64 + Sync,
) -> Option<Interval> {
    let draw = |random: &mut Random| statistic(&sorted(drawn(deployments, random)));
    if deployments.len() < 2 {
        return None;
    }
    let replicates = resampling.expanded_middle(&resampling.values(purpose, draw), deployments.len())?;
    Some(match deployments {
        [one, other] => {
            let own = [one, other].map(|rounds| statistic(&sorted(rounds.iter().copied())));
            replicates.around(two_deployments(own, resampling.level))
        }
        _ => replicates,
    })
}

/// The interval of what two deployments have each of: the mean of the two numbers, plus and minus Student's t with one degree of
/// freedom times half their distance. Of numbers above 0 it is that of their logarithms, for times spread in proportion to
/// their size and none is below 0. None where one of the numbers is not finite.
pub(super) fn two_deployments(own: [f64; 2], level: f64) -> Option<Interval> {
    let is_positive = own.iter().all(|number| *number > 0.0);
    let [one, other] = if is_positive { own.map(f64::ln) } else { own };
    let (middle, half) = (one.midpoint(other), student_quantile((1.0 + level) / 2.0, 1.0) * (one - other).abs() / 2.0);
    let ends = [middle - half, middle + half];
    let [low, high] = if is_positive { ends.map(f64::exp) } else { ends };
    own.iter().all(|number| number.is_finite()).then_some(Interval { low, high })
}

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

/// The shift from `a` to `b`, whose values stand by deployment, with the expanded percentile interval of the
/// shifts between deployments and rounds that were drawn anew on both sides; where a side has two deployments it is no
/// narrower than that of their medians by Welch's t. A side with one deployment adds only how its rounds differ. Ends are none where all rounds together have none, or both sides have one deployment.
pub fn hierarchical_shift(a: &[Vec<f64>], b: &[Vec<f64>], resampling: &Resampling) -> Shift {
    let pooled = shift(&a.concat(), &b.concat(), resampling.level);
    let units = [a.len(), b.len()].into_iter().filter(|deployments| *deployments > 1).min().unwrap_or(1);
    let interval = |unknown: Unknown| {
        let values = resampling.values("shift", |random| {
            let negative = sorted(drawn(a, random).into_iter().map(|value| 0.0 - value));
            Pairs::Across(&negative, &sorted(drawn(b, random))).median_with(unknown)
        });
        resampling.expanded_middle(&values, units)
    };
    if pooled.low.is_none() && pooled.high.is_none() {
        return pooled;
    }
    let wider = (units == 2).then(|| welch(a, b, resampling.level)).flatten();
    let end = |unknown, of: fn(Interval) -> f64| {
        interval(unknown).map(|replicates| of(replicates.around(wider))).filter(|end| end.is_finite())
    };
    let low = end(Unknown::Lowest, |interval| interval.low);
    let high = end(Unknown::Highest, |interval| interval.high);
    Shift { shift: pooled.shift, low, high }
}

/// As many deployments as there are, each with as many rounds as it has, all drawn at random.
fn drawn(deployments: &[Vec<f64>], random: &mut Random) -> Vec<f64> {
    let mut values = Vec::new();
    for _ in deployments {
        let rounds = &deployments[random.below(deployments.len() as u64) as usize];
        values.extend(rounds.iter().map(|_| rounds[random.below(rounds.len() as u64) as usize]));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::{coverage, mean, mean_interval};
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: 5, replicates: 199, level: 0.9 };

    /// Deployments of five rounds that differ as much as rounds do.
    fn sample(deployments: usize, centre: f64, random: &mut Random) -> Vec<Vec<f64>> {
        let mut sample = Vec::new();
        for _ in 0..deployments {
            let deployment = centre + coverage::normal(random);
            sample.push((0..5).map(|_| deployment + coverage::normal(random)).collect());
        }
        sample
    }

    #[test]
    fn the_interval_covers_the_mean_of_all_deployments_where_that_of_rounds_does_not() {
        let mean_of = |values: &[f64]| mean(values.iter().copied()).unwrap();
        let hierarchical = coverage::share(400, |random| {
            hierarchical_interval(&sample(10, 3.0, random), "mean", &RESAMPLING, mean_of).unwrap().holds(3.0)
        });
        assert!((0.87..0.96).contains(&hierarchical), "{hierarchical}");
        let of_rounds = coverage::share(400, |random| {
            mean_interval(&sample(10, 3.0, random).concat(), &RESAMPLING).unwrap().holds(3.0)
        });
        assert!(of_rounds < 0.75, "{of_rounds}");
    }

    #[test]
    fn the_shift_of_deployments_that_differ_is_less_sure_than_that_of_their_rounds() {
        let holds = |found: Shift| (found.low.unwrap()..=found.high.unwrap()).contains(&2.0);
        let hierarchical = coverage::share(200, |random| {
            let (a, b) = (sample(8, 1.0, random), sample(8, 3.0, random));
            holds(hierarchical_shift(&a, &b, &RESAMPLING))
        });
        assert!((0.87..1.0).contains(&hierarchical), "{hierarchical}");
        let of_rounds = coverage::share(200, |random| {
            let (a, b) = (sample(8, 1.0, random), sample(8, 3.0, random));
            holds(shift(&a.concat(), &b.concat(), 0.9))
        });
        assert!(of_rounds < 0.75, "{of_rounds}");
    }

    #[test]
    fn intervals_of_two_deployments_hold_as_often_as_they_say() {
        let mean_of = |values: &[f64]| mean(values.iter().copied()).unwrap();
        let of_means = coverage::share(400, |random| {
            hierarchical_interval(&sample(2, 30.0, random), "mean", &RESAMPLING, mean_of).unwrap().holds(30.0)
        });
        assert!(of_means >= 0.87, "{of_means}");
        let of_shifts = coverage::share(400, |random| {
            let (a, b) = (sample(2, 10.0, random), sample(2, 13.0, random));
            let found = hierarchical_shift(&a, &b, &RESAMPLING);
            (found.low.unwrap()..=found.high.unwrap()).contains(&3.0)
        });
        assert!(of_shifts >= 0.87, "{of_shifts}");
    }

    #[test]
    fn the_interval_of_two_times_is_above_zero_and_that_of_equal_ones_is_their_rounds() {
        let interval = two_deployments([100.0, 130.0], 0.95).unwrap();
        assert!(interval.low > 0.0 && interval.low < 30.0 && interval.high > 500.0, "{interval:?}");
        assert_eq!(two_deployments([-1.0, f64::INFINITY], 0.95), None);
        let equal = [vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]];
        let found = hierarchical_interval(&equal, "x", &RESAMPLING, |values| values[values.len() / 2]).unwrap();
        assert!(found.low < 2.0 && found.high > 2.0, "{found:?}");
    }

    #[test]
    fn one_deployment_says_nothing_of_others() {
        let one = [vec![1.0, 2.0, 3.0, 4.0]];
        assert_eq!(hierarchical_interval(&one, "x", &RESAMPLING, |values| values[0]), None);
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
