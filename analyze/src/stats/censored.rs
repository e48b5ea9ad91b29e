//! A sample of times of which some never came: each of those is longer than any number.

use super::order_statistics::median_interval;
use super::quantile::percentile;

/// A time in ns as ms; one that never came is infinite.
pub fn censored_ms(time_ns: Option<i64>) -> f64 {
    time_ns.map_or(f64::INFINITY, |time_ns| time_ns as f64 / 1e6)
}

/// What can be said of times in ns when those that never came count as infinitely long. Whatever is infinite is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// All of them.
    pub count: usize,
    /// Those that came.
    pub complete: usize,
    /// Mean; none unless all came.
    pub mean_ns: Option<f64>,
    /// The smallest.
    pub min_ns: Option<f64>,
    /// Median, type 7.
    pub median_ns: Option<f64>,
    /// The largest; none unless all came.
    pub max_ns: Option<f64>,
    /// Standard deviation (n - 1); none unless all came, and of a single one.
    pub std_ns: Option<f64>,
    /// Lower end of the median's 95 % interval.
    pub median_low_ns: Option<f64>,
    /// Upper end of the median's 95 % interval.
    pub median_high_ns: Option<f64>,
}

impl Summary {
    /// Summarises `times`; none is a time that never came.
    pub fn of(times: impl IntoIterator<Item = Option<i64>>) -> Self {
        let mut sorted = Vec::new();
        let mut count = 0;
        for time in times {
            count += 1;
            sorted.extend(time);
        }
        sorted.sort_unstable();
        let interval = median_interval(count);
        let at_rank = |rank: usize| sorted.get(rank - 1).map(|time| *time as f64);
        let all = (sorted.len() == count).then_some(sorted.as_slice());
        Self {
            count,
            complete: sorted.len(),
            mean_ns: all.and_then(mean),
            min_ns: sorted.first().map(|time| *time as f64),
            median_ns: median(&sorted, count),
            max_ns: all.and_then(|all| all.last()).map(|time| *time as f64),
            std_ns: all.and_then(standard_deviation),
            median_low_ns: interval.and_then(|ranks| at_rank(ranks.low)),
            median_high_ns: interval.and_then(|ranks| at_rank(ranks.high)),
        }
    }
}

/// The median of `count` times of which `sorted` came.
fn median(sorted: &[i64], count: usize) -> Option<f64> {
    let (low, high) = (sorted.get(count.checked_sub(1)? / 2)?, sorted.get(count / 2)?);
    percentile(&[*low, *high], 50)
}

/// Sums in integers: the mean does not depend on the order, and nothing is lost before the division.
fn mean(values: &[i64]) -> Option<f64> {
    let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
    (!values.is_empty()).then(|| sum as f64 / values.len() as f64)
}

fn standard_deviation(values: &[i64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (*value as f64 - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_sample_has_everything() {
        let summary = Summary::of((1..=10).rev().map(Some));
        let expected = Summary {
            count: 10,
            complete: 10,
            mean_ns: Some(5.5),
            min_ns: Some(1.0),
            median_ns: Some(5.5),
            max_ns: Some(10.0),
            std_ns: Some((82.5_f64 / 9.0).sqrt()),
            median_low_ns: Some(2.0),
            median_high_ns: Some(9.0),
        };
        assert_eq!(summary, expected);
    }

    #[test]
    fn a_time_that_never_came_is_longer_than_all_others() {
        let summary = Summary::of((1..=10).map(|time| (time < 9).then_some(time)));
        assert_eq!((summary.count, summary.complete), (10, 8));
        assert_eq!((summary.min_ns, summary.median_ns), (Some(1.0), Some(5.5)));
        assert_eq!((summary.median_low_ns, summary.median_high_ns), (Some(2.0), None));
        assert_eq!((summary.mean_ns, summary.max_ns, summary.std_ns), (None, None, None));
    }

    #[test]
    fn the_median_is_infinite_when_half_never_came() {
        assert_eq!(Summary::of([Some(1), Some(2), None, None]).median_ns, None);
        assert_eq!(Summary::of([Some(1), Some(2), None]).median_ns, Some(2.0));
    }

    #[test]
    fn few_values_have_no_interval_and_one_has_no_deviation() {
        let five = Summary::of((1..=5).map(Some));
        assert_eq!((five.median_low_ns, five.median_high_ns), (None, None));
        assert_eq!(Summary::of([Some(3)]).std_ns, None);
        assert_eq!(Summary::of([]), Summary::default());
    }
}
