//! The numbers that nodes gave their copies over a whole run: one that no record has is that of a record which is gone.

use super::super::scope::{AuditedRound, AuditedRun};
use crate::evidence::{Begins, SendRange, count_left_out};

/// Numbers that are left out, in words. Only rounds of one input have the same names behind the numbers of nodes.
pub(super) fn contradictions(run: &AuditedRun<'_>, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let first = rounds.first().filter(|_| run.is_in_one_input())?;
    let mut ranges: Vec<SendRange> = rounds.iter().flat_map(|round| &round.evidence.send_ranges).copied().collect();
    ranges.sort_unstable();
    let (count, sender) = count_left_out(&ranges, Begins::of(run.manifest()?))?;
    Some(format!("numbers of copies left out ({count}; first: of {})", first.names.node(sender)))
}
