//! The time between which entries are looked for: it decides which parts of a table are read, and paid.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};

use cnsim::manifest::Manifest;

/// From `since`, to before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// A time that is none, or times in the wrong order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeRangeError {
    /// Not a time.
    #[error("{0:?} is no time: write 2026-11-25, 2026-11-25T10:00 or 2026-11-25T10:00:00Z (UTC where no zone stands)")]
    NoTime(String),
    /// Nothing lies between.
    #[error("--since {since} is not before --until {until}")]
    Empty {
        /// As understood.
        since: String,
        /// As understood.
        until: String,
    },
}

/// How far clocks, and a node's clock from its log's, may be apart.
const SLACK: TimeDelta = TimeDelta::minutes(10);
/// The years that BigQuery's TIMESTAMP has.
const FIRST: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
/// The end of 9998.
const LAST_S: i64 = 253_370_764_800;

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self { since: FIRST, until: DateTime::from_timestamp(LAST_S, 0).expect("the year is 9999") };

    /// Between two times.
    pub fn new(since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Self, TimeRangeError> {
        if since < until {
            Ok(Self { since, until })
        } else {
            Err(TimeRangeError::Empty { since: text(since), until: text(until) })
        }
    }

    /// The time of a run with some slack; to the end of time where the run has no end yet.
    pub fn of_run(manifest: &Manifest) -> Result<Self, TimeRangeError> {
        let since = instant(&manifest.started_at)? - SLACK;
        let until = match &manifest.finished_at {
            Some(finished) => instant(finished)? + SLACK,
            None => Self::ALL.until,
        };
        Self::new(since, until)
    }

    /// What lies in either or between.
    pub fn around(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), until: self.until.max(other.until) }
    }

    /// The same with what the user typed in the place of an end.
    pub fn with(self, since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Result<Self, TimeRangeError> {
        Self::new(since.unwrap_or(self.since), until.unwrap_or(self.until))
    }

    /// Its beginning as a parameter.
    pub fn since_text(&self) -> String {
        text(self.since)
    }

    /// Its end as a parameter.
    pub fn until_text(&self) -> String {
        text(self.until)
    }

    /// Whether it touches the UTC day that a shard's name ends with.
    pub fn touches(&self, day: &str) -> bool {
        let Some(day) = day_of(day) else { return false };
        self.since.date_naive() <= day && day <= self.last_day()
    }

    /// The UTC days in it that a shard's name could end with; none where they are more than a year.
    pub fn days(&self) -> Option<Vec<String>> {
        const MOST: i64 = 366;
        let (first, last) = (self.since.date_naive(), self.last_day());
        ((last - first).num_days() < MOST).then(|| {
            let name = |day: NaiveDate| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
            first.iter_days().take_while(|day| *day <= last).map(name).collect()
        })
    }

    fn last_day(&self) -> NaiveDate {
        (self.until - TimeDelta::microseconds(1)).date_naive()
    }
}

/// A time as the user typed it, in UTC where it names no zone.
pub fn instant(typed: &str) -> Result<DateTime<Utc>, TimeRangeError> {
    let zoned = DateTime::parse_from_rfc3339(typed).map(|time| time.to_utc());
    let plain = |format: &str| NaiveDateTime::parse_from_str(typed, format).map(|time| time.and_utc());
    zoned
        .or_else(|_| plain("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| plain("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| plain("%Y-%m-%dT%H:%M"))
        .or_else(|_| plain("%Y-%m-%d %H:%M"))
        .or_else(|_| {
            NaiveDate::parse_from_str(typed, "%Y-%m-%d").map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc())
        })
        .map_err(|_| TimeRangeError::NoTime(typed.to_owned()))
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn day_of(name: &str) -> Option<NaiveDate> {
    let is_day = name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_day { NaiveDate::parse_from_str(name, "%Y%m%d").ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(since: &str, until: &str) -> TimeRange {
        TimeRange::new(instant(since).unwrap(), instant(until).unwrap()).unwrap()
    }

    #[test]
    fn a_time_is_utc_unless_it_names_a_zone() {
        for typed in ["2026-11-25", "2026-11-25T00:00", "2026-11-25 00:00:00", "2026-11-25T02:00:00+02:00"] {
            assert_eq!(text(instant(typed).unwrap()), "2026-11-25T00:00:00.000000Z", "{typed}");
        }
        assert_eq!(instant("yesterday"), Err(TimeRangeError::NoTime("yesterday".to_owned())));
    }

    #[test]
    fn a_window_over_midnight_touches_both_days() {
        let range = range("2026-11-25T23:59", "2026-11-26T00:01");
        assert_eq!(range.days(), Some(vec!["20261125".to_owned(), "20261126".to_owned()]));
        let touched: Vec<&str> = ["20261124", "20261125", "20261126", "20261127", "2026112x", "x"]
            .into_iter()
            .filter(|day| range.touches(day))
            .collect();
        assert_eq!(touched, ["20261125", "20261126"]);
    }

    #[test]
    fn a_window_that_ends_at_midnight_leaves_the_next_day_out() {
        assert_eq!(range("2026-11-25", "2026-11-26").days(), Some(vec!["20261125".to_owned()]));
        assert_eq!(TimeRange::ALL.days(), None);
    }

    #[test]
    fn times_in_the_wrong_order_are_refused() {
        let error = TimeRange::new(instant("2026-11-26").unwrap(), instant("2026-11-25").unwrap()).unwrap_err();
        let expected = "--since 2026-11-26T00:00:00.000000Z is not before --until 2026-11-25T00:00:00.000000Z";
        assert_eq!(error.to_string(), expected);
    }
}
