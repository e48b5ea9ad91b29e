//! How often values of one sample are larger than those of another, as an effect size.

use super::distribution::student_quantile;
use super::interval::Interval;
use super::values::sorted;

/// Cliff's delta and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dominance {
    /// The share of pairs in which the value of `b` is larger, minus the share in which it is smaller.
    pub delta: f64,
    /// None where a sample has one value only.
    pub interval: Option<Interval>,
}

/// Cliff's delta (1993) of `b` against `a`, with the asymmetric interval of Feng and Cliff (2004) and a quantile of
/// Student's distribution. Where no value of one sample reaches the other, their equation 8. Infinite values are the
/// largest, and equal. None where a sample is empty.
pub fn cliffs_delta(a: &[f64], b: &[f64], level: f64) -> Option<Dominance> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (rows, columns) = (dominance(b, a), dominance(a, b));
    let (n, m) = (a.len() as f64, b.len() as f64);
    // From 0.0, so that no difference is not -0.
    let delta = 0.0 - rows.each.iter().sum::<f64>() / n;
    let interval = (a.len() > 1 && b.len() > 1).then(|| {
        let t = student_quantile((1.0 + level) / 2.0, n + m - 2.0);
        if rows.unequal == n * m && delta.abs() == 1.0 {
            return of_apart(delta, n.min(m), t);
        }
        let around = |each: &[f64], centre: f64| each.iter().map(|value| (value - centre).powi(2)).sum::<f64>();
        let inside = rows.unequal - n * m * delta * delta;
        let spread = m * m * around(&rows.each, -delta) + n * n * around(&columns.each, delta) - inside;
        let least = (1.0 - delta * delta) / (n * m - 1.0);
        let variance = (spread / (n * m * (n - 1.0) * (m - 1.0))).max(least);
        asymmetric(delta, variance, t)
    });
    Some(Dominance { delta, interval })
}

/// How values compare with all others.
struct Rows {
    /// Mean of the signs of value - other, for each value.
    each: Vec<f64>,
    /// Pairs that are not equal.
    unequal: f64,
}

fn dominance(others: &[f64], values: &[f64]) -> Rows {
    let others = sorted(others.iter().copied());
    let mut unequal = 0.0;
    let sign = |value: &f64| {
        let below = others.partition_point(|other| other < value) as f64;
        let above = (others.len() - others.partition_point(|other| other <= value)) as f64;
        unequal += below + above;
        (below - above) / others.len() as f64
    };
    let each = values.iter().map(sign).collect();
    Rows { each, unequal }
}

fn asymmetric(delta: f64, variance: f64, t: f64) -> Interval {
    let rest = 1.0 - delta * delta;
    let square = t * t * variance;
    let reach = t * (variance * (rest * rest + square)).sqrt();
    let at = |reach: f64| (delta * rest + reach) / (rest + square);
    Interval { low: at(-reach), high: at(reach) }
}

fn of_apart(delta: f64, smaller: f64, t: f64) -> Interval {
    let end = (smaller - t * t) / (smaller + t * t);
    if delta > 0.0 { Interval { low: end, high: 1.0 } } else { Interval { low: -1.0, high: -end } }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{close, numbers, reference};
    use super::super::{coverage, mann_whitney};
    use super::*;

    fn sample() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![9 => (0_u32..30).prop_map(f64::from), 1 => Just(f64::INFINITY)];
        prop::collection::vec(value, 2..25)
    }

    proptest! {
        #[test]
        fn the_delta_is_the_tests_statistic_on_another_scale(a in sample(), b in sample()) {
            let found = cliffs_delta(&a, &b, 0.95).unwrap();
            let u = mann_whitney(&a, &b).unwrap().statistic;
            prop_assert!((found.delta - (2.0 * u / (a.len() * b.len()) as f64 - 1.0)).abs() < 1e-12);
            let interval = found.interval.unwrap();
            prop_assert!(interval.holds(found.delta) && interval.low >= -1.0 && interval.high <= 1.0, "{:?}", found);
            let turned = cliffs_delta(&b, &a, 0.95).unwrap().interval.unwrap();
            prop_assert!((turned.low + interval.high).abs() < 1e-9 && (turned.high + interval.low).abs() < 1e-9);
        }
    }

    #[test]
    fn the_delta_and_its_interval_are_those_of_the_whole_matrix() {
        for case in reference("two_samples").as_array().unwrap() {
            let found = cliffs_delta(&numbers(&case["a"]), &numbers(&case["b"]), 0.95).unwrap();
            let (expected, name) = (&case["cliffs"], case["name"].as_str().unwrap());
            close(found.delta, expected["delta"].as_f64().unwrap(), name);
            close(found.interval.unwrap().low, expected["low"].as_f64().unwrap(), name);
            close(found.interval.unwrap().high, expected["high"].as_f64().unwrap(), name);
        }
    }

    #[test]
    fn equal_samples_have_no_dominance_and_few_values_no_interval() {
        let found = cliffs_delta(&[f64::INFINITY; 3], &[f64::INFINITY; 4], 0.95).unwrap();
        assert_eq!(found.delta, 0.0);
        assert!(found.interval.unwrap().holds(0.0));
        let found = cliffs_delta(&[1.0], &[2.0, 3.0], 0.95).unwrap();
        assert_eq!((found.delta, found.interval), (1.0, None));
        assert_eq!(cliffs_delta(&[], &[2.0], 0.95), None);
    }

    #[test]
    fn the_interval_covers_the_true_delta_as_often_as_it_says() {
        // Of exponentials with means 1 and 2, the second is larger with probability 2/3.
        let covered = coverage::share(2000, |random| {
            let a: Vec<f64> = (0..12).map(|_| coverage::exponential(random)).collect();
            let b: Vec<f64> = (0..15).map(|_| 2.0 * coverage::exponential(random)).collect();
            cliffs_delta(&a, &b, 0.9).unwrap().interval.unwrap().holds(1.0 / 3.0)
        });
        assert!((0.88..0.94).contains(&covered), "{covered}");
    }
}
