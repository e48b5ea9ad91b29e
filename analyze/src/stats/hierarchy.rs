//! Intervals over several deployments: deployments are resampled, then rounds inside each (Davison and Hinkley 1997,
//! ch. 3.8), so that what deployments have in common does not count as often as they have rounds.

use cnsim::random::Random;

use super::pairs::{Pairs, Unknown};
use super::{Interval, Resampling, Shift, shift, sorted};

/// The expanded percentile interval of a statistic of sorted values, which stand by deployment. None of fewer than two
/// deployments: what one deployment says of others is nothing. `purpose` keeps draws for different numbers apart.
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
    resampling.expanded_middle(&resampling.values(purpose, draw), deployments.len())
}

/// The shift from `a` to `b`, whose values stand by deployment, with the expanded percentile interval of the
/// shifts between deployments and rounds that were drawn anew on both sides. A side with one deployment adds only how its
/// rounds differ. Ends are none where all rounds together have none, or both sides have one deployment.
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
    let end = |unknown, of: fn(Interval) -> f64| interval(unknown).map(of).filter(|end| end.is_finite());
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
