//! The times of a record, brought together: what it says of sending, and what follows from that.

use cnsim::event::Record;

use crate::columns::UNKNOWN_NS;

/// What a record says of its times, in ns; [`UNKNOWN_NS`] where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Its `propagation_time`.
    pub told_ns: i64,
    /// When the copy was sent: on record, else received - propagation time.
    pub sent_ns: i64,
    /// From send to receipt: received - sent where both are on record and exact, else as told.
    pub latency_ns: i64,
}

impl Times {
    /// The times of a record.
    pub fn of(record: &Record<'_>) -> Self {
        Self::new(record.received_ns, record.sent_ns, record.propagation_time, record.float_timestamp)
    }

    /// The times of a record, given when it was received and what it says besides.
    pub fn new(received_ns: i64, sent_ns: Option<i64>, propagation_ms: Option<f64>, is_float: bool) -> Self {
        let told_ns = propagation_ms.map_or(UNKNOWN_NS, in_ns);
        let latency_ns = match sent_ns {
            Some(sent_ns) if told_ns != UNKNOWN_NS && !is_float => received_ns.saturating_sub(sent_ns),
            Some(_) | None => told_ns,
        };
        let derived_ns = || if told_ns == UNKNOWN_NS { UNKNOWN_NS } else { received_ns.saturating_sub(told_ns) };
        Self { told_ns, sent_ns: sent_ns.unwrap_or_else(derived_ns), latency_ns }
    }
}

/// Milliseconds in whole nanoseconds: what the record means. A call for rounding would cost more than all the rest.
fn in_ns(ms: f64) -> i64 {
    (ms * 1e6 + 0.5_f64.copysign(ms)) as i64
}
