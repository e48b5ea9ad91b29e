//! What records say against what the manifest says of their run.

use std::collections::BTreeSet;

use chrono::DateTime;
use cnsim::link::{Loss, Transport};
use cnsim::manifest::{Backend, Manifest, RunOutcome, VIRTUAL_EPOCH_NS};

use super::super::rounds_words::list_rounds;
use super::super::scope::{AuditedRound, AuditedRun};
use crate::evidence::{Field, is_of_this_build};

/// What records of a run on one machine may lie outside the times between which its driver says that it went on.
const RUN_SLACK_NS: i64 = 2_000_000_000;

/// A run on one machine begins its first round, and ends after its last, within so long.
const IDLE_NS_MAX: i64 = 3600 * 1_000_000_000;

/// So many standard deviations fewer than expected do not come by chance.
const LOSS_DEVIATIONS: f64 = 6.0;

/// The logarithm of a chance that does not come: one in 10^7.
const NEVER_LN: f64 = -16.1;

/// Every contradiction, in words.
pub(super) fn contradictions(manifest: &Manifest, run: &AuditedRun<'_>, rounds: &[&AuditedRound<'_>]) -> Vec<String> {
    let of_rounds = [
        other_nodes(manifest, rounds),
        other_initiators(manifest, rounds),
        other_protocol(manifest, run.recorded_protocol()),
        unknown_rounds(manifest, rounds),
        outside_run(manifest, rounds),
        idle_run(manifest, rounds),
        other_epoch(manifest, rounds),
        too_few_losses(manifest, rounds),
        none_returned(rounds),
    ];
    let of_records = Field::ALL.into_iter().filter_map(|field| other_field(field, manifest, rounds));
    of_rounds.into_iter().flatten().chain(of_records).collect()
}

fn other_nodes(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let expected = manifest.options.nodes;
    let recorded: BTreeSet<u32> = rounds.iter().map(|round| round.metrics.expected.saturating_add(1)).collect();
    let recorded: Vec<String> =
        recorded.into_iter().filter(|nodes| *nodes != expected).map(|nodes| nodes.to_string()).collect();
    (!recorded.is_empty()).then(|| format!("{} nodes, not {expected}", recorded.join(" or ")))
}

/// Rounds that another node began.
fn other_initiators(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let is_other = |round: &&&AuditedRound<'_>| {
        let driven = manifest.rounds.iter().find(|driven| driven.round == round.round);
        let recorded = round.metrics.initiator.as_deref();
        driven.zip(recorded).is_some_and(|(driven, recorded)| driven.initiator != recorded)
    };
    let rounds: Vec<u32> = rounds.iter().filter(is_other).map(|round| round.round).collect();
    (!rounds.is_empty()).then(|| format!("another initiator in {}", list_rounds(&rounds)))
}

fn other_protocol(manifest: &Manifest, recorded: Option<&str>) -> Option<String> {
    let (expected, recorded) = (&manifest.options.protocol, recorded?);
    (recorded.parse().as_ref() != Ok(expected)).then(|| format!("protocol {recorded}, not {expected}"))
}

/// Rounds that a complete run did not drive. One that was cut off may have begun a round that its driver did not live to write
/// down.
fn unknown_rounds(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let driven: BTreeSet<u32> = manifest.rounds.iter().map(|round| round.round).collect();
    let rounds: Vec<u32> = rounds.iter().map(|round| round.round).filter(|round| !driven.contains(round)).collect();
    let is_whole = manifest.outcome == RunOutcome::Complete;
    (is_whole && !rounds.is_empty()).then(|| format!("{} that it does not have", list_rounds(&rounds)))
}

/// Rounds whose message began, or reached a node, before the run began or after it had ended.
fn outside_run(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let (started_ns, finished_ns) = span_ns(manifest)?;
    let started_ns = started_ns.saturating_sub(RUN_SLACK_NS);
    let finished_ns = finished_ns.map(|at_ns| at_ns.saturating_add(RUN_SLACK_NS));
    let is_outside = |at_ns: i64| at_ns < started_ns || finished_ns.is_some_and(|finished_ns| at_ns > finished_ns);
    let has_one = |round: &&&AuditedRound<'_>| times_ns(round).any(is_outside);
    let rounds: Vec<u32> = rounds.iter().filter(has_one).map(|round| round.round).collect();
    (!rounds.is_empty())
        .then(|| format!("records of {} from before the run began or after it had ended", list_rounds(&rounds)))
}

/// A run in which nothing happened for hours before its first record or after its last.
fn idle_run(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let (started_ns, finished_ns) = span_ns(manifest)?;
    let (was_resumed, mut times) =
        (!manifest.backend.processes().resumed_with.is_empty(), rounds.iter().flat_map(|round| times_ns(round)));
    let first_ns = times.next()?;
    let (first_ns, last_ns) = times.fold((first_ns, first_ns), |(first, last), at| (first.min(at), last.max(at)));
    // The last round may have waited for its time-out.
    let waited_ns = i64::try_from(manifest.options.round_timeout_ms).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let is_early = first_ns.saturating_sub(started_ns) > IDLE_NS_MAX;
    let is_late = finished_ns
        .is_some_and(|finished_ns| finished_ns.saturating_sub(last_ns) > waited_ns.saturating_add(IDLE_NS_MAX));
    (!was_resumed && (is_early || is_late))
        .then(|| "no record in its first or last hours, though rounds follow each other".to_owned())
}

/// A simulation whose first message does not begin where virtual time does.
fn other_epoch(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let first_ns = rounds.iter().flat_map(|round| times_ns(round)).min()?;
    let begins = VIRTUAL_EPOCH_NS..=VIRTUAL_EPOCH_NS + IDLE_NS_MAX;
    (matches!(manifest.backend, Backend::Sim(_)) && !begins.contains(&first_ns))
        .then(|| "times that do not begin with virtual time, at the start of 2030".to_owned())
}

/// Many fewer lost copies than the run was asked to lose: each is lost on its own.
fn too_few_losses(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let (loss, share) = (manifest.options.loss, manifest.options.loss.share().get());
    if manifest.options.transport != Transport::Datagram || loss == Loss::NONE {
        return None;
    }
    let lost: u64 = rounds.iter().map(|round| round.metrics.failed).sum();
    // Where not all records are kept nobody knows how many copies there were.
    let sends: u64 = rounds.iter().map(|round| round.metrics.sends).sum::<Option<u64>>()?;
    let (expected, variance) = (share * sends as f64, share * (1.0 - share) * sends as f64);
    ((lost as f64) < expected - LOSS_DEVIATIONS * variance.sqrt())
        .then(|| format!("{lost} of {sends} copies lost where the run was to lose {loss} of them"))
}

/// No copy that went back to whom its sender had heard from, where nodes choose among these too.
fn none_returned(rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let of_rounds = || rounds.iter().filter_map(|round| round.evidence.returned);
    let none_ln: f64 = of_rounds().map(|returned| returned.none_ln).sum();
    let is_none = of_rounds().all(|returned| returned.count == 0);
    (is_none && none_ln < NEVER_LN).then(|| "no copy back to a sender where --back-to-sender sends some".to_owned())
}

/// When a run on one machine began and ended; none elsewhere, where its driver's clock is not the nodes', and where a clock was set.
fn span_ns(manifest: &Manifest) -> Option<(i64, Option<i64>)> {
    let was_set = manifest.rounds.iter().any(|round| round.clock_steps > 0);
    if was_set || !matches!(manifest.backend, Backend::Local(_)) {
        return None;
    }
    Some((instant_ns(&manifest.started_at)?, manifest.finished_at.as_deref().and_then(instant_ns)))
}

/// When a round's message began, and when it reached its first and its last node.
fn times_ns(round: &AuditedRound<'_>) -> impl Iterator<Item = i64> {
    let metrics = round.metrics;
    [metrics.initiate_ns, metrics.reached_ns.first().copied(), metrics.reached_ns.last().copied()].into_iter().flatten()
}

/// A time of the manifest, ns since the Unix epoch; none where it is no time.
fn instant_ns(time: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(time).ok()?.timestamp_nanos_opt()
}

/// Whether another program has drawn what differs: most of it does. None: nothing of it was drawn.
fn is_drawn_otherwise(count: u64, of: Option<u64>) -> bool {
    of.is_some_and(|of| count.saturating_mul(2) >= of)
}

/// One field of single records.
fn other_field(field: Field, manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<String> {
    let found: Vec<_> =
        rounds.iter().filter_map(|round| Some((round.round, round.evidence.contradicted.get(&field)?))).collect();
    let count: u64 = found.iter().map(|(_, contradicted)| contradicted.count).sum();
    let of = found.iter().filter_map(|(_, contradicted)| contradicted.of).reduce(|sum, of| sum + of);
    let is_told = is_of_this_build(manifest) || !is_drawn_otherwise(count, of);
    let (first_round, first) = found.iter().find(|(_, it)| it.count > 0).filter(|_| is_told)?;
    let what = match field {
        Field::Nodes => "another number of nodes",
        Field::Protocol => "another protocol",
        Field::Condition => "another condition",
        Field::Stranger => "nodes that are none of the run's",
        Field::Host => "another host than their node's",
        Field::Process => "another process than their node's",
        Field::Bytes => "a size that its payload does not have",
        Field::Link => "copies between nodes that are no neighbours",
        Field::Down => "copies over links that were down when they were sent",
        Field::Hold => "copies quicker than the link delay",
        Field::Unnamed => "copies without a name",
        Field::Silent => "no host or no hop",
        Field::SendNumber => "numbers of copies left out",
        Field::SendOrder => "copies that left before one with a smaller number",
        Field::Way => "copies on their way for another time than the seed gives",
        Field::Leaving => "copies that left when their sender does not send",
        Field::Targets => "nodes that sent to others than their protocol does",
        Field::DrawnTargets => "nodes that sent to others, or in another order, than the seed gives",
        Field::Period => "copies more or fewer than periods of this length make",
        Field::SeqOrder => "numbers of a process before those of earlier records",
        Field::SeqRound => "numbers that their process used in another round",
    };
    Some(format!("records with {what} ({count}; first: {}, in round {first_round})", first.example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_that_mostly_differ_are_those_of_another_program() {
        assert!(!is_drawn_otherwise(9, None), "every program does the same");
        assert!(!is_drawn_otherwise(4, Some(9)));
        assert!(is_drawn_otherwise(5, Some(9)));
        assert!(is_drawn_otherwise(1, Some(0)), "too few are drawn to tell");
    }
}
