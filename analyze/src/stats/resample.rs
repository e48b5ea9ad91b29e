//! Resampling with a seed: every replicate draws from a generator of its own, so that neither the order of work nor the
//! number of threads changes a result.

use cnsim::random::Random;
use rayon::prelude::*;

use super::Interval;
use super::distribution::{normal_cdf, student_quantile};

/// Replicates of an interval where nothing speaks against it, as in SciPy.
pub const REPLICATES: usize = 9_999;

/// How an interval by resampling is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// What repeats it.
    pub seed: u64,
    /// How many replicates it draws.
    pub replicates: usize,
    /// The interval's level.
    pub level: f64,
}

impl Resampling {
    /// Every replicate's value, sorted; `purpose` keeps draws for different numbers apart.
    pub(super) fn values(&self, purpose: &str, draw: impl Fn(&mut Random) -> f64 + Sync) -> Vec<f64> {
        let replicate = |number: usize| draw(&mut Random::keyed(self.seed, &[purpose, &number.to_string()]));
        let mut values: Vec<f64> = (0..self.replicates).into_par_iter().map(replicate).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    /// The middle of sorted replicates: the percentile interval (Efron 1979). None of no replicate.
    pub(super) fn middle(&self, sorted: &[f64]) -> Option<Interval> {
        between(sorted, (1.0 - self.level) / 2.0)
    }

    /// The same of replicates that drew `units` each time, with tails for their number: replicates vary less than estimates
    /// do by (units - 1) / units, and tails of few units are Student's (Hesterberg 2015, expanded percentile interval). None
    /// of fewer than two.
    pub(super) fn expanded_middle(&self, sorted: &[f64], units: usize) -> Option<Interval> {
        let freedom = units.checked_sub(1).filter(|freedom| *freedom > 0)? as f64;
        let reach = (units as f64 / freedom).sqrt() * student_quantile((1.0 + self.level) / 2.0, freedom);
        between(sorted, normal_cdf(-reach))
    }
}

fn between(sorted: &[f64], tail: f64) -> Option<Interval> {
    Some(Interval { low: quantile(sorted, tail)?, high: quantile(sorted, 1.0 - tail)? })
}

/// The mean of as many values as there are, each drawn at random from all.
pub(super) fn resampled_mean(values: &[f64], random: &mut Random) -> f64 {
    let count = values.len() as u64;
    let sum: f64 = values.iter().map(|_| values[random.below(count) as usize]).sum();
    sum / count as f64
}

/// A quantile of sorted numbers, type 7 (Hyndman and Fan 1996); infinite where it falls on an infinite one. None of no
/// number.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = sorted.len().checked_sub(1)? as f64 * share.clamp(0.0, 1.0);
    let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    let part = position - position.floor();
    let is_low = low == high || part == 0.0 || low.is_infinite();
    Some(if is_low { low } else { low + (high - low) * part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_every_replicate_and_another_does_not() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let draw = |seed| {
            let resampling = Resampling { seed, replicates: 50, level: 0.95 };
            resampling.values("mean", |random| resampled_mean(&values, random))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn a_quantile_beside_an_infinite_value_is_infinite() {
        let sorted = [1.0, 2.0, 4.0, f64::INFINITY];
        assert_eq!(quantile(&sorted, 0.5), Some(3.0));
        assert_eq!(quantile(&sorted, 2.0 / 3.0), Some(4.0));
        assert_eq!(quantile(&sorted, 0.9), Some(f64::INFINITY));
        assert_eq!(quantile(&[f64::INFINITY; 3], 0.4), Some(f64::INFINITY));
        assert_eq!(quantile(&[f64::NEG_INFINITY, 1.0], 0.4), Some(f64::NEG_INFINITY));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
