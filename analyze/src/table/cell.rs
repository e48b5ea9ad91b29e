//! Cells: one value, or none.

use crate::stats::Interval;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A finite number.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// No value.
    None,
}

impl Cell {
    /// The value in full; a number is the shortest text that reads back as the same; none where there is no value.
    pub(super) fn full(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Count(count) => Some(count.to_string()),
            Self::Number(value) => Some(value.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::None => None,
        }
    }

    /// A time in ns as milliseconds.
    pub(crate) fn ms(time_ns: Option<f64>) -> Self {
        time_ns.map(|time_ns| time_ns / 1e6).into()
    }

    /// A time in whole ns as milliseconds.
    pub(crate) fn whole_ms(time_ns: Option<i64>) -> Self {
        Self::ms(time_ns.map(|time_ns| time_ns as f64))
    }

    /// Both ends of an interval; none where there is no interval, or where an end is infinite.
    pub(crate) fn ends(interval: Option<Interval>) -> [Self; 2] {
        let finite = |end: f64| Self::from(Some(end).filter(|end| end.is_finite()));
        interval.map_or([Self::None, Self::None], |interval| [finite(interval.low), finite(interval.high)])
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        assert!(value.is_finite(), "{value} in a table: what is infinite or undefined is no value");
        Self::Number(value)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}
