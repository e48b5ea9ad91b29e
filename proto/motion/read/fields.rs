//! The parts of a line: fields, times, numbers.

use super::error::Problem;
use crate::time::Interval;

/// The fields of a line: between semicolons, else between commas, else between white space.
pub(super) fn fields(line: &str) -> Vec<&str> {
    let line = line.trim();
    match [';', ','].into_iter().find(|separator| line.contains(*separator)) {
        Some(separator) => line.split(separator).map(str::trim).collect(),
        None => line.split_whitespace().collect(),
    }
}

/// Seconds as an interval. Decimals are exact to the nanosecond; more than nine are rounded.
pub(super) fn seconds(text: &str) -> Result<Interval, Problem> {
    let none = || Problem::Time(text.to_owned());
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && decimals.is_empty() || !is_digits(decimals) || !is_digits(whole) {
        return by_exponent(text).ok_or_else(none);
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| none())? };
    let nine: String = decimals.chars().chain("000000000".chars()).take(9).collect();
    let mut rest: u64 = nine.parse().map_err(|_| none())?;
    rest += u64::from(decimals.as_bytes().get(9).is_some_and(|digit| *digit >= b'5'));
    let ns = whole.checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(rest));
    ns.map(Interval).ok_or_else(none)
}

/// As programs write large and small numbers: 1.5e+03.
fn by_exponent(text: &str) -> Option<Interval> {
    let number: f64 = text.parse().ok()?;
    let fits = text.contains(['e', 'E']) && (0.0..1.8e10).contains(&number);
    fits.then(|| Interval(libm::round(number * 1e9) as u64))
}

/// A number that is one.
pub(super) fn number(text: &str) -> Result<f64, Problem> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| Problem::Number(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_to_the_nanosecond() {
        for (text, ns) in [
            ("974", 974_000_000_000),
            ("0.1", 100_000_000),
            (".5", 500_000_000),
            ("7.", 7_000_000_000),
            ("13.2693884938249", 13_269_388_494),
            ("0.9999999999", 1_000_000_000),
            ("1.5e+03", 1_500_000_000_000),
        ] {
            assert_eq!(seconds(text), Ok(Interval(ns)), "{text}");
        }
        for bad in ["", ".", "-1", "-1e3", "1,5", "x", "1e99", "NaN", "inf", "99999999999", "1.x"] {
            assert_eq!(seconds(bad), Err(Problem::Time(bad.to_owned())));
        }
    }

    #[test]
    fn fields_stand_between_semicolons_commas_or_white_space() {
        for line in ["5;a;b", "5 , a,b ", "5\ta  b"] {
            assert_eq!(fields(line), ["5", "a", "b"]);
        }
        assert!(number("inf").is_err() && number("-3.5e1") == Ok(-35.0));
    }
}
