//! How long a round lasted.

use cnsim::manifest::Manifest;

use crate::rounds::Round;

/// As its driver saw it; where no manifest tells, from `initiate` to its last record. None where nobody knows when it began, and in an
/// open loop, where only the run ends.
pub(super) fn lasts_ns(manifest: Option<&Manifest>, round: &Round<'_>, initiate_ns: Option<i64>) -> Option<i64> {
    let driven = manifest.and_then(|manifest| manifest.rounds.iter().find(|driven| driven.round == round.round));
    if let Some(driven) = driven {
        return Some((driven.driver_ms * 1e6).round() as i64);
    }
    let last = round.rows.clone().map(|row| round.events.received_ns[row]).max()?;
    Some(last.saturating_sub(initiate_ns?))
}
