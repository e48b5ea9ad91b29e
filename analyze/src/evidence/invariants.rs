//! Invariants of the protocol that a round's records break by themselves.

use cnsim::event::Kind;
use cnsim::invariant::{Arrival, Verdict, Violation, acyclic_tree, hop_follows_parent, one_first_receipt};

use crate::rounds::Round;

/// An invariant that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokenInvariant {
    /// How often it is broken.
    pub(crate) count: u64,
    /// Which it is, and how it is broken first.
    pub(crate) example: Violation,
}

impl BrokenInvariant {
    /// What a verdict says; none where the invariant holds or is not applied.
    pub(crate) fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Holds | Verdict::NotApplied(_) => None,
            Verdict::Broken { count, example } => Some(Self { count, example }),
        }
    }
}

/// The invariants that a round's records break. Without an initiator, whose number it is, only one can be judged.
pub(super) fn find_broken(round: &Round<'_>, initiator: Option<u32>) -> Vec<BrokenInvariant> {
    let arrivals = arrivals(round);
    let mut verdicts = vec![one_first_receipt(&arrivals)];
    if let Some(initiator) = initiator {
        verdicts.push(hop_follows_parent(&arrivals, initiator));
        verdicts.push(acyclic_tree(&arrivals, initiator));
    }
    verdicts.into_iter().filter_map(BrokenInvariant::of).collect()
}

/// The copies that arrived.
fn arrivals(round: &Round<'_>) -> Vec<Arrival> {
    let events = round.events;
    let rows = round.rows.clone();
    rows.filter_map(|row| {
        let duplicate = match events.kind[row] {
            Kind::Received => false,
            Kind::Duplicate => true,
            Kind::Initiate | Kind::Failed => return None,
        };
        let hop = u32::try_from(events.hop[row]).ok();
        Some(Arrival { receiver: events.receiver[row], sender: events.sender[row], hop, duplicate })
    })
    .collect()
}
