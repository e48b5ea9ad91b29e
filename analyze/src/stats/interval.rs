//! The interval of a median by order statistics: no assumption on the distribution but independence.

use super::ALPHA;

/// The sorted values, counted from 1, that an interval ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// Of the lower end.
    pub low: usize,
    /// Of the upper end.
    pub high: usize,
}

/// The 95 % interval of the median of `count` values, [X(j), X(k)] with P(j <= B < k) >= 0.95 for B ~ Binomial(n, 1/2)
/// (Le Boudec 2010, theorem 2.1), with equal tails: j is the largest for which either holds at most 2.5 %, k = n + 1 - j.
/// None where not even the extremes reach 95 % (n <= 5).
pub fn median_interval(count: usize) -> Option<Ranks> {
    let weights = half_binomial(count);
    let total: f64 = weights.iter().sum();
    let mut tail = 0.0;
    let mut low = 0;
    for weight in &weights[..count / 2 + 1] {
        tail += weight;
        if 2.0 * tail > ALPHA * total {
            break;
        }
        low += 1;
    }
    (low > 0).then(|| Ranks { low, high: count + 1 - low })
}

/// Binomial coefficients of `count` relative to the largest. Those below the smallest f64 are zero; they weigh nothing.
fn half_binomial(count: usize) -> Vec<f64> {
    let middle = count / 2;
    let mut weights = vec![0.0; count + 1];
    weights[middle] = 1.0;
    for below in (0..middle).rev() {
        weights[below] = weights[below + 1] * (below + 1) as f64 / (count - below) as f64;
    }
    for above in middle + 1..=count {
        weights[above] = weights[count - above];
    }
    if count % 2 == 1 {
        weights[middle + 1] = 1.0;
    }
    weights
}

#[cfg(test)]
mod tests {
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
