//! Instants and spans in whole nanoseconds: they are written to disk, so they are numbers and not handles of a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

/// Wall-clock time: nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

/// A span of time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval(pub u64);

/// What the times of a run are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Clock {
    /// Clocks of machines.
    #[default]
    Wall,
    /// The simulator's own time, which begins with the year 2030.
    Virtual,
}

impl Clock {
    /// Its word in records and manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Virtual => "virtual",
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown clock {0:?}: use wall or virtual")]
pub struct UnknownClock(pub String);

impl FromStr for Clock {
    type Err = UnknownClock;

    fn from_str(text: &str) -> Result<Self, UnknownClock> {
        let found = [Self::Wall, Self::Virtual].into_iter().find(|clock| clock.as_str() == text);
        found.ok_or_else(|| UnknownClock(text.to_owned()))
    }
}

impl Timestamp {
    /// The span from `earlier` to this instant in milliseconds; negative where `earlier` is later.
    pub fn ms_since(self, earlier: Self) -> f64 {
        (i128::from(self.0) - i128::from(earlier.0)) as f64 / 1e6
    }

    /// The span from `earlier` to this instant; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Interval {
        Interval(self.0.saturating_sub(earlier.0))
    }
}

impl Interval {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `ms` milliseconds; the longest span there is where that is longer.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// `ms` milliseconds to the nearest nanosecond; none where that is negative or longer than an hour.
    pub fn from_fractional_ms(ms: f64) -> Option<Self> {
        (0.0..=3_600_000.0).contains(&ms).then(|| Self((ms * 1e6).round() as u64))
    }

    /// The span in milliseconds.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<Interval> for Timestamp {
    type Output = Self;

    fn add(self, span: Interval) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Interval> for Timestamp {
    type Output = Self;

    fn sub(self, span: Interval) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl From<std::time::Duration> for Interval {
    fn from(span: std::time::Duration) -> Self {
        Self(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Interval> for std::time::Duration {
    fn from(span: Interval) -> Self {
        Self::from_nanos(span.0)
    }
}
