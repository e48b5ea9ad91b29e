//! Percentiles of type 7 (Hyndman and Fan 1996), the default of NumPy and R: at position (n - 1) p, between two values in
//! proportion. Ranks are integer arithmetic, so that a percentile that falls on a value is that value.

/// Where a percentile lies among `count` sorted values.
pub(super) struct Position {
    pub(super) rank: usize,
    /// Hundredths of the way to the next value.
    pub(super) hundredths: usize,
}

impl Position {
    pub(super) fn of(count: usize, percent: u32) -> Option<Self> {
        assert!(percent <= 100, "{percent} is no percentage");
        let scaled = count.checked_sub(1)? * percent as usize;
        Some(Self { rank: scaled / 100, hundredths: scaled % 100 })
    }

    pub(super) fn between(&self, low: i64, high: i64) -> f64 {
        match self.hundredths {
            0 => low as f64,
            part => low as f64 + (high as f64 - low as f64) * part as f64 / 100.0,
        }
    }
}

/// A percentile of sorted values; none of no value.
pub fn percentile(sorted: &[i64], percent: u32) -> Option<f64> {
    let position = Position::of(sorted.len(), percent)?;
    let low = sorted[position.rank];
    let high = sorted.get(position.rank + 1).copied().unwrap_or(low);
    Some(position.between(low, high))
}

/// A percentile of values in any order, which are reordered; none of no value. Linear in their number.
pub fn select_percentile(values: &mut [i64], percent: u32) -> Option<f64> {
    let position = Position::of(values.len(), percent)?;
    let (_, low, above) = values.select_nth_unstable(position.rank);
    let low = *low;
    let high = match position.hundredths {
        0 => low,
        _ => above.iter().copied().min().unwrap_or(low),
    };
    Some(position.between(low, high))
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_those_of_numpy() {
        let values = [15, 20, 35, 40, 50];
        let expected = [(0, 15.0), (25, 20.0), (40, 29.0), (50, 35.0), (90, 46.0), (99, 49.6), (100, 50.0)];
        for (percent, value) in expected {
            assert!((percentile(&values, percent).unwrap() - value).abs() < 1e-12, "{percent}");
        }
        assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2.5));
        assert_eq!(percentile(&[7], 99), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_percentile_on_a_value_is_that_value() {
        let values: Vec<i64> = (0..=1000).map(|value| value * 1_000_000_000_000_000 + 1).collect();
        assert_eq!(percentile(&values, 70), Some(values[700] as f64));
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

    proptest! {
        #[test]
        fn selecting_is_sorting(mut values in prop::collection::vec(-1000_i64..1000, 0..50), percent in 0_u32..=100) {
            let selected = select_percentile(&mut values.clone(), percent);
            values.sort_unstable();
            prop_assert_eq!(selected, percentile(&values, percent));
        }
    }
}
