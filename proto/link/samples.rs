//! Measured delays: a file of them, of which each draw takes one.
//!
//! One delay a line, in any order. Either each has its unit (`20ms`), or the first line names one for all, alone (`ms`) or at
//! the end of a column's name (`delay_ms`, as in a CSV file of one column). The units are `ns`, `us`, `ms` and `s`. Empty
//! lines and lines that begin with `#` say nothing; quotes around a value are dropped.

use crate::quantity::DURATION_MAX;
use crate::random::Random;
use crate::time::Interval;

/// At least two delays, sorted; each is as likely to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples(Vec<Interval>);

/// A text that holds no such delays.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SamplesError {
    /// A line is no delay.
    #[error("line {line}: {text:?} {reason}")]
    Line {
        /// Which line, counted from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// Why it is none.
        reason: &'static str,
    },
    /// There are too few.
    #[error("too few delays ({count}): a distribution has at least 2; for a single one use constant, as constant:20ms")]
    Few {
        /// How many there are.
        count: usize,
    },
}

const NO_NUMBER: &str = "is not a number with ns, us, ms or s, as 20ms";
const NO_UNIT: &str = "has no unit: write 20ms for 20, or name the unit of all in the first line, as delay_ms";
const NEGATIVE: &str = "is negative: a delay is 0 or more";
const LONG: &str = "is longer than an hour: check the unit";
const COLUMNS: &str = "has more than one column: keep the delays alone";

impl Samples {
    /// Reads the text of a file of delays. The first line that is no delay is the error.
    pub fn parse(text: &str) -> Result<Self, SamplesError> {
        let mut unit_of_all = None;
        let mut delays = Vec::new();
        for (line, value) in values(text) {
            if delays.is_empty() && unit_of_all.is_none() {
                unit_of_all = header(value);
                if unit_of_all.is_some() {
                    continue;
                }
            }
            let delay = delay(value, unit_of_all);
            delays.push(delay.map_err(|reason| SamplesError::Line { line, text: value.to_owned(), reason })?);
        }
        if delays.len() < 2 {
            return Err(SamplesError::Few { count: delays.len() });
        }
        delays.sort_unstable();
        Ok(Self(delays))
    }

    /// One of them.
    pub fn draw(&self, random: &mut Random) -> Interval {
        self.0[random.below(self.0.len() as u64) as usize]
    }
}

/// What stands on the lines that say something, with their numbers. Spreadsheets begin a file with a byte order mark.
fn values(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let values = lines.map(|(index, line)| (index + 1, line.trim().trim_matches('"').trim()));
    values.filter(|(_, value)| !value.is_empty() && !value.starts_with('#'))
}

/// The size in nanoseconds of the unit that a first line names for all.
fn header(line: &str) -> Option<f64> {
    let is_name = line.starts_with(|c: char| c.is_ascii_alphabetic()) && !line.contains([',', ';', '\t']);
    let last_word = line.rsplit(['_', ' ']).next().unwrap_or(line);
    if is_name { unit(last_word.trim_matches(['(', ')', '[', ']'])) } else { None }
}

fn unit(name: &str) -> Option<f64> {
    match name {
        "ns" => Some(1.0),
        "us" => Some(1e3),
        "ms" => Some(1e6),
        "s" => Some(1e9),
        _ => None,
    }
}

fn delay(value: &str, unit_of_all: Option<f64>) -> Result<Interval, &'static str> {
    if value.contains([',', ';', '\t']) {
        return Err(COLUMNS);
    }
    let (number, unit) = match unit_of_all {
        Some(unit) => (value, unit),
        None => with_unit(value)?,
    };
    let number: f64 = number.parse().map_err(|_| NO_NUMBER)?;
    if number.is_nan() {
        return Err(NO_NUMBER);
    }
    if number < 0.0 {
        return Err(NEGATIVE);
    }
    let ns = (number * unit).round();
    if ns <= DURATION_MAX.0 as f64 { Ok(Interval(ns as u64)) } else { Err(LONG) }
}

fn with_unit(value: &str) -> Result<(&str, f64), &'static str> {
    if value.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(NO_UNIT);
    }
    let (number, name) = value.split_at(value.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |last| last + 1));
    Ok((number.trim_end(), unit(name).ok_or(NO_NUMBER)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_read_with_a_unit_each_or_one_for_all() {
        let ms = |ms: &[u64]| Ok(Samples(ms.iter().map(|ms| Interval::from_ms(*ms)).collect()));
        assert_eq!(Samples::parse("# pings\n20ms\n\n0.005s\r\n7000 us\n"), ms(&[5, 7, 20]));
        assert_eq!(Samples::parse("\u{feff}\"delay_ms\"\n\"20\"\n5.0\n"), ms(&[5, 20]));
        assert_eq!(Samples::parse("s\n0.02\n5e-3"), ms(&[5, 20]));
        assert_eq!(Samples::parse("rtt (ms)\n20\n5"), ms(&[5, 20]));
    }

    #[test]
    fn a_file_that_holds_no_delays_is_told_the_line() {
        for (text, error) in [
            ("20ms\n20\n", "line 2: \"20\" has no unit"),
            ("ms\n20\n-3\n", "line 3: \"-3\" is negative"),
            ("20ms\n-3ms\n", "line 2: \"-3ms\" is negative"),
            ("delay\n20\n", "line 1: \"delay\" is not a number"),
            ("ms\n1\n20ms\n", "line 3: \"20ms\" is not a number"),
            ("20ms\nNaN\n", "line 2: \"NaN\" is not a number"),
            ("ms\n1\ninf\n", "line 3: \"inf\" is longer than an hour"),
            ("a,delay_ms\n1,2\n", "line 1: \"a,delay_ms\" has more than one column"),
            ("20ms\n", "too few delays (1): "),
            ("", "too few delays (0): "),
            ("ms\n", "too few delays (0): "),
        ] {
            let found = Samples::parse(text).unwrap_err().to_string();
            assert!(found.starts_with(error), "{text:?}: {found}");
        }
    }
}
