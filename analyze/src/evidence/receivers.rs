//! Whom a message reached, by their own receipts and by other records.
//!
//! Every record that a node other than the initiator writes in a round implies that the message reached it. A node that
//! appears as a sender, or logs a duplicate, without a receipt of its own was therefore reached and its row is lost.

use std::collections::BTreeSet;

use cnsim::event::Kind;

use crate::rounds::Round;

/// Nodes that a message reached, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receivers {
    /// Nodes with a receipt.
    pub(crate) by_receipt: BTreeSet<u32>,
    /// Nodes whose only receipts are from after the round was given up.
    pub(crate) late: BTreeSet<u32>,
    /// Nodes without one whose other records, or whose copies at others, show that the message came. The initiator may be
    /// among them.
    pub(crate) by_other_records: BTreeSet<u32>,
}

/// Those of a round, which was given up at `latest_ns`.
pub(super) fn list_receivers(round: &Round<'_>, latest_ns: Option<i64>) -> Receivers {
    let events = round.events;
    let latest_ns = latest_ns.unwrap_or(i64::MAX);
    let (mut by_receipt, mut late, mut by_other_records) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for row in round.rows.clone() {
        let (sender, receiver) = (events.sender[row], events.receiver[row]);
        match events.kind[row] {
            Kind::Received if events.received_ns[row] > latest_ns => late.insert(receiver),
            Kind::Received => by_receipt.insert(receiver),
            Kind::Duplicate => by_other_records.insert(receiver),
            Kind::Initiate | Kind::Failed => false,
        };
        by_other_records.insert(sender);
    }
    late.retain(|node| !by_receipt.contains(node));
    by_other_records.retain(|node| !by_receipt.contains(node) && !late.contains(node));
    Receivers { by_receipt, late, by_other_records }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};
    use crate::rounds::Rounds;

    #[test]
    fn a_node_that_only_forwards_or_logs_a_duplicate_was_reached() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2),
            Row::received("c", "d", 3, 4),
            Row::duplicate("b", "e", 3, 5),
        ];
        let events = events(&rows);
        let found = list_receivers(&Rounds::of(&events).lay_out_all().get(0), None);
        assert_eq!(found.by_receipt, BTreeSet::from([1, 3]));
        assert_eq!(found.by_other_records, BTreeSet::from([0, 2, 4]));
    }
}
