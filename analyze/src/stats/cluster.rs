//! Intervals of pooled values that are alike inside a round: whole rounds are resampled, never values.

use cnsim::random::Random;
use rayon::prelude::*;

use super::hierarchy::two_deployments;
use super::quantile::Position;
use super::{Interval, Resampling};

/// Values of rounds, and rounds of deployments, laid out so that a percentile of any rounds is found without sorting
/// again: all values in order, and how many of each round stand before every so many of them.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Every value with the number of its round, sorted.
    values: Vec<(i64, u32)>,
    /// Values from one count to the next.
    stride: usize,
    /// By `stride`, then by round: values of the round before.
    before: Vec<u32>,
    rounds: usize,
    /// Of each deployment, its first round and how many it has.
    deployments: Vec<(usize, usize)>,
}

impl Pool {
    /// Lays out the values of rounds, none empty, of deployments, which have one round at least.
    pub fn new(deployments: &[Vec<Vec<i64>>]) -> Self {
        const STRIDES_MAX: usize = 2_048;
        const STRIDE_MIN: usize = 64;
        let mut values = Vec::new();
        let mut rounds = 0;
        let mut extents = Vec::new();
        for deployment in deployments {
            extents.push((rounds, deployment.len()));
            for round in deployment {
                values.extend(round.iter().map(|value| (*value, rounds as u32)));
                rounds += 1;
            }
        }
        values.par_sort_unstable();
        let stride = (values.len() / STRIDES_MAX).max(STRIDE_MIN);
        let mut seen = vec![0_u32; rounds];
        let mut before = Vec::new();
        for part in values.chunks(stride) {
            before.extend_from_slice(&seen);
            part.iter().for_each(|(_, round)| seen[*round as usize] += 1);
        }
        before.extend_from_slice(&seen);
        Self { values, stride, before, rounds, deployments: extents }
    }

    /// How many deployments there are.
    pub fn deployments(&self) -> usize {
        self.deployments.len()
    }

    /// A percentile of all values together, type 7; none of no value.
    pub fn percentile(&self, percent: u32) -> Option<f64> {
        (self.rounds > 0).then(|| self.percentile_of(&vec![1; self.rounds], percent))
    }

    /// The expanded percentile interval of [`Pool::percentile`] by the hierarchical bootstrap (Davison and Hinkley 1997, ch. 3.8):
    /// deployments are drawn, then rounds inside each, and a round's values stay together. With one deployment it is the
    /// cluster bootstrap, and holds for that deployment alone; with two it is no narrower than Student's of the two. None of
    /// fewer than two rounds. `purpose` keeps draws for different numbers apart.
    pub fn percentile_interval(&self, percent: u32, purpose: &str, resampling: &Resampling) -> Option<Interval> {
        if self.rounds < 2 {
            return None;
        }
        let values = resampling.values(purpose, |random| self.percentile_of(&self.drawn(random), percent));
        let units = if self.deployments.len() > 1 { self.deployments.len() } else { self.rounds };
        let replicates = resampling.expanded_middle(&values, units)?;
        let own = (self.deployments.len() == 2).then(|| [0, 1].map(|number| self.own(number, percent)));
        Some(replicates.around(own.and_then(|own| two_deployments(own, resampling.level))))
    }

    /// A percentile of the values of one deployment.
    fn own(&self, deployment: usize, percent: u32) -> f64 {
        let (first, rounds) = self.deployments[deployment];
        let times: Vec<usize> =
            (0..self.rounds).map(|round| usize::from((first..first + rounds).contains(&round))).collect();
        self.percentile_of(&times, percent)
    }

    /// How often each round was drawn.
    fn drawn(&self, random: &mut Random) -> Vec<usize> {
        let mut times = vec![0; self.rounds];
        for _ in &self.deployments {
            let (first, rounds) = self.deployments[random.below(self.deployments.len() as u64) as usize];
            for _ in 0..rounds {
                times[first + random.below(rounds as u64) as usize] += 1;
            }
        }
        times
    }

    fn percentile_of(&self, times: &[usize], percent: u32) -> f64 {
        let strides = self.before.len() / self.rounds;
        let before = |stride: usize| -> usize {
            let counts = &self.before[stride * self.rounds..][..self.rounds];
            counts.iter().zip(times).map(|(count, times)| *count as usize * times).sum()
        };
        let position = Position::of(before(strides - 1), percent).expect("no round is empty");
        let (mut low, mut high) = (0, strides - 1);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if before(middle) <= position.rank { low = middle } else { high = middle }
        }
        let mut passed = before(low);
        let mut at_rank = None;
        for (value, round) in &self.values[low * self.stride..] {
            passed += times[*round as usize];
            match at_rank {
                None if passed > position.rank && (position.hundredths == 0 || passed > position.rank + 1) => {
                    return position.between(*value, *value);
                }
                None if passed > position.rank => at_rank = Some(*value),
                Some(first) if passed > position.rank + 1 => return position.between(first, *value),
                None | Some(_) => {}
            }
        }
        unreachable!("a percentile below the last value has one after it")
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
        fn a_percentile_is_that_of_the_rounds_as_often_as_they_were_drawn(
            rounds in prop::collection::vec((prop::collection::vec(-40_i64..40, 1..60), 0_usize..4), 1..9),
            percent in 0_u32..=100
        ) {
            let (rounds, mut times): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
            times[0] = 1;
            let mut drawn: Vec<i64> =
                rounds.iter().zip(&times).flat_map(|(values, times)| values.repeat(*times)).collect();
            drawn.sort_unstable();
            let pool = Pool::new(&[rounds]);
            prop_assert_eq!(Some(pool.percentile_of(&times, percent)), percentile(&drawn, percent));
        }
    }

    type Deployments = Vec<Vec<Vec<i64>>>;

    /// Rounds of `deployments` with effects of deployments, rounds and values, in thousandths; the median is 0.
    fn sample(deployments: &[usize], of_deployment: f64, random: &mut Random) -> Deployments {
        let mut sample = Vec::new();
        for rounds in deployments {
            let deployment = of_deployment * coverage::normal(random);
            let mut round = || {
                let round = deployment + coverage::normal(random);
                (0..6).map(|_| (1000.0 * (round + coverage::normal(random))) as i64).collect()
            };
            sample.push((0..*rounds).map(|_| round()).collect());
        }
        sample
    }

    /// How often the interval of the median holds 0, when `split` says what is resampled.
    fn covered(deployments: &[usize], of_deployment: f64, split: fn(Deployments) -> Deployments) -> f64 {
        coverage::share(200, |random| {
            let pool = Pool::new(&split(sample(deployments, of_deployment, random)));
            pool.percentile_interval(50, "test", &RESAMPLING).unwrap().holds(0.0)
        })
    }

    #[test]
    fn resampled_rounds_cover_where_resampled_values_would_not() {
        let of_rounds = covered(&[16], 0.0, |sample| sample);
        assert!((0.84..0.95).contains(&of_rounds), "{of_rounds}");
        let each_on_its_own =
            |sample: Deployments| vec![sample.concat().concat().into_iter().map(|value| vec![value]).collect()];
        let of_values = covered(&[16], 0.0, each_on_its_own);
        assert!(of_values < 0.75, "{of_values}");
    }

    #[test]
    fn deployments_that_differ_need_to_be_resampled_too() {
        let hierarchical = covered(&[4; 8], 1.0, |sample| sample);
        assert!((0.83..0.97).contains(&hierarchical), "{hierarchical}");
        let of_rounds_only = covered(&[4; 8], 1.0, |sample| vec![sample.concat()]);
        assert!(of_rounds_only < 0.8, "{of_rounds_only}");
    }

    #[test]
    fn two_deployments_are_told_as_little_of_as_they_say() {
        let of_two = covered(&[4; 2], 1.0, |sample| sample);
        assert!(of_two >= 0.87, "{of_two}");
    }

    #[test]
    fn one_round_has_no_interval_and_none_no_percentile() {
        let pool = Pool::new(&[vec![vec![1, 2, 3]]]);
        assert_eq!((pool.percentile(50), pool.percentile_interval(50, "test", &RESAMPLING)), (Some(2.0), None));
        assert_eq!(Pool::new(&[]).percentile(50), None);
    }
}
