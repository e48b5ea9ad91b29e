//! Invariants of the protocol that a round's records break by themselves.

use cnsim::event::Kind;
use cnsim::invariant::{Arrival, Verdict, Violation, acyclic_tree, hop_follows_parent, one_first_receipt};

use super::under_faults::Explained;
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

/// The invariants that a round's records break, but for what faults explain. Without an initiator, whose number it is, only one can
/// be judged. A node that lost what it held has several parents and hops, so that there is no tree, and copies from it tell of no hop.
pub(super) fn find_broken(round: &Round<'_>, initiator: Option<u32>, explained: &Explained) -> Vec<BrokenInvariant> {
    let mut arrivals = arrivals(round, explained);
    let mut verdicts = vec![one_first_receipt(&arrivals)];
    if let Some(initiator) = initiator {
        arrivals.retain(|arrival| !explained.restarted.contains(&arrival.sender));
        verdicts.push(hop_follows_parent(&arrivals, initiator));
        verdicts.extend(explained.restarted.is_empty().then(|| acyclic_tree(&arrivals, initiator)));
    }
    verdicts.into_iter().filter_map(BrokenInvariant::of).collect()
}

/// The copies that arrived, but for those that came to a node anew.
fn arrivals(round: &Round<'_>, explained: &Explained) -> Vec<Arrival> {
    let events = round.events;
    let rows = round.rows.clone().filter(|row| !explained.rows.contains(row));
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
