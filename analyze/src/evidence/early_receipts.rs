//! Copies that were received before the round's first copy was sent.

use cnsim::event::Kind;

use super::tolerance::ONE_CLOCK_NS;
use crate::rounds::Round;

/// Receipts before the first send of their round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EarlyReceipts {
    /// How many.
    pub(crate) count: u64,
    /// How long before the first send the earliest is.
    pub(crate) worst_ns: i64,
    /// The node that has it, by number.
    pub(crate) node: u32,
}

/// Those of a round whose first copy was sent at `first_send_ns`; none where there is none.
pub(super) fn find_early_receipts(round: &Round<'_>, first_send_ns: Option<i64>) -> Option<EarlyReceipts> {
    let (events, first_send_ns) = (round.events, first_send_ns?);
    let mut found: Option<EarlyReceipts> = None;
    for row in round.rows.clone() {
        let is_receipt = match events.kind[row] {
            Kind::Received | Kind::Duplicate => true,
            Kind::Initiate | Kind::Failed => false,
        };
        let early_ns = first_send_ns.saturating_sub(events.received_ns[row]);
        if !is_receipt || early_ns <= ONE_CLOCK_NS {
            continue;
        }
        let node = events.receiver[row];
        let found = found.get_or_insert(EarlyReceipts { count: 0, worst_ns: early_ns, node });
        found.count += 1;
        // Of equals the first by name, whatever the order of the records.
        if (early_ns, std::cmp::Reverse(node)) > (found.worst_ns, std::cmp::Reverse(found.node)) {
            (found.worst_ns, found.node) = (early_ns, node);
        }
    }
    found
}
