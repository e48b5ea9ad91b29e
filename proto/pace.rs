//! When the messages of a run begin: each when the one before has ended, or in an open loop at instants of their own, whether or
//! not earlier ones have ended.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::quantity::QuantityError;
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// What makes the next message begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// The end of the one before: a closed loop.
    #[default]
    Closed,
    /// The clock, at equal intervals: an open loop.
    Every(Interval),
    /// The clock, at intervals that are exponential with this mean: a Poisson process.
    Poisson(Interval),
}

/// Messages that begin before those that count, so that the network has its usual load when these begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmUp {
    /// So many.
    Rounds(u32),
    /// As many as begin in this time.
    For(Interval),
}

/// When each message of an open loop begins, and which of them count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// From the first on, by round.
    begins: Vec<Interval>,
    scored: Range<u32>,
}

/// An open loop has at most so many messages.
pub const MESSAGES_MAX: u32 = 10_000_000;
/// What begins more often than this has no use of a clock.
const INTERVAL_MIN: Interval = Interval(1_000);

impl Pace {
    /// The mean time between two begins; none in a closed loop.
    pub fn interval(self) -> Option<Interval> {
        match self {
            Self::Closed => None,
            Self::Every(interval) | Self::Poisson(interval) => Some(interval),
        }
    }

    /// How long after the message `round` the next one begins; none in a closed loop.
    fn gap(self, seed: u64, round: u32) -> Option<Interval> {
        match self {
            Self::Closed => None,
            Self::Every(interval) => Some(interval),
            Self::Poisson(mean) => {
                let unit = Random::at(seed, Purpose::Begin, &[u64::from(round)]).unit();
                Some(Interval(libm::round(-libm::log(unit) * mean.0 as f64) as u64))
            }
        }
    }
}

impl Schedule {
    /// The schedule of so many messages that count: before them those of the warm-up, and behind them as many, or as long, again,
    /// so that the last one that counts meets the same load as the first. None in a closed loop, or where there would be more than
    /// [`MESSAGES_MAX`].
    pub fn of(pace: Pace, warm_up: WarmUp, rounds: u32, seed: u64) -> Option<Self> {
        pace.interval()?;
        let mut clock = Begins { pace, seed, begins: Vec::new(), next: Interval::ZERO };
        let of_warm_up = |from: Interval| {
            move |begun: u32, at: Interval| match warm_up {
                WarmUp::Rounds(count) => begun < count,
                WarmUp::For(span) => at.0 < from.0.saturating_add(span.0),
            }
        };
        let first = clock.begin_while(of_warm_up(Interval::ZERO))?;
        let end = clock.begin_while(|begun, _| begun < rounds)?;
        let last = clock.begins.last().copied().unwrap_or_default();
        clock.begin_while(of_warm_up(last))?;
        Some(Self { begins: clock.begins, scored: first..end })
    }

    /// When each message begins, from the first one on.
    pub fn begins(&self) -> &[Interval] {
        &self.begins
    }

    /// Whether a message counts.
    pub fn is_scored(&self, round: u32) -> bool {
        self.scored.contains(&round)
    }

    /// The number of the last message.
    pub fn last_round(&self) -> u32 {
        u32::try_from(self.begins.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

/// Messages that begin one after another.
struct Begins {
    pace: Pace,
    seed: u64,
    begins: Vec<Interval>,
    /// When the next one begins.
    next: Interval,
}

impl Begins {
    /// Begins messages as long as they are wanted, given how many of these have begun and when the next one would; how many there
    /// are then in all. None where these are too many.
    fn begin_while(&mut self, is_wanted: impl Fn(u32, Interval) -> bool) -> Option<u32> {
        let mut begun = 0;
        while is_wanted(begun, self.next) {
            let round = u32::try_from(self.begins.len()).ok().filter(|round| *round < MESSAGES_MAX)?;
            self.begins.push(self.next);
            self.next = Interval(self.next.0.saturating_add(self.pace.gap(self.seed, round)?.0));
            begun += 1;
        }
        u32::try_from(self.begins.len()).ok()
    }
}

/// A text that is no pace or no warm-up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// Its time is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// Its time is too short.
    #[error("{0} is too short: messages begin at least 1us apart")]
    TooOften(Interval),
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Every(interval) => interval.fmt(f),
            Self::Poisson(mean) => write!(f, "poisson:{mean}"),
        }
    }
}

impl FromStr for Pace {
    type Err = PaceError;

    fn from_str(text: &str) -> Result<Self, PaceError> {
        let long_enough = |text: &str| match text.parse::<Interval>()? {
            interval if interval < INTERVAL_MIN => Err(PaceError::TooOften(interval)),
            interval => Ok(interval),
        };
        match text.strip_prefix("poisson:") {
            Some(mean) => long_enough(mean).map(Self::Poisson),
            None if text == "closed" => Ok(Self::Closed),
            None => long_enough(text).map(Self::Every),
        }
    }
}

impl Default for WarmUp {
    fn default() -> Self {
        Self::Rounds(1)
    }
}

impl fmt::Display for WarmUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rounds(count) => count.fmt(f),
            Self::For(span) => span.fmt(f),
        }
    }
}

impl FromStr for WarmUp {
    type Err = PaceError;

    /// A number alone is one of rounds.
    fn from_str(text: &str) -> Result<Self, PaceError> {
        match text.parse() {
            Ok(count) => Ok(Self::Rounds(count)),
            Err(_) => Ok(Self::For(text.parse()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn schedule(pace: &str, warm_up: &str, rounds: u32) -> Option<Schedule> {
        Schedule::of(pace.parse().unwrap(), warm_up.parse().unwrap(), rounds, 7)
    }

    #[test]
    fn as_many_messages_begin_behind_those_that_count_as_before_them() {
        let schedule = schedule("10ms", "2", 3).unwrap();
        assert_eq!(schedule.begins(), [0, 10, 20, 30, 40, 50, 60].map(|ms| Interval(ms * MS)));
        let scored: Vec<u32> = (0..8).filter(|round| schedule.is_scored(*round)).collect();
        assert_eq!((scored, schedule.last_round()), (vec![2, 3, 4], 6));
    }

    #[test]
    fn a_warm_up_in_time_lasts_as_long_on_both_sides() {
        let schedule = schedule("10ms", "25ms", 2).unwrap();
        // Before: 0, 10, 20. They count: 30, 40. Behind: those before 40 + 25 ms.
        assert_eq!(schedule.begins().len(), 7);
        assert!(schedule.is_scored(3) && schedule.is_scored(4) && !schedule.is_scored(2) && !schedule.is_scored(5));
    }

    #[test]
    fn without_warm_up_every_message_counts() {
        let schedule = schedule("10ms", "0", 4).unwrap();
        assert!((0..4).all(|round| schedule.is_scored(round)) && schedule.begins().len() == 4);
    }

    #[test]
    fn a_poisson_process_has_exponential_gaps_of_its_mean_and_is_the_same_every_time() {
        let count = 40_000;
        let begins = schedule("poisson:10ms", "0", count).unwrap();
        let gaps: Vec<f64> =
            begins.begins().windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64 / MS as f64).collect();
        let (n, mean) = (gaps.len() as f64, gaps.iter().sum::<f64>() / gaps.len() as f64);
        // The mean of n exponential numbers of mean 10 has the standard deviation 10 / sqrt(n).
        assert!((mean - 10.0).abs() < 4.0 * 10.0 / n.sqrt(), "{mean}");
        let beyond = gaps.iter().filter(|gap| **gap > 20.0).count() as f64 / n;
        let p = (-2.0_f64).exp();
        assert!((beyond - p).abs() < 4.0 * (p * (1.0 - p) / n).sqrt(), "{beyond}");
        assert_eq!(schedule("poisson:10ms", "0", count).unwrap(), begins);
    }

    #[test]
    fn a_closed_loop_and_one_of_too_many_messages_have_no_schedule() {
        assert_eq!(schedule("closed", "0", 4), None);
        assert_eq!(schedule("closed", "0", 0), None);
        assert_eq!(schedule("1us", "60s", 4), None);
    }

    #[test]
    fn paces_and_warm_ups_are_written_as_they_are_typed() {
        for text in ["closed", "100ms", "poisson:2s"] {
            assert_eq!(text.parse::<Pace>().unwrap().to_string(), text);
        }
        for text in ["0", "12", "60s"] {
            assert_eq!(text.parse::<WarmUp>().unwrap().to_string(), text);
        }
        for (text, error) in [
            ("100", "\"100\" has no unit: write 100ms or 100s"),
            ("10ns", "10ns is too short: messages begin at least 1us apart"),
            ("poisson:0s", "0s is too short: messages begin at least 1us apart"),
        ] {
            assert_eq!(text.parse::<Pace>().unwrap_err().to_string(), error);
        }
    }
}
