//! Intervals over several deployments: deployments are resampled, then rounds inside each (Davison and Hinkley 1997,
//! ch. 3.8), so that what deployments have in common does not count as often as they have rounds.
//!
//! Of two deployments every replicate lies between them, and their range holds what a third would be like much less often
//! than an interval says. There the interval is that of the two deployments' own numbers by Student's t, and no narrower
//! than the replicates are.

use super::distribution::student_quantile;
use super::drawn::Drawn;
use super::interval::Interval;
use super::quantile::quantile;
use super::resample::{MANY_ROUNDS, Resampling};
use super::resampled;
use super::values::{mean, sorted};

/// How intervals over several deployments are made, as tables name it.
pub fn over_deployments(deployments: usize) -> &'static str {
    if deployments == 2 { "student-two-deployments" } else { "hierarchical-bootstrap" }
}

/// The interval of the mean of finite values, which stand by deployment: the expanded percentile interval; of two
/// deployments it is no narrower than Student's of the two. None of fewer than two: what one deployment says of others is
/// nothing. `purpose` keeps draws for different numbers apart.
pub fn hierarchical_mean(deployments: &[Vec<f64>], purpose: &str, resampling: &Resampling) -> Option<Interval> {
    let statistic = |sorted: &[f64]| mean(sorted.iter().copied()).unwrap_or(f64::NAN);
    interval(deployments, purpose, resampling, statistic, resampled::means)
}

/// The same of a quantile of type 7. An infinite value is larger than all others.
pub fn hierarchical_quantile(
    deployments: &[Vec<f64>],
    share: f64,
    purpose: &str,
    resampling: &Resampling,
) -> Option<Interval> {
    let statistic = |sorted: &[f64]| quantile(sorted, share).unwrap_or(f64::NAN);
    let computed = |rounds: &[&[f64]], scores| resampled::quantiles(rounds, share, scores);
    interval(deployments, purpose, resampling, statistic, computed)
}

/// The interval of a `statistic` of sorted values: between its replicates where rounds are few, where they are many between the
/// numbers that `computed` gives for two scores.
fn interval(
    deployments: &[Vec<f64>],
    purpose: &str,
    resampling: &Resampling,
    statistic: impl Fn(&[f64]) -> f64 + Sync,
    computed: impl Fn(&[&[f64]], [f64; 2]) -> Option<[f64; 2]>,
) -> Option<Interval> {
    let units = deployments.len();
    if units < 2 {
        return None;
    }
    let rounds: usize = deployments.iter().map(Vec::len).sum();
    let replicates = if rounds < MANY_ROUNDS {
        let drawn = Drawn::of(deployments);
        let values = resampling.values(purpose, |random| statistic(&drawn.sorted(random)));
        resampling.expanded_middle(&values, units)?
    } else {
        let values: Vec<&[f64]> = deployments.iter().map(Vec::as_slice).collect();
        let [low, high] = computed(&values, resampling.expanded_scores(units)?)?;
        Interval { low, high }
    };
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

#[cfg(test)]
mod tests {
    use super::super::{coverage, mean_interval};
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: 5, replicates: 199, level: 0.9 };

    #[test]
    fn the_interval_covers_the_mean_of_all_deployments_where_that_of_rounds_does_not() {
        let hierarchical = coverage::share(400, |random| {
            hierarchical_mean(&coverage::deployments(10, 3.0, random), "mean", &RESAMPLING).unwrap().holds(3.0)
        });
        assert!((0.87..0.96).contains(&hierarchical), "{hierarchical}");
        let of_rounds = coverage::share(400, |random| {
            mean_interval(&coverage::deployments(10, 3.0, random).concat(), &RESAMPLING).unwrap().holds(3.0)
        });
        assert!(of_rounds < 0.75, "{of_rounds}");
    }

    #[test]
    fn intervals_of_two_deployments_hold_as_often_as_they_say() {
        let of_means = coverage::share(400, |random| {
            hierarchical_mean(&coverage::deployments(2, 30.0, random), "mean", &RESAMPLING).unwrap().holds(30.0)
        });
        assert!(of_means >= 0.87, "{of_means}");
    }

    #[test]
    fn the_interval_of_two_times_is_above_zero_and_that_of_equal_ones_is_their_rounds() {
        let interval = two_deployments([100.0, 130.0], 0.95).unwrap();
        assert!(interval.low > 0.0 && interval.low < 30.0 && interval.high > 500.0, "{interval:?}");
        assert_eq!(two_deployments([-1.0, f64::INFINITY], 0.95), None);
        let equal = [vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]];
        let found = hierarchical_quantile(&equal, 0.5, "x", &RESAMPLING).unwrap();
        assert!(found.low < 2.0 && found.high > 2.0, "{found:?}");
    }

    #[test]
    fn one_deployment_says_nothing_of_others() {
        let one = [vec![1.0, 2.0, 3.0, 4.0]];
        assert_eq!(hierarchical_mean(&one, "x", &RESAMPLING), None);
    }
}
