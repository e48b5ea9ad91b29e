//! What nodes counted of their control messages against the period, and against their records.

use cnsim::manifest::{Backend, Manifest, RoundOutcome};

use super::super::rounds_words::list_rounds;
use super::super::scope::AuditedRound;
use crate::evidence::draws_as_here;
use crate::inputs::RunFacts;

/// The first period of a node may come at once, and one after the end that the driver saw.
const PERIODS_MORE: f64 = 2.0;

/// Every contradiction, in words.
pub(super) fn contradictions(facts: &RunFacts, rounds: &[&AuditedRound<'_>]) -> Vec<String> {
    if !draws_as_here(&facts.manifest) || facts.manifest.options.open_loop().is_some() {
        return Vec::new();
    }
    [other_periods(facts, rounds), other_duplicates(facts, rounds)].into_iter().flatten().collect()
}

/// Rounds in which a node called more often, or all nodes together less often, than the period lets them.
fn other_periods(RunFacts { manifest, control, .. }: &RunFacts, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let kind = manifest.options.protocol.protocol().once_a_period()?;
    let control = control.as_ref()?;
    let (period_ms, nodes) = (manifest.options.period.as_ms(), f64::from(manifest.options.nodes));
    let calls_always = manifest.options.faults.is_empty() && manifest.options.motion.is_none();
    let is_other = |round: &&cnsim::manifest::Round| {
        let sent = control.rounds.get(&round.round).and_then(|sent| sent.kinds.get(kind)).copied().unwrap_or_default();
        // Nodes may stop to call when all are reached, though copies are still on their way.
        let spread_ms = spread_ms(rounds, round.round).unwrap_or(0.0);
        // A node without neighbours calls nobody, and so does one that stands still.
        let least = (spread_ms / period_ms - 1.0) * f64::from(sent.senders);
        let is_never_late = calls_always && is_never_late(manifest, round) && f64::from(sent.senders) == nodes;
        // Periods begin anew in a node that lost what it held.
        let counted_ms = counted_ms(manifest, rounds, round).filter(|_| manifest.options.faults.is_empty());
        counted_ms.is_some_and(|ms| sent.node_max as f64 > ms / period_ms + PERIODS_MORE)
            || is_never_late && (sent.messages as f64) < least
    };
    let other: Vec<u32> = manifest.rounds.iter().filter(has_ended).filter(is_other).map(|round| round.round).collect();
    (!other.is_empty()).then(|| {
        format!(
            "{kind} messages more or fewer than a period of {} makes in {}",
            manifest.options.period,
            list_rounds(&other)
        )
    })
}

/// From the begin of a round to its last first receipt.
fn spread_ms(rounds: &[&AuditedRound<'_>], number: u32) -> Option<f64> {
    let metrics = rounds.iter().find(|round| round.round == number)?.metrics;
    let (begun_ns, last_ns) = metrics.initiate_ns.zip(metrics.reached_ns.iter().max().copied())?;
    Some(last_ns.saturating_sub(begun_ns) as f64 / 1e6)
}

/// For how long the calls of a round were counted at most: in virtual time as long as it went on, on one machine from the begin of the
/// round before to that of the next one, for a busy driver may be late to read them. None where nobody knows.
fn counted_ms(manifest: &Manifest, rounds: &[&AuditedRound<'_>], round: &cnsim::manifest::Round) -> Option<f64> {
    let begun = |number: u32| rounds.iter().find(|round| round.round == number)?.metrics.initiate_ns;
    match manifest.backend {
        Backend::Sim(_) => Some(round.driver_ms),
        Backend::Local(_) => {
            let before = manifest.rounds.iter().find(|before| before.round + 1 == round.round)?;
            let next_ns = begun(round.round + 1)?;
            Some(next_ns.saturating_sub(begun(before.round)?) as f64 / 1e6)
        }
        Backend::Kubernetes(_) => None,
    }
}

/// Rounds whose nodes told of more duplicates, or of fewer, than there are.
fn other_duplicates(RunFacts { manifest, control, .. }: &RunFacts, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let kind = manifest.options.protocol.protocol().once_a_duplicate()?;
    let control = control.as_ref()?;
    let is_other = |round: &&&AuditedRound<'_>| {
        let driven = manifest.rounds.iter().find(|driven| driven.round == round.round);
        let came_to_rest = driven.is_some_and(|driven| driven.outcome == RoundOutcome::Quiescent);
        let told =
            control.rounds.get(&round.round).and_then(|sent| sent.kinds.get(kind)).map_or(0, |sent| sent.messages);
        came_to_rest && round.metrics.duplicates.is_some_and(|duplicates| duplicates != told)
    };
    let other: Vec<u32> = rounds.iter().filter(is_other).map(|round| round.round).collect();
    (!other.is_empty()).then(|| format!("duplicates of which nodes did not tell by {kind} in {}", list_rounds(&other)))
}

/// Whether a round ended where its counts were read.
fn has_ended(round: &&cnsim::manifest::Round) -> bool {
    matches!(round.outcome, RoundOutcome::Quiescent | RoundOutcome::Horizon)
}

/// Whether no node can have let a period pass.
fn is_never_late(manifest: &Manifest, round: &cnsim::manifest::Round) -> bool {
    match manifest.backend {
        Backend::Sim(_) => true,
        Backend::Local(_) | Backend::Kubernetes(_) => {
            let busy_ms = round.resources.as_ref().and_then(|resources| resources.cpu_process_max_ms);
            let waited_ms = round.scheduling_delay_ms.zip(busy_ms).map(|(waited, busy)| waited + busy);
            waited_ms.is_some_and(|waited_ms| waited_ms < manifest.options.period.as_ms() / 2.0)
        }
    }
}
