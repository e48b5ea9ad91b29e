//! Intervals of pooled values that are alike inside a round: whole rounds are resampled, never values.

use cnsim::random::Random;

use super::quantile::Position;
use super::{Interval, Resampling};

/// Values by round, and rounds by deployment.
#[derive(Debug, Clone, Copy)]
pub struct Clusters<'a> {
    /// The sorted values of each round, none empty; rounds of one deployment stand together.
    pub rounds: &'a [Vec<i64>],
    /// How many rounds each deployment has, none zero.
    pub deployments: &'a [usize],
}

/// The percentile interval of a percentile (type 7) of all values together, by the hierarchical bootstrap (Davison and
/// Hinkley 1997, ch. 3.8): deployments are drawn, then rounds inside each, and a round's values stay together. With one
/// deployment it is the cluster bootstrap, and holds for that deployment alone. None of fewer than two rounds.
pub fn pooled_percentile_interval(
    clusters: Clusters<'_>,
    percent: u32,
    purpose: &str,
    resampling: &Resampling,
) -> Option<Interval> {
    debug_assert_eq!(clusters.deployments.iter().sum::<usize>(), clusters.rounds.len());
    if clusters.rounds.len() < 2 {
        return None;
    }
    let values = resampling.values(purpose, |random| clusters.percentile(&clusters.drawn(random), percent));
    resampling.middle(&values)
}

impl Clusters<'_> {
    /// How often each round was drawn.
    fn drawn(&self, random: &mut Random) -> Vec<usize> {
        let mut times = vec![0; self.rounds.len()];
        let starts: Vec<usize> = self
            .deployments
            .iter()
            .scan(0, |next, rounds| {
                *next += rounds;
                Some(*next - rounds)
            })
            .collect();
        for _ in self.deployments {
            let deployment = random.below(self.deployments.len() as u64) as usize;
            let rounds = self.deployments[deployment];
            for _ in 0..rounds {
                times[starts[deployment] + random.below(rounds as u64) as usize] += 1;
            }
        }
        times
    }

    fn percentile(&self, times: &[usize], percent: u32) -> f64 {
        let count: usize = self.rounds.iter().zip(times).map(|(values, times)| values.len() * times).sum();
        let position = Position::of(count, percent).expect("no round is empty");
        let low = self.at(times, position.rank);
        let high = if position.hundredths == 0 { low } else { self.at(times, position.rank + 1) };
        position.between(low, high)
    }

    /// The value at a rank, counted from 0, among all values of the rounds drawn: by bisection.
    fn at(&self, times: &[usize], rank: usize) -> i64 {
        let drawn = || self.rounds.iter().zip(times).filter(|(_, times)| **times > 0);
        let ends = drawn().map(|(values, _)| (values[0], values[values.len() - 1]));
        let (mut low, mut high) = ends.fold((i64::MAX, i64::MIN), |all, one| (all.0.min(one.0), all.1.max(one.1)));
        while low < high {
            let middle = low + (low.abs_diff(high) / 2) as i64;
            let up_to = |(values, times): (&Vec<i64>, &usize)| times * values.partition_point(|value| *value <= middle);
            if drawn().map(up_to).sum::<usize>() > rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{coverage, percentile};
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: 5, replicates: 199, level: 0.9 };

    proptest! {
        #[test]
        fn drawing_every_round_once_gives_the_percentile_of_all_values(
            mut rounds in prop::collection::vec(prop::collection::vec(-40_i64..40, 1..9), 1..6), percent in 0_u32..=100
        ) {
            rounds.iter_mut().for_each(|values| values.sort_unstable());
            let mut pooled = rounds.concat();
            pooled.sort_unstable();
            let clusters = Clusters { rounds: &rounds, deployments: &[rounds.len()] };
            let found = clusters.percentile(&vec![1; rounds.len()], percent);
            prop_assert_eq!(Some(found), percentile(&pooled, percent));
        }
    }

    /// Values of `deployments` with effects of deployments, rounds and values, in thousandths; the median is 0.
    fn sample(deployments: &[usize], of_deployment: f64, random: &mut Random) -> Vec<Vec<i64>> {
        let mut rounds = Vec::new();
        for count in deployments {
            let deployment = of_deployment * coverage::normal(random);
            for _ in 0..*count {
                let round = deployment + coverage::normal(random);
                let mut values: Vec<i64> =
                    (0..6).map(|_| (1000.0 * (round + coverage::normal(random))) as i64).collect();
                values.sort_unstable();
                rounds.push(values);
            }
        }
        rounds
    }

    fn covered(deployments: &[usize], of_deployment: f64, split: &[usize]) -> f64 {
        coverage::share(200, |random| {
            let rounds = sample(deployments, of_deployment, random);
            let clusters = Clusters { rounds: &rounds, deployments: split };
            pooled_percentile_interval(clusters, 50, "test", &RESAMPLING).unwrap().holds(0.0)
        })
    }

    #[test]
    fn resampled_rounds_cover_where_resampled_values_would_not() {
        let of_rounds = covered(&[16], 0.0, &[16]);
        assert!((0.84..0.95).contains(&of_rounds), "{of_rounds}");
        let of_values = coverage::share(200, |random| {
            let values: Vec<Vec<i64>> =
                sample(&[16], 0.0, random).concat().into_iter().map(|value| vec![value]).collect();
            let clusters = Clusters { rounds: &values, deployments: &[values.len()] };
            pooled_percentile_interval(clusters, 50, "test", &RESAMPLING).unwrap().holds(0.0)
        });
        assert!(of_values < 0.75, "{of_values}");
    }

    #[test]
    fn deployments_that_differ_need_to_be_resampled_too() {
        let hierarchical = covered(&[4; 8], 1.0, &[4; 8]);
        assert!((0.83..0.97).contains(&hierarchical), "{hierarchical}");
        let of_rounds_only = covered(&[4; 8], 1.0, &[32]);
        assert!(of_rounds_only < 0.8, "{of_rounds_only}");
    }

    #[test]
    fn one_round_has_no_interval() {
        let rounds = [vec![1, 2, 3]];
        let clusters = Clusters { rounds: &rounds, deployments: &[1] };
        assert_eq!(pooled_percentile_interval(clusters, 50, "test", &RESAMPLING), None);
    }
}
