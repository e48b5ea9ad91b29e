//! Resampling with a seed: every replicate draws from a generator of its own, so that neither the order of work nor the
//! number of threads changes a result.

use cnsim::random::Random;
use rayon::prelude::*;

use super::distribution::{normal_cdf, normal_quantile, student_quantile};
use super::interval::Interval;
use super::quantile::quantile;

/// Replicates of an interval where nothing speaks against it, as in SciPy.
pub const REPLICATES: usize = 9_999;

/// Rounds of a group from which the distribution of replicates is computed: drawing them takes time that grows with rounds
/// times replicates, and no longer says more.
pub const MANY_ROUNDS: usize = 500;

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
        between(sorted, normal_cdf(-self.expanded_reach(units)?))
    }

    /// The standard normal numbers that cut off these tails, where the distribution of replicates is computed; not further out
    /// than the outermost of all replicates would lie.
    pub(super) fn expanded_scores(&self, units: usize) -> Option<[f64; 2]> {
        let outermost = -normal_quantile(1.0 / (self.replicates as f64 + 1.0));
        let reach = self.expanded_reach(units)?.min(outermost);
        Some([-reach, reach])
    }

    fn expanded_reach(&self, units: usize) -> Option<f64> {
        let freedom = units.checked_sub(1).filter(|freedom| *freedom > 0)? as f64;
        Some((units as f64 / freedom).sqrt() * student_quantile((1.0 + self.level) / 2.0, freedom))
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

/// A standard normal number.
pub(super) fn normal(random: &mut Random) -> f64 {
    const ONE: u64 = 1 << 53;
    normal_quantile((random.below(ONE) as f64 + 0.5) / ONE as f64)
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
}
