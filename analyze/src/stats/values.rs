//! The mean, the order and the median of values.

use super::quantile::quantile;

/// Arithmetic mean; none of no value.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// Values in order, infinite ones last.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The median of sorted values, of which the last may be infinite; none where it is infinite, or of no value.
pub fn median(sorted: &[f64]) -> Option<f64> {
    quantile(sorted, 0.5).filter(|median| median.is_finite())
}
