//! The ratio of two medians.

use super::distribution::normal_quantile;
use super::interval::Interval;
use super::order_statistics::binomial_weights;
use super::values::{median, sorted};

/// A ratio of medians and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MedianRatio {
    /// Median of `b` over median of `a`.
    pub ratio: f64,
    /// None where an order statistic that it needs is infinite or not above 0, or a sample has one value only.
    pub interval: Option<Interval>,
}

/// The ratio of the medians of `b` and `a`, with the interval of Bonett and Price (2020): normal on the log scale, with
/// standard errors that come from order statistics and assume no distribution. None where a median is infinite or not
/// above 0.
pub fn median_ratio(a: &[f64], b: &[f64], level: f64) -> Option<MedianRatio> {
    let sides = [a, b].map(|values| sorted(values.iter().copied()));
    let [from, to] = [median(&sides[0])?, median(&sides[1])?];
    let ratio = (from > 0.0 && to > 0.0).then(|| to / from)?;
    let [error_from, error_to] = sides.map(|sorted| log_median_error(&sorted));
    let interval = error_from.zip(error_to).map(|(from, to)| {
        let reach = normal_quantile((1.0 + level) / 2.0) * from.hypot(to);
        Interval { low: ratio * (-reach).exp(), high: ratio * reach.exp() }
    });
    Some(MedianRatio { ratio, interval })
}

/// Standard error of the log of the median: from the c-th values from both ends, c about n / 2 - sqrt(n), and the
/// probability with which they enclose the median.
fn log_median_error(sorted: &[f64]) -> Option<f64> {
    let count = sorted.len();
    let rank = ((count as f64 / 2.0 - (count as f64).sqrt()).round_ties_even() as usize).max(1);
    let weights = binomial_weights(count, 0.5);
    let outside = weights[..rank].iter().sum::<f64>() / weights.iter().sum::<f64>();
    let (low, high) = (*sorted.get(rank - 1)?, sorted[count - rank]);
    let is_known = count > 1 && low > 0.0 && high.is_finite();
    is_known.then(|| (high / low).ln() / (2.0 * normal_quantile(1.0 - outside)))
}

#[cfg(test)]
mod tests {
    use super::super::coverage;
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_ratio_and_its_interval_are_those_of_the_reference() {
        for case in reference("two_samples").as_array().unwrap().iter().filter(|case| case["ratio"].is_object()) {
            let found = median_ratio(&numbers(&case["a"]), &numbers(&case["b"]), 0.95).unwrap();
            let (expected, name) = (&case["ratio"], case["name"].as_str().unwrap());
            close(found.ratio, expected["ratio"].as_f64().unwrap(), name);
            close(found.interval.unwrap().low, expected["low"].as_f64().unwrap(), name);
            close(found.interval.unwrap().high, expected["high"].as_f64().unwrap(), name);
        }
    }

    #[test]
    fn the_example_of_the_authors_package_comes_out() {
        // ci.ratio.median2 of the R package statpsych, by D. G. Bonett.
        let of_two = [32.0, 39.0, 26.0, 35.0, 43.0, 27.0, 40.0, 37.0, 34.0, 29.0, 49.0, 42.0, 40.0];
        let of_one = [36.0, 44.0, 47.0, 42.0, 49.0, 39.0, 46.0, 31.0, 33.0, 48.0];
        let found = median_ratio(&of_two, &of_one, 0.95).unwrap();
        let interval = found.interval.unwrap();
        for (found, expected) in [(found.ratio, 1.162162), (interval.low, 0.927667), (interval.high, 1.455933)] {
            assert!((found - expected).abs() < 1e-6, "{found}, statpsych {expected}");
        }
    }

    #[test]
    fn what_is_infinite_or_zero_has_no_ratio() {
        let infinite = f64::INFINITY;
        assert_eq!(median_ratio(&[1.0, 2.0], &[3.0, infinite], 0.95), None);
        assert_eq!(median_ratio(&[0.0, 0.0], &[3.0, 4.0], 0.95), None);
        let found = median_ratio(&[1.0, 1.0, 1.0], &[2.0, 2.0, infinite], 0.95).unwrap();
        assert_eq!((found.ratio, found.interval), (2.0, None));
        assert_eq!(median_ratio(&[1.0], &[2.0], 0.95).unwrap().interval, None);
    }

    #[test]
    fn the_interval_covers_the_true_ratio_as_often_as_it_says() {
        let covered = coverage::share(2000, |random| {
            let mut draw = |count: usize, scale: f64| -> Vec<f64> {
                (0..count).map(|_| scale * (1.0 + coverage::exponential(random))).collect()
            };
            let (a, b) = (draw(15, 1.0), draw(20, 1.5));
            median_ratio(&a, &b, 0.9).unwrap().interval.unwrap().holds(1.5)
        });
        assert!((0.88..0.96).contains(&covered), "{covered}");
    }
}
