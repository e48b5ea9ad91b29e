//! Whether records say what their run's manifest says: where they do not, one of the two belongs to another run.

use std::collections::BTreeSet;

use chrono::DateTime;
use cnsim::manifest::{Backend, Manifest, RunOutcome};
use cnsim::protocol::ProtocolSpec;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// What records of a run on one machine may lie outside the times between which its driver says that it went on.
const RUN_SLACK_NS: i64 = 2_000_000_000;

/// One finding for each run that contradicts its manifest, and one for each input with records of runs without one beside
/// a manifest.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let of_runs = scope.runs.iter().filter_map(|(key, run)| contradicted(scope, *key, run));
    of_runs.chain(strangers(scope)).collect()
}

/// One point in which records say something else than their manifest.
enum Contradiction<'a> {
    /// Other numbers of nodes.
    Nodes { recorded: Vec<u32>, expected: u32 },
    /// Rounds that another node began.
    Initiators(Vec<u32>),
    /// Another protocol.
    Protocol { recorded: &'a str, expected: ProtocolSpec },
    /// Rounds that a complete run did not drive.
    UnknownRounds(Vec<u32>),
    /// Rounds whose message began, or reached a node, before the run began or after it had ended.
    OutsideRun(Vec<u32>),
}

fn contradicted<'a>(scope: &Scope<'a>, (condition, run_id): RunKey<'a>, run: &AuditedRun<'a>) -> Option<Finding> {
    let manifest = run.manifest()?;
    let rounds: Vec<&AuditedRound<'_>> = scope.rounds_of(run).collect();
    let found = [
        other_nodes(manifest, &rounds),
        other_initiators(manifest, &rounds),
        other_protocol(manifest, run.recorded_protocol()),
        unknown_rounds(manifest, &rounds),
        outside_run(manifest, &rounds),
    ];
    let words: Vec<String> = found.into_iter().flatten().map(|contradiction| contradiction.describe()).collect();
    let detail = format!(
        "its records contradict its manifest: {}; so one of the two belongs to another run, or was changed",
        words.join(", ")
    );
    (!words.is_empty()).then(|| finding(condition, words.len(), detail).of_run(run_id))
}

fn finding(condition: &str, count: usize, detail: String) -> Finding {
    Finding::in_condition(Check::ManifestContradicted, Severity::Unsound, condition, count as u64, detail)
}

fn other_nodes(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<Contradiction<'static>> {
    let expected = manifest.options.nodes;
    let recorded: BTreeSet<u32> = rounds.iter().map(|round| round.metrics.expected.saturating_add(1)).collect();
    let recorded: Vec<u32> = recorded.into_iter().filter(|nodes| *nodes != expected).collect();
    (!recorded.is_empty()).then_some(Contradiction::Nodes { recorded, expected })
}

fn other_initiators(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<Contradiction<'static>> {
    let is_other = |round: &&&AuditedRound<'_>| {
        let driven = manifest.rounds.iter().find(|driven| driven.round == round.round);
        let recorded = round.metrics.initiator.as_deref();
        driven.zip(recorded).is_some_and(|(driven, recorded)| driven.initiator != recorded)
    };
    let rounds: Vec<u32> = rounds.iter().filter(is_other).map(|round| round.round).collect();
    (!rounds.is_empty()).then_some(Contradiction::Initiators(rounds))
}

fn other_protocol<'a>(manifest: &Manifest, recorded: Option<&'a str>) -> Option<Contradiction<'a>> {
    let (expected, recorded) = (manifest.options.protocol, recorded?);
    (recorded.parse() != Ok(expected)).then_some(Contradiction::Protocol { recorded, expected })
}

/// A run that was cut off may have begun a round that its driver did not live to write down.
fn unknown_rounds(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<Contradiction<'static>> {
    let driven: BTreeSet<u32> = manifest.rounds.iter().map(|round| round.round).collect();
    let rounds: Vec<u32> = rounds.iter().map(|round| round.round).filter(|round| !driven.contains(round)).collect();
    let is_whole = manifest.outcome == RunOutcome::Complete;
    (is_whole && !rounds.is_empty()).then_some(Contradiction::UnknownRounds(rounds))
}

fn outside_run(manifest: &Manifest, rounds: &[&AuditedRound<'_>]) -> Option<Contradiction<'static>> {
    let was_set = manifest.rounds.iter().any(|round| round.clock_steps > 0);
    // A driver's clock that is not the nodes' may be anything: no number uses it.
    if was_set || !matches!(manifest.backend, Backend::Local(_)) {
        return None;
    }
    let started_ns = instant_ns(&manifest.started_at)?.saturating_sub(RUN_SLACK_NS);
    let finished_ns = manifest.finished_at.as_deref().and_then(instant_ns);
    let finished_ns = finished_ns.map(|at_ns| at_ns.saturating_add(RUN_SLACK_NS));
    let is_outside = |at_ns: &i64| *at_ns < started_ns || finished_ns.is_some_and(|finished_ns| *at_ns > finished_ns);
    let has_one = |round: &&&AuditedRound<'_>| {
        let metrics = round.metrics;
        [metrics.initiate_ns.as_ref(), metrics.reached_ns.first(), metrics.reached_ns.last()]
            .into_iter()
            .flatten()
            .any(is_outside)
    };
    let rounds: Vec<u32> = rounds.iter().filter(has_one).map(|round| round.round).collect();
    (!rounds.is_empty()).then_some(Contradiction::OutsideRun(rounds))
}

/// A time of the manifest, ns since the Unix epoch; none where it is no time.
fn instant_ns(time: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(time).ok()?.timestamp_nanos_opt()
}

/// Runs whose records stand in a run folder that is another's.
fn strangers(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (about, evidence) in scope.inputs.iter().zip(&scope.evidence.inputs) {
        let Some(own) = about.runs.keys().next() else { continue };
        let others: Vec<&str> =
            evidence.runs.keys().map(String::as_str).filter(|run_id| !about.runs.contains_key(*run_id)).collect();
        let shown = &others[..others.len().min(NAMES_SHOWN)];
        let detail = format!("the folder of run {own} holds records of another run ({})", shown.join(", "));
        if !others.is_empty() {
            findings.push(finding(&about.condition, others.len(), detail).of_run(own));
        }
    }
    findings
}

impl Contradiction<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Nodes { recorded, expected } => {
                let recorded: Vec<String> = recorded.iter().map(u32::to_string).collect();
                format!("{} nodes, not {expected}", recorded.join(" or "))
            }
            Self::Initiators(rounds) => format!("another initiator in {}", list_rounds(rounds)),
            Self::Protocol { recorded, expected } => format!("protocol {recorded}, not {expected}"),
            Self::UnknownRounds(rounds) => format!("{} that it does not have", list_rounds(rounds)),
            Self::OutsideRun(rounds) => {
                format!("records of {} from before the run began or after it had ended", list_rounds(rounds))
            }
        }
    }
}

fn list_rounds(rounds: &[u32]) -> String {
    let shown: Vec<String> = rounds.iter().take(NAMES_SHOWN).map(u32::to_string).collect();
    let more = if rounds.len() > NAMES_SHOWN { ", …" } else { "" };
    let word = if rounds.len() == 1 { "round" } else { "rounds" };
    format!("{word} {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    fn details(fixture: &Fixture) -> Vec<String> {
        only(&fixture.audit(), Check::ManifestContradicted).into_iter().map(|finding| finding.detail).collect()
    }

    #[test]
    fn records_that_agree_with_their_manifest_find_nothing() {
        assert_eq!(details(&Fixture::flood()), Vec::<String>::new());
    }

    #[test]
    fn every_contradiction_of_a_run_is_told_in_one_finding() {
        let mut fixture = Fixture::flood();
        fixture.manifest().options.nodes = 5;
        fixture.manifest_round(1).initiator = "n3".to_owned();
        fixture.manifest().rounds.retain(|round| round.round != 2);
        let details = details(&fixture);
        assert_eq!(details.len(), 1);
        for part in ["4 nodes, not 5", "another initiator in round 1", "round 2 that it does not have"] {
            assert!(details[0].contains(part), "{}", details[0]);
        }
    }

    #[test]
    fn a_run_that_was_cut_off_may_have_a_round_that_nobody_wrote_down() {
        let mut fixture = Fixture::flood();
        fixture.manifest().rounds.retain(|round| round.round != 2);
        fixture.manifest().outcome = RunOutcome::Running;
        assert_eq!(details(&fixture), Vec::<String>::new());
    }

    #[test]
    fn times_outside_the_run_are_told() {
        let details_of = |seconds: i64| details(&Fixture::flood().shifted(seconds * 1_000_000_000));
        for hours in [-1, 1] {
            let details = details_of(hours * 3600);
            assert!(
                details[0].contains("records of rounds 0, 1, 2 from before the run began or after it"),
                "{details:?}"
            );
        }
        assert_eq!((details_of(-4), details_of(55)), (vec![], vec![]));
        let mut running = Fixture::flood().shifted(3600 * 1_000_000_000);
        running.manifest().finished_at = None;
        assert_eq!(details(&running), Vec::<String>::new(), "nobody knows yet when it ends");
    }

    #[test]
    fn records_of_another_run_in_a_folder_are_told() {
        let mut fixture = Fixture::flood();
        fixture.manifest().run_id = "other-run".to_owned();
        let other = fixture.in_folder_of("other-run");
        assert!(
            details(&other)[0].contains("the folder of run other-run holds records of another run"),
            "{:?}",
            details(&other)
        );
    }
}
