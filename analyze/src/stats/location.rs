//! By how much values of one sample are larger than those of another.

use super::counting::{Counts, normal_end};
use super::pairs::{Pairs, Unknown};
use super::values::sorted;

/// A shift and its interval. What is infinite or not known is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shift {
    /// The estimate.
    pub shift: Option<f64>,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// The shift from `a` to `b` of Hodges and Lehmann (1963): the median of all differences b - a. Its interval is between
/// the differences at the ranks at which the test of Mann and Whitney stops rejecting, counted without ties, which with
/// ties only widens it. Two infinite values have an unknown difference, which counts against either end.
pub fn shift(a: &[f64], b: &[f64], level: f64) -> Shift {
    let negative = sorted(a.iter().map(|value| -value));
    let b = sorted(b.iter().copied());
    let tail = (1.0 - level) / 2.0;
    let end = Counts::mann_whitney(a.len(), b.len()).map_or_else(
        || {
            let (pairs, count) = ((a.len() * b.len()) as f64, (a.len() + b.len()) as f64);
            normal_end(pairs / 2.0, pairs * (count + 1.0) / 12.0, tail)
        },
        |counts| counts.end(tail),
    );
    let pairs = Pairs::Across(&negative, &b);
    let [low, high] = ends(pairs, pairs, end);
    Shift { shift: pairs.median(), low, high }
}

/// The shift from `a` to `b`, pair by pair: the median of the means of every two differences (Walsh averages), with the
/// interval that belongs to the test of Wilcoxon.
pub fn paired_shift(a: &[f64], b: &[f64], level: f64) -> Shift {
    assert_eq!(a.len(), b.len(), "values come in pairs");
    let differences = |unknown: f64| {
        let of_pair = |(a, b): (&f64, &f64)| if a.is_infinite() && b.is_infinite() { unknown } else { b - a };
        sorted(a.iter().zip(b).map(of_pair))
    };
    let [lowest, highest] = [f64::NEG_INFINITY, f64::INFINITY].map(differences);
    let tail = (1.0 - level) / 2.0;
    let count = a.len() as f64;
    let squares = count * (count + 1.0);
    let end = Counts::wilcoxon(a.len()).map_or_else(
        || normal_end(squares / 4.0, squares * (2.0 * count + 1.0) / 24.0, tail),
        |counts| counts.end(tail),
    );
    let [low, high] = ends(Pairs::Within(&lowest), Pairs::Within(&highest), end);
    let [least, most] = [&lowest, &highest].map(|differences| Pairs::Within(differences).median());
    let half = |sum: f64| sum / 2.0;
    Shift { shift: least.filter(|_| least == most).map(half), low: low.map(half), high: high.map(half) }
}

/// The sums that are `end` ranks from either end; none where there is no such rank or they are infinite.
fn ends(least: Pairs<'_>, most: Pairs<'_>, end: usize) -> [Option<f64>; 2] {
    if end == 0 || end > least.len() {
        return [None; 2];
    }
    let (low, high) = (least.at(end, Unknown::Lowest), most.at(most.len() + 1 - end, Unknown::Highest));
    [low, high].map(|value| Some(value).filter(|value| value.is_finite()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::coverage;
    use super::super::fixture::{numbers, reference, same};
    use super::*;

    fn agrees(found: Shift, expected: &Value, name: &str) {
        same(found.shift, &expected["shift"], name);
        same(found.low, &expected["low"], name);
        same(found.high, &expected["high"], name);
    }

    #[test]
    fn shifts_are_the_medians_of_all_differences_with_the_ends_that_the_tests_imply() {
        for case in reference("two_samples").as_array().unwrap() {
            let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
            for (field, level) in [("shift_95", 0.95), ("shift_80", 0.8)] {
                if case[field].is_object() {
                    agrees(shift(&a, &b, level), &case[field], case["name"].as_str().unwrap());
                }
            }
        }
        for case in reference("paired").as_array().unwrap() {
            let found = paired_shift(&numbers(&case["a"]), &numbers(&case["b"]), 0.95);
            agrees(found, &case["shift_95"], case["name"].as_str().unwrap());
        }
    }

    fn sample() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![9 => (0_u32..50).prop_map(|value| f64::from(value) / 4.0), 1 => Just(f64::INFINITY)];
        prop::collection::vec(value, 1..20)
    }

    proptest! {
        #[test]
        fn exchanging_the_samples_turns_the_shift_around(a in sample(), b in sample()) {
            let (one, other) = (shift(&a, &b, 0.9), shift(&b, &a, 0.9));
            let turned = |end: Option<f64>| end.map(|end| 0.0 - end);
            prop_assert_eq!(one, Shift { shift: turned(other.shift), low: turned(other.high), high: turned(other.low) });
        }

        #[test]
        fn moving_a_sample_moves_the_shift(a in sample(), b in sample(), by in 0_u32..40) {
            let moved: Vec<f64> = b.iter().map(|value| value + f64::from(by)).collect();
            let (one, other) = (shift(&a, &b, 0.9), shift(&a, &moved, 0.9));
            let by = |end: Option<f64>| end.map(|end| end + f64::from(by));
            prop_assert_eq!(other, Shift { shift: by(one.shift), low: by(one.low), high: by(one.high) });
        }

        #[test]
        fn the_shift_lies_in_its_interval(a in sample(), b in sample()) {
            let found = shift(&a, &b, 0.9);
            if let Shift { shift: Some(shift), low, high } = found {
                prop_assert!(low.is_none_or(|low| low <= shift) && high.is_none_or(|high| shift <= high), "{:?}", found);
            }
        }
    }

    #[test]
    fn too_few_values_have_a_shift_and_no_interval() {
        let found = shift(&[1.0, 2.0, 3.0], &[5.0, 6.0, 7.0], 0.95);
        assert_eq!(found, Shift { shift: Some(4.0), low: None, high: None });
        assert_eq!(shift(&[], &[1.0], 0.95), Shift::default());
        assert_eq!(paired_shift(&[1.0; 5], &[2.0; 5], 0.95), Shift { shift: Some(1.0), low: None, high: None });
    }

    #[test]
    fn a_censored_side_leaves_the_end_open_that_it_could_move() {
        let b = [9.0, 9.5, 10.0, f64::INFINITY, f64::INFINITY, f64::INFINITY];
        let found = shift(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &b, 0.95);
        assert!(found.low.is_some() && found.high.is_none(), "{found:?}");
    }

    #[test]
    fn the_intervals_cover_the_true_shift_as_often_as_they_say() {
        let draw = |count: usize, random: &mut _| (0..count).map(|_| coverage::exponential(random)).collect::<Vec<_>>();
        let covered = coverage::share(2000, |random| {
            let (a, b) = (draw(9, random), draw(12, random));
            let b: Vec<f64> = b.into_iter().map(|value| value + 0.5).collect();
            let found = shift(&a, &b, 0.9);
            (found.low.unwrap()..=found.high.unwrap()).contains(&0.5)
        });
        assert!((0.885..0.935).contains(&covered), "{covered}");
        let covered = coverage::share(2000, |random| {
            let a = draw(12, random);
            let b: Vec<f64> = a.iter().map(|value| value + 0.3 + 0.2 * coverage::normal(random)).collect();
            let found = paired_shift(&a, &b, 0.9);
            (found.low.unwrap()..=found.high.unwrap()).contains(&0.3)
        });
        assert!((0.885..0.935).contains(&covered), "{covered}");
    }
}
