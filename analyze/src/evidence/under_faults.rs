//! What the faults of a round explain: copies that failed, and receipts of nodes that had lost what they held.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::Kind;
use cnsim_records::columns::UNKNOWN_NS;

use crate::measure::scenario::RoundScenario;
use crate::rounds::Round;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Explained {
    /// Failed copies that, or whose acknowledgments, a fault may have stopped.
    pub(crate) stopped: u64,
    /// Receipts of nodes that had held the message before, and lost it.
    pub(crate) received_again: u64,
    /// The rows of these receipts.
    pub(super) rows: BTreeSet<usize>,
    /// The nodes that wrote them.
    pub(super) restarted: BTreeSet<u32>,
}

/// What a round's faults explain; nothing where it had none.
pub(super) fn find_explained(
    round: &Round<'_>,
    initiator: Option<u32>,
    scenario: Option<&RoundScenario<'_>>,
) -> Explained {
    let Some(scenario) = scenario else { return Explained::default() };
    let events = round.events;
    let mut found = Explained::default();
    let mut receipts: BTreeMap<u32, Vec<(i64, usize)>> = BTreeMap::new();
    for row in round.rows.clone() {
        let (from, to, ended_ns) = (events.sender[row], events.receiver[row], events.received_ns[row]);
        match events.kind[row] {
            Kind::Failed => {
                let sent_ns = Some(events.sent_ns[row]).filter(|at| *at != UNKNOWN_NS).unwrap_or(ended_ns);
                found.stopped += u64::from(scenario.stopped_by((from, to), (sent_ns, ended_ns)).is_some());
            }
            Kind::Received => receipts.entry(to).or_default().push((ended_ns, row)),
            // Who begins a message holds it from then on.
            Kind::Initiate if Some(to) == initiator => receipts.entry(to).or_default().push((ended_ns, row)),
            Kind::Initiate | Kind::Duplicate => {}
        }
    }
    for (node, mut receipts) in receipts {
        receipts.sort_unstable();
        for pair in receipts.windows(2) {
            if scenario.loses_between(node, (pair[0].0, pair[1].0)) {
                found.received_again += 1;
                found.rows.insert(pair[1].1);
                found.restarted.insert(node);
            }
        }
    }
    found
}
