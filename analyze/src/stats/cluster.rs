//! Intervals of pooled values that are alike inside a round: whole rounds are resampled, never values.

use cnsim::random::Random;

use super::hierarchy::two_deployments;
use super::interval::Interval;
use super::quantile::select_percentile;
use super::resample::{MANY_ROUNDS, Resampling};
use super::saddlepoint::{ResampledSum, score_of_reaching};
use super::search::Search;
use super::strides::Strides;

/// Values of rounds, and rounds of deployments.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The values of every round, sorted.
    rounds: Vec<Vec<i64>>,
    /// Of each deployment, its first round and how many it has.
    deployments: Vec<(usize, usize)>,
}

impl Pool {
    /// Takes the values of rounds, none empty, of deployments, which have one round at least.
    pub fn new(deployments: Vec<Vec<Vec<i64>>>) -> Self {
        let mut extents = Vec::new();
        let mut first = 0;
        for deployment in &deployments {
            extents.push((first, deployment.len()));
            first += deployment.len();
        }
        let mut rounds: Vec<Vec<i64>> = deployments.into_iter().flatten().collect();
        rounds.iter_mut().for_each(|round| round.sort_unstable());
        Self { rounds, deployments: extents }
    }

    /// How many deployments there are.
    pub fn deployments(&self) -> usize {
        self.deployments.len()
    }

    /// A percentile of all values together, type 7; none of no value.
    pub fn percentile(&self, percent: u32) -> Option<f64> {
        select_percentile(&mut self.rounds.concat(), percent)
    }

    /// The expanded percentile interval of [`Pool::percentile`] by the hierarchical bootstrap (Davison and Hinkley 1997, ch. 3.8):
    /// deployments are drawn, then rounds inside each, and a round's values stay together. With one deployment it is the
    /// cluster bootstrap, and holds for that deployment alone; with two it is no narrower than Student's of the two. None of
    /// fewer than two rounds. `purpose` keeps draws for different numbers apart.
    pub fn percentile_interval(&self, percent: u32, purpose: &str, resampling: &Resampling) -> Option<Interval> {
        if self.rounds.len() < 2 {
            return None;
        }
        let units = if self.deployments.len() > 1 { self.deployments.len() } else { self.rounds.len() };
        let replicates = if self.rounds.len() < MANY_ROUNDS {
            let strides = Strides::of(&self.rounds);
            let draw = |random: &mut Random| strides.percentile(&self.drawn(random), percent);
            resampling.expanded_middle(&resampling.values(purpose, draw), units)?
        } else {
            let [low, high] = self.computed(percent, resampling.expanded_scores(units)?)?;
            Interval { low, high }
        };
        let own = match self.deployments[..] {
            [one, other] => [one, other].map(|deployment| self.own(deployment, percent)),
            _ => return Some(replicates),
        };
        let [Some(one), Some(other)] = own else { return Some(replicates) };
        Some(replicates.around(two_deployments([one, other], resampling.level)))
    }

    /// A percentile of the values of one deployment.
    fn own(&self, (first, rounds): (usize, usize), percent: u32) -> Option<f64> {
        let mut values = self.rounds[first..first + rounds].concat();
        select_percentile(&mut values, percent)
    }

    /// The percentiles of resampled rounds below which they lie with the probabilities of two standard normal `scores`.
    fn computed(&self, percent: u32, scores: [f64; 2]) -> Option<[f64; 2]> {
        let share = f64::from(percent) / 100.0;
        let low = *self.rounds.iter().filter_map(|round| round.first()).min()? as f64;
        let high = *self.rounds.iter().filter_map(|round| round.last()).max()? as f64;
        let mut values = self.rounds.concat();
        let middle = select_percentile(&mut values, percent)?;
        // As many values are at most `limit` as a percentile needs that is at most that.
        let enough = |limit: f64| {
            let limit = limit.floor() as i64;
            let of_round = |round: &Vec<i64>| {
                let below = round.partition_point(|value| *value <= limit);
                below as f64 - share * round.len() as f64
            };
            let mut sum = ResampledSum::default();
            for (first, rounds) in &self.deployments {
                sum.push(self.rounds[*first..first + rounds].iter().map(|round| (of_round(round), 1.0)));
            }
            sum
        };
        // A standard deviation of that number of values further on lies what about has the score 1.
        let further = (share * values.len() as f64 + enough(middle).deviation()) as usize;
        let further = further.min(values.len() - 1);
        let (_, further, _) = values.select_nth_unstable(further);
        let scale = (*further as f64 - middle).max(1.0);
        let score = |limit: f64| score_of_reaching(&[enough(limit)], 0.5 - share);
        Some(scores.map(|wanted| {
            Search { low, high, middle, scale, resolution: 1.0, close: 1e-3 }.reaching(wanted, score).floor()
        }))
    }

    /// How often each round was drawn.
    fn drawn(&self, random: &mut Random) -> Vec<usize> {
        let mut times = vec![0; self.rounds.len()];
        for _ in &self.deployments {
            let (first, rounds) = self.deployments[random.below(self.deployments.len() as u64) as usize];
            for _ in 0..rounds {
                times[first + random.below(rounds as u64) as usize] += 1;
            }
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::super::coverage;
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: 5, replicates: 199, level: 0.9 };

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
            let pool = Pool::new(split(sample(deployments, of_deployment, random)));
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
    fn what_is_computed_lies_where_drawn_replicates_do_and_covers_as_often() {
        // 2000 replicates leave 0.35 of a percent open on either side; three times that is let pass.
        let drawing = Resampling { replicates: 2_000, ..RESAMPLING };
        for (sizes, of_deployment) in [(vec![520], 0.0), (vec![21; 25], 1.0)] {
            let pool = Pool::new(sample(&sizes, of_deployment, &mut Random::keyed(1, &["pool"])));
            let strides = Strides::of(&pool.rounds);
            for percent in [50, 99] {
                let replicates = drawing.values("x", |random| strides.percentile(&pool.drawn(random), percent));
                for (end, tail) in pool.computed(percent, [-1.96, 1.96]).unwrap().into_iter().zip([0.025, 0.975]) {
                    let below = replicates.partition_point(|value| *value < end) as f64 / 2_000.0;
                    assert!((below - tail).abs() <= 0.0105, "{} deployments: {below} for {tail}", sizes.len());
                }
            }
        }
        let of_one = covered(&[MANY_ROUNDS], 0.0, |sample| sample);
        assert!((0.84..0.95).contains(&of_one), "{of_one}");
        let of_many = covered(&[20; 25], 1.0, |sample| sample);
        assert!((0.83..0.97).contains(&of_many), "{of_many}");
    }

    #[test]
    fn one_round_has_no_interval_and_none_no_percentile() {
        let pool = Pool::new(vec![vec![vec![1, 2, 3]]]);
        assert_eq!((pool.percentile(50), pool.percentile_interval(50, "test", &RESAMPLING)), (Some(2.0), None));
        assert_eq!(Pool::new(vec![]).percentile(50), None);
    }
}
