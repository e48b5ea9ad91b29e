//! What the driver counted and timed against what records say, and against itself.

use std::collections::BTreeSet;

use cnsim::manifest::{Backend, Manifest, RoundOutcome, RunOutcome};
use cnsim::pace::Pace;

use super::super::rounds_words::list_rounds;
use super::super::scope::AuditedRound;

/// What a driver may need to have a round begun, and what its clock and the nodes' may drift apart in it.
const START_SLACK_MS: f64 = 250.0;

/// Every contradiction, in words. Only a run that nothing befell has numbers that must agree: a copy that was given up may still
/// arrive in a later round, and a process that was started again counts anew.
pub(super) fn contradictions(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Vec<String> {
    let is_undisturbed = manifest.outcome == RunOutcome::Complete
        && manifest.incidents.is_empty()
        && manifest.backend.processes().resumed_with.is_empty()
        && manifest.rounds.iter().all(|round| matches!(round.outcome, RoundOutcome::Quiescent | RoundOutcome::Horizon));
    let mut words: Vec<String> = [longer_rounds(manifest, rounds)].into_iter().flatten().collect();
    if is_undisturbed {
        let found = [other_rounds(manifest), other_events(manifest), other_counts(manifest, rounds)];
        words.extend(found.into_iter().flatten());
    }
    words
}

/// Round numbers that are not those from the warm-up round to the last that was asked for, each once.
fn other_rounds(manifest: &Manifest) -> Option<String> {
    let asked: BTreeSet<u32> = (0..=manifest.options.last_round()).collect();
    let driven: BTreeSet<u32> = manifest.rounds.iter().map(|round| round.round).collect();
    let (asked_for, listed) = (asked.len(), manifest.rounds.len());
    (asked != driven || listed != driven.len())
        .then(|| format!("a manifest that asks for {asked_for} rounds, warm-up included, and lists {listed}"))
}

fn other_events(manifest: &Manifest) -> Option<String> {
    let deliveries = u64::from(manifest.options.nodes).saturating_sub(1);
    let expected = deliveries * manifest.rounds.len() as u64;
    let found = manifest.expected_events;
    (found != expected).then(|| format!("{found} expected events where its rounds make {expected}"))
}

/// Rounds of which the driver counted other deliveries, or other failed sends. Deliveries without a receipt are found as missing.
/// A copy that was given up may still arrive, so that a run with failed sends is not looked at; but a round that ended at the
/// horizon had reached every node then, and whatever failed by then has a record.
fn other_counts(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let has_failed = rounds.iter().any(|round| round.metrics.failed > 0);
    let is_other = |round: &&&AuditedRound<'_>| {
        let metrics = round.metrics;
        let Some(driven) = manifest.rounds.iter().find(|driven| driven.round == round.round) else { return false };
        let is_missing = metrics.delivered < metrics.expected;
        let has_other = driven.delivered != round.recorded_deliveries() && !is_missing;
        match driven.outcome {
            RoundOutcome::Horizon => has_other || driven.failed > metrics.failed,
            // Nobody has counted the deliveries of one.
            RoundOutcome::Open => false,
            RoundOutcome::Quiescent | RoundOutcome::TimedOut | RoundOutcome::Interrupted | RoundOutcome::Disturbed => {
                !has_failed && (has_other || driven.failed > 0)
            }
        }
    };
    let other: Vec<u32> = rounds.iter().filter(is_other).map(|round| round.round).collect();
    (!other.is_empty())
        .then(|| format!("other deliveries or failed sends than the driver counted in {}", list_rounds(&other)))
}

/// Rounds that took longer than until the next one began, on one machine.
fn longer_rounds(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let was_set = manifest.rounds.iter().any(|round| round.clock_steps > 0);
    // Rounds of an open loop do not wait for each other.
    let is_open = manifest.options.every != Pace::Closed;
    if was_set || is_open || !matches!(manifest.backend, Backend::Local(_)) {
        return None;
    }
    let is_longer = |pair: &&[&AuditedRound<'_>]| {
        let driven = manifest.rounds.iter().find(|driven| driven.round == pair[0].round);
        let began = pair[0].metrics.initiate_ns.zip(pair[1].metrics.initiate_ns);
        driven.zip(began).is_some_and(|(driven, (began_ns, next_ns))| {
            driven.driver_ms > next_ns.saturating_sub(began_ns) as f64 / 1e6 + START_SLACK_MS
        })
    };
    let longer: Vec<u32> = rounds.windows(2).filter(is_longer).map(|pair| pair[0].round).collect();
    (!longer.is_empty()).then(|| format!("{} that took longer than until the next one began", list_rounds(&longer)))
}
