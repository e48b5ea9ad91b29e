//! The times of a record, brought together: what it says of sending, and what follows from that.

use cnsim::event::Record;
use serde::{Deserialize, Serialize};

use crate::columns::UNKNOWN_NS;

/// What a record says of its times, in ns; [`UNKNOWN_NS`] where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Its `propagation_time`.
    pub propagation_ns: i64,
    /// When the copy was sent: on record, else received - propagation time.
    pub sent_ns: i64,
    /// From send to receipt: received - sent where both are on record and exact, else as told.
    pub latency_ns: i64,
}

/// What the whole numbers of an input's times are, where they are no nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeScale {
    /// What they count, in ns.
    pub unit_ns: i64,
    /// From when they count, ns since the Unix epoch.
    pub origin_ns: i64,
}

impl Default for TimeScale {
    fn default() -> Self {
        Self { unit_ns: 1, origin_ns: 0 }
    }
}

impl TimeScale {
    /// A time in ns since the Unix epoch; as late as that can be where it would be later.
    pub fn to_ns(self, time: i64) -> i64 {
        time.saturating_mul(self.unit_ns).saturating_add(self.origin_ns)
    }

    /// Whether times are what records have them in.
    pub fn is_own(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands in a record of its times.
#[derive(Debug, Clone, Copy)]
pub struct RecordedTimes {
    /// When it was received, ns since the Unix epoch.
    pub received_ns: i64,
    /// When it was sent.
    pub sent_ns: Option<i64>,
    /// Its `propagation_time`.
    pub propagation_ms: Option<f64>,
    /// Whether the timestamp came through a float64.
    pub is_float: bool,
}

impl Times {
    /// The times of a record.
    pub fn of(record: &Record<'_>) -> Self {
        Self::from(RecordedTimes {
            received_ns: record.received_ns,
            sent_ns: record.sent_ns,
            propagation_ms: record.propagation_time,
            is_float: record.float_timestamp,
        })
    }
}

impl From<RecordedTimes> for Times {
    fn from(RecordedTimes { received_ns, sent_ns, propagation_ms, is_float }: RecordedTimes) -> Self {
        let propagation_ns = propagation_ms.map_or(UNKNOWN_NS, in_ns);
        let latency_ns = match sent_ns {
            Some(sent_ns) if propagation_ns != UNKNOWN_NS && !is_float => received_ns.saturating_sub(sent_ns),
            Some(_) | None => propagation_ns,
        };
        let derived_ns =
            || if propagation_ns == UNKNOWN_NS { UNKNOWN_NS } else { received_ns.saturating_sub(propagation_ns) };
        Self { propagation_ns, sent_ns: sent_ns.unwrap_or_else(derived_ns), latency_ns }
    }
}

/// Milliseconds in whole nanoseconds: what the record means. A call for rounding would cost more than all the rest.
fn in_ns(ms: f64) -> i64 {
    (ms * 1e6 + 0.5_f64.copysign(ms)) as i64
}
