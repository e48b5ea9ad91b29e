//! Timestamps that went through a float64 on their way, and so lost their last digits.

use cnsim_records::columns::EventColumns;

/// How many there are, and how large.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FloatTimestamps {
    /// Records with such a timestamp.
    pub(crate) count: u64,
    /// The latest of them, ns since the Unix epoch: the larger a float, the fewer digits are left behind its point.
    pub(crate) latest_ns: i64,
}

impl FloatTimestamps {
    /// Those of two inputs together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, latest_ns: self.latest_ns.max(other.latest_ns) }
    }
}

/// Those of some records.
pub(super) fn count_float_timestamps(events: &EventColumns) -> FloatTimestamps {
    let rows = events.float_timestamp.iter().zip(&events.received_ns).filter(|(is_float, _)| **is_float);
    let each = rows.map(|(_, received_ns)| FloatTimestamps { count: 1, latest_ns: *received_ns });
    each.fold(FloatTimestamps::default(), FloatTimestamps::and)
}
