//! Whether values of one sample tend to be larger than those of another.

use super::counting::Counts;
use super::distribution::normal_two_sided;
use super::ranks::{Ranks, ranks};
use super::significance::{Method, Test};

/// The test of Mann and Whitney (1947). The statistic is U of `b`: pairs in which the value of `b` is larger, ties half.
/// Exact where no values are equal and the arrangements can be counted, else by the normal approximation. Infinite values
/// are the largest, and equal. None where a sample is empty.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Option<Test> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let values = RankedValues::of(&[a, b].concat());
    values.mann_whitney(|place| place >= a.len())
}

/// Values that are split in more ways than one: their ranks are the same in all.
pub struct RankedValues(Ranks);

impl RankedValues {
    /// Ranks `values`; infinite ones are the largest, and equal.
    pub fn of(values: &[f64]) -> Self {
        Self(ranks(values))
    }

    /// [`mann_whitney`] of the values that are of the second sample, by their places, against the others.
    pub fn mann_whitney(&self, is_second: impl Fn(usize) -> bool) -> Option<Test> {
        let Self(ranks) = self;
        let of_second = ranks.of.iter().enumerate().filter(|(place, _)| is_second(*place));
        let (second, rank_sum) = of_second.fold((0, 0.0), |(count, sum), (_, rank)| (count + 1, sum + rank));
        let first = ranks.of.len() - second;
        if first == 0 || second == 0 {
            return None;
        }
        let statistic = rank_sum - (second * (second + 1) / 2) as f64;
        let counts = if ranks.ties == 0.0 { Counts::mann_whitney(first, second) } else { None };
        Some(match counts {
            Some(counts) => Test { statistic, p: counts.two_sided(statistic as usize), method: Method::Exact },
            None => {
                let (pairs, count) = ((first * second) as f64, (first + second) as f64);
                let variance = pairs / 12.0 * (count + 1.0 - ranks.ties / (count * (count - 1.0)));
                Test { statistic, p: normal_p(statistic - pairs / 2.0, variance), method: Method::Normal }
            }
        })
    }
}

/// The probability of a rank statistic that far from its mean; 1 where it cannot vary.
pub(super) fn normal_p(from_mean: f64, variance: f64) -> f64 {
    let beyond = (from_mean.abs() - 0.5).max(0.0);
    if variance > 0.0 { normal_two_sided(beyond / variance.sqrt()) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_test_is_that_of_scipy() {
        for case in reference("two_samples").as_array().unwrap() {
            let test = mann_whitney(&numbers(&case["a"]), &numbers(&case["b"])).unwrap();
            let name = case["name"].as_str().unwrap();
            close(test.statistic, case["u"].as_f64().unwrap(), name);
            close(test.p, case["p"].as_f64().unwrap(), name);
            let expected = if case["test"] == "exact" { Method::Exact } else { Method::Normal };
            assert_eq!(test.method, expected, "{name}");
        }
    }

    #[test]
    fn samples_of_one_value_do_not_differ() {
        assert_eq!(mann_whitney(&[5.0; 4], &[5.0; 6]).unwrap().p, 1.0);
        assert_eq!(mann_whitney(&[f64::INFINITY; 4], &[f64::INFINITY; 6]).unwrap().p, 1.0);
        assert_eq!(mann_whitney(&[], &[1.0]), None);
    }

    proptest! {
        #[test]
        fn exchanging_the_samples_changes_the_side_only(
            a in prop::collection::vec(0_u32..40, 1..30), b in prop::collection::vec(0_u32..40, 1..30)
        ) {
            let [a, b] = [a, b].map(|values| values.into_iter().map(f64::from).collect::<Vec<_>>());
            let (one, other) = (mann_whitney(&a, &b).unwrap(), mann_whitney(&b, &a).unwrap());
            prop_assert!((one.p - other.p).abs() < 1e-12 && (0.0..=1.0).contains(&one.p));
            prop_assert_eq!(one.statistic + other.statistic, (a.len() * b.len()) as f64);
        }
    }
}
