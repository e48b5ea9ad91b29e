//! How unequal shares are.

/// The Gini coefficient of `count` values that are not negative, of which all but `values` are 0: the mean difference of
/// two of them over twice their mean, sum_ij |x_i - x_j| / (2 n^2 mean) (Gini 1912), by sorting. 0: all equal;
/// (n - 1) / n: one has everything. A count below that of `values` is theirs. None where nothing is there to be shared.
pub fn gini(values: &[u64], count: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let zeros = count.saturating_sub(sorted.len());
    let n = (zeros + sorted.len()) as f64;
    let sum: f64 = sorted.iter().map(|value| *value as f64).sum();
    let ranked: f64 = (zeros + 1..).zip(&sorted).map(|(rank, value)| rank as f64 * *value as f64).sum();
    (sum > 0.0).then(|| (2.0 * ranked / (n * sum) - (n + 1.0) / n).max(0.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_shares_have_none_and_one_holder_has_nearly_all() {
        assert_eq!(gini(&[5, 5, 5, 5], 4), Some(0.0));
        assert_eq!(gini(&[8], 4), Some(0.75));
        assert_eq!(gini(&[0, 0], 2), None);
        assert_eq!(gini(&[], 0), None);
    }

    proptest! {
        #[test]
        fn it_is_the_mean_difference_over_twice_the_mean(values in prop::collection::vec(0_u64..1000, 1..30)) {
            let n = values.len() as f64;
            let mean = values.iter().sum::<u64>() as f64 / n;
            let pairs = values.iter().flat_map(|a| values.iter().map(move |b| a.abs_diff(*b) as f64));
            let expected = pairs.sum::<f64>() / (2.0 * n * n * mean);
            match gini(&values.iter().copied().filter(|value| *value > 0).collect::<Vec<_>>(), values.len()) {
                Some(found) => prop_assert!((found - expected).abs() < 1e-12),
                None => prop_assert_eq!(mean, 0.0),
            }
        }
    }
}
