//! Intervals of quantiles by order statistics: no assumption on the distribution but independence.

use super::interval::LEVEL;

/// The sorted values, counted from 1, that an interval ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// Of the lower end.
    pub low: usize,
    /// Of the upper end.
    pub high: usize,
}

/// The 95 % interval of the median of `count` values; none where not even the extremes reach 95 % (n <= 5).
pub fn median_interval(count: usize) -> Option<Ranks> {
    quantile_interval(count, 0.5, LEVEL)
}

/// The interval of the value below which a `share` of the distribution lies, from `count` values: [X(j), X(k)] with
/// P(j <= B < k) >= level for B ~ Binomial(n, share) (Le Boudec 2010, theorem 2.1), with equal tails: j is the largest
/// and k the smallest for which either holds at most (1 - level) / 2. None where either does not exist.
pub fn quantile_interval(count: usize, share: f64, level: f64) -> Option<Ranks> {
    let weights = binomial_weights(count, share);
    let tail = (1.0 - level) / 2.0 * weights.iter().sum::<f64>();
    let low = reach(weights.iter(), tail);
    let from_above = reach(weights.iter().rev(), tail);
    (low > 0 && from_above > 0).then(|| Ranks { low, high: count + 1 - from_above })
}

/// The fewest values for which [`quantile_interval`] exists: both extremes must lie outside with at most half the error.
pub fn values_needed(share: f64, level: f64) -> usize {
    let furthest = share.max(1.0 - share);
    (((1.0 - level) / 2.0).ln() / furthest.ln()).ceil() as usize
}

/// How many of `weights` come to at most `tail` together.
fn reach<'a>(weights: impl Iterator<Item = &'a f64>, tail: f64) -> usize {
    let mut sum = 0.0;
    weights
        .take_while(|weight| {
            sum += **weight;
            sum <= tail
        })
        .count()
}

/// Probabilities of Binomial(count, share) relative to the largest. Those below the smallest f64 are zero; they weigh
/// nothing.
pub(super) fn binomial_weights(count: usize, share: f64) -> Vec<f64> {
    let mode = (((count + 1) as f64 * share) as usize).min(count);
    let odds = share / (1.0 - share);
    let mut weights = vec![0.0; count + 1];
    weights[mode] = 1.0;
    for below in (0..mode).rev() {
        weights[below] = weights[below + 1] * (below + 1) as f64 / (count - below) as f64 / odds;
    }
    for above in mode + 1..=count {
        weights[above] = weights[above - 1] * (count - above + 1) as f64 / above as f64 * odds;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::super::fixture::reference;
    use super::*;

    fn ranks(count: usize) -> Option<(usize, usize)> {
        median_interval(count).map(|ranks| (ranks.low, ranks.high))
    }

    #[test]
    fn five_values_are_too_few() {
        for count in 0..=5 {
            assert_eq!(ranks(count), None, "{count}");
        }
    }

    #[test]
    fn the_ranks_are_those_of_the_tables() {
        let known =
            [(6, (1, 6)), (9, (2, 8)), (10, (2, 9)), (12, (3, 10)), (20, (6, 15)), (30, (10, 21)), (70, (27, 44))];
        for (count, expected) in known {
            assert_eq!(ranks(count), Some(expected), "{count}");
        }
    }

    #[test]
    fn the_ranks_of_every_quantile_are_those_of_scipys_binomial() {
        for case in reference("quantile_intervals").as_array().unwrap() {
            let number = |name: &str| case[name].as_f64().unwrap();
            let found = quantile_interval(number("count") as usize, number("share"), number("level"));
            let found = found.map(|ranks| serde_json::json!([ranks.low, ranks.high])).unwrap_or_default();
            assert_eq!(found, case["ranks"], "{case}");
        }
    }

    #[test]
    fn an_interval_exists_from_the_number_of_values_that_it_needs() {
        for (share, level, expected) in [(0.5, 0.95, 6), (0.5, 0.99, 8), (0.99, 0.95, 368), (0.1, 0.95, 36)] {
            assert_eq!(values_needed(share, level), expected);
            assert_eq!(quantile_interval(expected - 1, share, level), None);
            assert!(quantile_interval(expected, share, level).is_some());
        }
    }

    #[test]
    fn large_counts_follow_the_normal_approximation() {
        for count in [100_usize, 1_000, 5_000, 100_000] {
            let approximate = count as f64 / 2.0 - 1.96 * (count as f64).sqrt() / 2.0;
            let low = median_interval(count).unwrap().low as f64;
            assert!((low - approximate).abs() <= 1.0, "{count}: {low} against {approximate}");
        }
    }

    #[test]
    fn the_interval_holds_at_least_its_level_exactly() {
        for count in 6..60_u32 {
            let ranks = median_interval(count as usize).unwrap();
            let inside: u128 = (ranks.low..ranks.high).map(|k| choose(count, k as u32)).sum();
            let wider: u128 = (ranks.low + 1..ranks.high - 1).map(|k| choose(count, k as u32)).sum();
            assert!(inside * 100 >= 95 << count, "{count}");
            assert!(wider * 100 < 95 << count, "{count}: a narrower one would do");
        }
    }

    fn choose(n: u32, k: u32) -> u128 {
        (0..k).fold(1, |product, i| product * u128::from(n - i) / u128::from(i + 1))
    }
}
