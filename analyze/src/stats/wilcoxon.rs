//! Whether differences of pairs tend to one side.

use super::counting::Counts;
use super::mann_whitney::normal_p;
use super::ranks::ranks;
use super::significance::{Method, Test};

/// The signed-rank test of Wilcoxon (1945) of `b` against `a`, pair by pair. The statistic is the rank sum of pairs in
/// which `b` is larger. Pairs without a difference are left out; two infinite values have none, one is the largest there
/// is. Exact where no differences are equal or zero and the arrangements can be counted, else by the normal
/// approximation. None where there is no pair.
pub fn wilcoxon(a: &[f64], b: &[f64]) -> Option<Test> {
    assert_eq!(a.len(), b.len(), "values come in pairs");
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| if a == b { 0.0 } else { b - a }).collect();
    let moved: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    let ranks = ranks(&moved.iter().map(|difference| difference.abs()).collect::<Vec<_>>());
    let up = moved.iter().zip(&ranks.of).filter(|(difference, _)| **difference > 0.0);
    let statistic = up.map(|(_, rank)| rank).sum::<f64>();
    let is_countable = ranks.ties == 0.0 && moved.len() == a.len();
    let counts = if is_countable { Counts::wilcoxon(a.len()) } else { None };
    let test = match counts {
        Some(counts) => Test { statistic, p: counts.two_sided(statistic as usize), method: Method::Exact },
        None => {
            let count = moved.len() as f64;
            let variance = count * (count + 1.0) * (2.0 * count + 1.0) / 24.0 - ranks.ties / 48.0;
            let from_mean = statistic - count * (count + 1.0) / 4.0;
            Test { statistic, p: normal_p(from_mean, variance), method: Method::Normal }
        }
    };
    (!a.is_empty()).then_some(test)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_test_is_that_of_scipy() {
        for case in reference("paired").as_array().unwrap() {
            let test = wilcoxon(&numbers(&case["a"]), &numbers(&case["b"])).unwrap();
            let name = case["name"].as_str().unwrap();
            close(test.statistic, case["w_plus"].as_f64().unwrap(), name);
            close(test.p, case["p"].as_f64().unwrap(), name);
            let expected = if case["test"] == "exact" { Method::Exact } else { Method::Normal };
            assert_eq!(test.method, expected, "{name}");
        }
    }

    #[test]
    fn pairs_without_a_difference_say_nothing() {
        assert_eq!(wilcoxon(&[1.0, f64::INFINITY], &[1.0, f64::INFINITY]).unwrap().p, 1.0);
        assert_eq!(wilcoxon(&[], &[]), None);
    }
}
