//! What the numbers of an input's times count, as it is typed.

use chrono::DateTime;
use clap::{Args, ValueEnum};

use crate::inputs::TimeScale;

/// What can be typed of times.
#[derive(Debug, Args)]
pub struct TimeArgs {
    /// What the whole numbers in received_timestamp, received_ns and sent_ns count
    #[arg(long, value_enum, value_name = "UNIT", default_value = "ns")]
    pub time_unit: TimeUnit,
    /// From when they count, as in 2030-01-01T00:00:00Z [default: 1970]
    #[arg(long, value_name = "TIME", value_parser = instant_ns)]
    pub time_origin: Option<i64>,
}

/// What a time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TimeUnit {
    /// Nanoseconds
    Ns,
    /// Microseconds
    Us,
    /// Milliseconds
    Ms,
    /// Seconds
    S,
}

impl From<TimeArgs> for TimeScale {
    fn from(TimeArgs { time_unit, time_origin }: TimeArgs) -> Self {
        let unit_ns = match time_unit {
            TimeUnit::Ns => 1,
            TimeUnit::Us => 1_000,
            TimeUnit::Ms => 1_000_000,
            TimeUnit::S => 1_000_000_000,
        };
        Self { unit_ns, origin_ns: time_origin.unwrap_or(0) }
    }
}

fn instant_ns(text: &str) -> Result<i64, String> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| "use a time as in 2030-01-01T00:00:00Z".to_owned())?;
    time.timestamp_nanos_opt().ok_or_else(|| "that is too far from 1970".to_owned())
}
