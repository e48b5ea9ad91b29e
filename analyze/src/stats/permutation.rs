//! Whether two samples have one mean: the numbers of deployments, which are few.

use super::distribution::student_two_sided;
use super::interval::Interval;
use super::mann_whitney::mann_whitney;
use super::significance::{Method, Test};
use super::values::mean;

/// How often the distance to an end of an interval is halved: to a millionth of the values' spread.
const HALVINGS: u32 = 22;

/// The most arrangements that are looked at one by one: all of 10 and 10.
const ARRANGEMENTS_MAX: u64 = 200_000;

/// Whether deployments of two conditions, each by one number, differ. Every way to share the numbers out among the two sides is
/// looked at: p is the share of ways whose means are at least as far apart as those found (the permutation test of Fisher 1935,
/// ch. 21, and Pitman 1937). The statistic is mean of `b` - mean of `a`. Where the ways are too many, Welch's t (1947); where a
/// number is infinite, ranks ([`mann_whitney`]). None where a sample is empty.
pub fn deployments_test(a: &[f64], b: &[f64]) -> Option<Test> {
    let (mean_a, mean_b) = (mean(a.iter().copied())?, mean(b.iter().copied())?);
    let statistic = mean_b - mean_a;
    if !statistic.is_finite() {
        return mann_whitney(a, b);
    }
    let test = match arrangements(a.len(), b.len()) {
        Some(all) => Test { statistic, p: share_as_far(a, b) / all as f64, method: Method::Permutation },
        None => Test { statistic, p: welch_p(a, b, statistic), method: Method::Welch },
    };
    Some(test)
}

/// The shifts of `b` against `a` that [`deployments_test`] does not reject at `level`: with these taken from `b` both sides may have
/// one mean. Its coverage is the test's. None where the numbers are too few to reject any, or one is infinite.
pub fn deployments_interval(a: &[f64], b: &[f64], level: f64) -> Option<Interval> {
    let middle = mean(b.iter().copied())? - mean(a.iter().copied())?;
    let spread = a.iter().chain(b).copied().fold(f64::NEG_INFINITY, f64::max)
        - a.iter().chain(b).copied().fold(f64::INFINITY, f64::min);
    if !spread.is_finite() {
        return None;
    }
    if spread == 0.0 {
        return deployments_test(&[0.0].repeat(a.len()), &[1.0].repeat(b.len()))
            .filter(|test| test.p < 1.0 - level)
            .map(|_| Interval { low: middle, high: middle });
    }
    let is_rejected = |shift: f64| {
        let shifted: Vec<f64> = b.iter().map(|value| value - shift).collect();
        deployments_test(a, &shifted).is_some_and(|test| test.p < 1.0 - level)
    };
    // A shift beyond all values puts the sides apart: what is not rejected there is rejected nowhere.
    let end = |side: f64| {
        let (mut inside, mut outside) = (middle, middle + side * 3.0 * spread);
        is_rejected(outside).then(|| {
            for _ in 0..HALVINGS {
                let half = f64::midpoint(inside, outside);
                *(if is_rejected(half) { &mut outside } else { &mut inside }) = half;
            }
            inside
        })
    };
    Some(Interval { low: end(-1.0)?, high: end(1.0)? })
}

/// In how many ways so many numbers are shared out; none where they are too many.
fn arrangements(a: usize, b: usize) -> Option<u64> {
    let mut ways: u64 = 1;
    for place in 1..=a.min(b) as u64 {
        let longer = a.max(b) as u64;
        ways = ways * (longer + place) / place;
        if ways > ARRANGEMENTS_MAX {
            return None;
        }
    }
    Some(ways)
}

/// The number of ways whose means are at least as far apart.
fn share_as_far(a: &[f64], b: &[f64]) -> f64 {
    let all = [a, b].concat();
    let centre = mean(all.iter().copied()).unwrap_or_default();
    // Of numbers around 0 the mean of one side says how far the sides are apart.
    let centred: Vec<f64> = all.iter().map(|value| value - centre).collect();
    let found = centred[..a.len()].iter().sum::<f64>().abs();
    let slack = 1e-9 * centred.iter().map(|value| value.abs()).sum::<f64>();
    let mut ways = 0_u64;
    count_ways(&centred, a.len(), 0.0, &mut |sum| ways += u64::from(sum.abs() >= found - slack));
    ways as f64
}

/// Calls `found` with the sum of every choice of `count` among `values`, `sum` added.
fn count_ways(values: &[f64], count: usize, sum: f64, found: &mut impl FnMut(f64)) {
    if count == 0 {
        return found(sum);
    }
    for place in 0..=values.len() - count {
        count_ways(&values[place + 1..], count - 1, sum + values[place], found);
    }
}

fn welch_p(a: &[f64], b: &[f64], difference: f64) -> f64 {
    let error = |values: &[f64]| {
        let (count, centre) = (values.len() as f64, mean(values.iter().copied()).unwrap_or_default());
        let freedom = (count - 1.0).max(1.0);
        let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
        (squares / freedom / count, freedom)
    };
    let ((error_a, freedom_a), (error_b, freedom_b)) = (error(a), error(b));
    let square = error_a + error_b;
    if square == 0.0 {
        return if difference == 0.0 { 1.0 } else { 0.0 };
    }
    let freedom = square.powi(2) / (error_a.powi(2) / freedom_a + error_b.powi(2) / freedom_b);
    student_two_sided(difference / square.sqrt(), freedom)
}

#[cfg(test)]
mod tests {
    use super::super::coverage;
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_test_is_that_of_scipy() {
        for case in reference("deployments").as_array().unwrap() {
            let test = deployments_test(&numbers(&case["a"]), &numbers(&case["b"])).unwrap();
            let name = case["name"].as_str().unwrap();
            close(test.p, case["p"].as_f64().unwrap(), name);
            let expected = if case["test"] == "permutation" { Method::Permutation } else { Method::Welch };
            assert_eq!(test.method, expected, "{name}");
        }
    }

    #[test]
    fn three_a_side_cannot_differ_and_four_can() {
        let low: Vec<f64> = (0..4).map(f64::from).collect();
        let high: Vec<f64> = low.iter().map(|value| value + 100.0).collect();
        let p = |count: usize| deployments_test(&low[..count], &high[..count]).unwrap().p;
        assert_eq!([p(3), p(4)], [2.0 / 20.0, 2.0 / 70.0]);
        assert_eq!(deployments_test(&[1.0], &[]), None);
        assert_eq!(deployments_test(&[1.0, f64::INFINITY], &[1.0, 2.0]).unwrap().method, Method::Normal);
    }

    /// Medians of deployments that differ as much as their rounds do.
    fn medians(count: usize, centre: f64, random: &mut cnsim::random::Random) -> Vec<f64> {
        let deployments = coverage::deployments(count, centre, random);
        deployments.into_iter().map(|rounds| super::super::median(&super::super::sorted(rounds)).unwrap()).collect()
    }

    #[test]
    fn the_same_condition_twice_seldom_differs_and_two_deviations_mostly_do() {
        let found = |count: usize, shift: f64| {
            coverage::share(400, |random| {
                let (a, b) = (medians(count, 0.0, random), medians(count, shift, random));
                deployments_test(&a, &b).unwrap().p < 0.05
            })
        };
        for count in [4, 6, 10] {
            assert!(found(count, 0.0) <= 0.08, "{count} a side: {}", found(count, 0.0));
        }
        assert!(found(6, 2.0) >= 0.78, "{}", found(6, 2.0));
    }

    #[test]
    fn the_interval_holds_the_shift_as_often_as_it_says_and_no_end_is_there_that_the_test_cannot_reject() {
        let held = coverage::share(400, |random| {
            let (a, b) = (medians(6, 0.0, random), medians(6, 2.0, random));
            deployments_interval(&a, &b, 0.95).unwrap().holds(2.0)
        });
        assert!((0.92..0.98).contains(&held), "{held}");
        assert_eq!(deployments_interval(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 0.95), None, "3 a side reject nothing");
        assert_eq!(deployments_interval(&[1.0, f64::INFINITY, 3.0, 4.0], &[4.0, 5.0, 6.0, 7.0], 0.95), None);
        let equal = deployments_interval(&[1.0; 4], &[3.0; 4], 0.95).unwrap();
        let same = deployments_interval(&[2.0; 4], &[2.0; 4], 0.95).unwrap();
        assert_eq!((same.low, same.high), (0.0, 0.0));
        assert_eq!(deployments_interval(&[2.0; 3], &[2.0; 3], 0.95), None);
        assert!((equal.low - 2.0).abs() < 1e-5 && (equal.high - 2.0).abs() < 1e-5, "{equal:?}");
    }

    #[test]
    fn the_interval_leaves_0_out_where_the_test_rejects_it() {
        let mut random = cnsim::random::Random::keyed(7, &["interval"]);
        for shift in [0.5, 1.0, 1.5, 2.0, 2.5, 3.0] {
            let (a, b) = (medians(5, 0.0, &mut random), medians(6, shift, &mut random));
            let test = deployments_test(&a, &b).unwrap();
            assert_eq!(deployments_interval(&a, &b, 0.95).unwrap().holds(0.0), test.p >= 0.05, "{test:?}");
        }
    }
}
