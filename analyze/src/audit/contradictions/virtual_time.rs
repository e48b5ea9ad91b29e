//! When rounds of a simulation begin: each a fixed time after the one before it has ended, and the first with virtual time.

use cnsim::manifest::{Backend, Manifest, RunOutcome, VIRTUAL_EPOCH_NS, VIRTUAL_GAP_NS};

use super::super::rounds_words::list_rounds;
use super::super::scope::AuditedRound;
use crate::evidence::draws_as_here;

/// What milliseconds in a manifest may be wrong by in their last digit.
const WRITTEN_NS: i64 = 1;

/// Rounds that begin at another time, in words.
pub(super) fn contradictions(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let is_judged = matches!(manifest.backend, Backend::Sim(_))
        && manifest.outcome == RunOutcome::Complete
        && manifest.options.open_loop().is_none()
        && draws_as_here(manifest);
    if !is_judged {
        return None;
    }
    let pause_ns = i64::try_from(manifest.options.pause_ms).unwrap_or(0).saturating_mul(1_000_000);
    let (mut begins_ns, mut other) = (VIRTUAL_EPOCH_NS, Vec::new());
    for driven in &manifest.rounds {
        let found = rounds.iter().find(|round| round.round == driven.round);
        let begun_ns = found.and_then(|round| round.metrics.initiate_ns);
        if begun_ns.is_some_and(|begun_ns| begun_ns.abs_diff(begins_ns) > WRITTEN_NS.unsigned_abs()) {
            other.push(driven.round);
        }
        // One that begins late puts off those behind it, which are in order.
        let lasted_ns = (driven.driver_ms * 1e6).round() as i64;
        begins_ns = begun_ns.unwrap_or(begins_ns) + lasted_ns + VIRTUAL_GAP_NS + pause_ns;
    }
    (!other.is_empty()).then(|| format!("{} that does not begin when the one before has ended", list_rounds(&other)))
}
