//! Copies that were received before they were sent: clocks of machines that disagree.

use cnsim::event::Kind;
use cnsim_records::columns::UNKNOWN_NS;

use crate::rounds::Round;

/// Latencies below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NegativeLatencies {
    /// How many copies have one.
    pub(crate) count: u64,
    /// The smallest, ns.
    pub(crate) worst_ns: i64,
}

/// Those of a round; none where there is none.
pub(super) fn count_negative_latencies(round: &Round<'_>) -> Option<NegativeLatencies> {
    let events = round.events;
    let mut found = NegativeLatencies { count: 0, worst_ns: 0 };
    for row in round.rows.clone() {
        let is_copy = match events.kind[row] {
            Kind::Received | Kind::Duplicate => true,
            Kind::Initiate | Kind::Failed => false,
        };
        let latency_ns = events.latency_ns[row];
        if is_copy && latency_ns != UNKNOWN_NS && latency_ns < 0 {
            found.count += 1;
            found.worst_ns = found.worst_ns.min(latency_ns);
        }
    }
    (found.count > 0).then_some(found)
}
