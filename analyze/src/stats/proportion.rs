//! The interval of a proportion.

use super::distribution::normal_quantile;
use super::interval::Interval;

/// The score interval of the probability behind `hits` of `count` (Wilson 1927): it stays inside 0 to 1, and has a width
/// where all or none hit. None of no count. Hits may be shared, and so no whole number.
pub fn wilson_interval(hits: f64, count: usize, level: f64) -> Option<Interval> {
    let (n, p) = (count as f64, hits / count as f64);
    let square = normal_quantile((1.0 + level) / 2.0).powi(2);
    let centre = (p + square / (2.0 * n)) / (1.0 + square / n);
    let reach = (square * (p * (1.0 - p) + square / (4.0 * n)) / n).sqrt() / (1.0 + square / n);
    let low = if hits == 0.0 { 0.0 } else { centre - reach };
    let high = if hits == n { 1.0 } else { centre + reach };
    (count > 0).then_some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_interval_is_that_of_statsmodels() {
        for case in reference("proportions").as_array().unwrap() {
            let case = numbers(case);
            let found = wilson_interval(case[0], case[1] as usize, case[2]).unwrap();
            close(found.low, case[3], "lower end");
            close(found.high, case[4], "upper end");
        }
        assert_eq!(wilson_interval(0.0, 0, 0.95), None);
    }
}
