//! The null distributions of rank statistics, counted in whole numbers as far as those reach.

use super::distribution::normal_quantile;

/// How many arrangements there may be: beyond that, counts would not fit, and a normal distribution is as good.
const SUMS_MAX: usize = 1_000_000;

/// How many of all equally likely arrangements have a statistic of 0, 1, 2, …
pub(super) struct Counts {
    counts: Vec<u128>,
    total: u128,
}

impl Counts {
    /// Of Mann and Whitney's U for samples of these sizes: the coefficients of the Gaussian binomial. None where they do
    /// not fit.
    pub(super) fn mann_whitney(one: usize, other: usize) -> Option<Self> {
        let (few, many) = (one.min(other), one.max(other));
        let total = choose(few + many, few)?;
        let sums = few.checked_mul(many).filter(|sums| *sums <= SUMS_MAX)?;
        let mut counts = vec![0_u128; sums + 1];
        counts[0] = 1;
        for size in 1..=few {
            // Times (1 - q^(many + size)) / (1 - q^size). What is below 0 in between wraps, and wraps back.
            for sum in (many + size..=sums).rev() {
                counts[sum] = counts[sum].wrapping_sub(counts[sum - many - size]);
            }
            for sum in size..=sums {
                counts[sum] = counts[sum].wrapping_add(counts[sum - size]);
            }
        }
        Some(Self { counts, total })
    }

    /// Of Wilcoxon's sum of the ranks of positive differences. None where they do not fit.
    pub(super) fn wilcoxon(count: usize) -> Option<Self> {
        let total = 1_u128.checked_shl(u32::try_from(count).ok()?)?;
        let sums = count * (count + 1) / 2;
        let mut counts = vec![0_u128; sums + 1];
        counts[0] = 1;
        for rank in 1..=count {
            for sum in (rank..=sums).rev() {
                counts[sum] += counts[sum - rank];
            }
        }
        Some(Self { counts, total })
    }

    /// The probability of a statistic as far from its middle as `statistic`, on either side.
    pub(super) fn two_sided(&self, statistic: usize) -> f64 {
        let nearer_end = statistic.min(self.counts.len() - 1 - statistic);
        let tail: u128 = self.counts[..=nearer_end].iter().sum();
        (2.0 * (tail as f64 / self.total as f64)).min(1.0)
    }

    /// The largest k for which the statistic is below k with a probability of at most `tail`.
    pub(super) fn end(&self, tail: f64) -> usize {
        let mut sum = 0;
        let is_outside = |count: &&u128| {
            sum += **count;
            sum as f64 / self.total as f64 <= tail
        };
        self.counts.iter().take_while(is_outside).count()
    }
}

/// [`Counts::end`] for a statistic that is nearly normal.
pub(super) fn normal_end(mean: f64, variance: f64, tail: f64) -> usize {
    (mean + 0.5 + normal_quantile(tail) * variance.sqrt()).max(0.0) as usize
}

fn choose(n: usize, k: usize) -> Option<u128> {
    (0..k).try_fold(1_u128, |product, i| Some(product.checked_mul((n - i) as u128)? / (i as u128 + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrangement_is_counted_once() {
        for (one, other) in [(0, 4), (1, 1), (3, 5), (8, 8), (20, 31), (60, 60)] {
            let counts = Counts::mann_whitney(one, other).unwrap();
            assert_eq!(counts.counts.iter().sum::<u128>(), counts.total, "{one} and {other}");
        }
        assert_eq!(Counts::mann_whitney(2, 3).unwrap().counts, [1, 1, 2, 2, 2, 1, 1]);
        let counts = Counts::wilcoxon(127).unwrap();
        assert_eq!(counts.counts.iter().sum::<u128>(), counts.total);
        assert_eq!(Counts::wilcoxon(3).unwrap().counts, [1, 1, 1, 2, 1, 1, 1]);
    }

    #[test]
    fn what_cannot_be_counted_is_left_to_the_normal_distribution() {
        assert!(Counts::mann_whitney(90, 90).is_none());
        assert!(Counts::wilcoxon(128).is_none());
        let (counted, size) = (Counts::mann_whitney(60, 60).unwrap(), 3600.0);
        assert!(counted.end(0.025).abs_diff(normal_end(size / 2.0, size * 121.0 / 12.0, 0.025)) <= 1);
        assert_eq!(normal_end(2.0, 4.0, 0.025), 0);
    }
}
