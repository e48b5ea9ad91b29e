//! Whether records say what their run's manifest says: where they do not, one of the two belongs to another run.

use std::collections::BTreeSet;

use cnsim::manifest::{Manifest, RunOutcome};

use super::view::{Run, RunKey, Survey, View};
use super::{Check, Finding, Severity};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// One finding for each run that contradicts its manifest, and one for each input with records of runs without one beside
/// a manifest.
pub(super) fn findings(survey: &Survey<'_>) -> Vec<Finding> {
    let of_runs = survey.runs.iter().filter_map(|(key, run)| contradicted(survey, *key, run));
    of_runs.chain(strangers(survey)).collect()
}

fn contradicted(survey: &Survey<'_>, (condition, run_id): RunKey<'_>, run: &Run<'_>) -> Option<Finding> {
    let manifest = run.manifest()?;
    let views: Vec<&View<'_>> = run.views.iter().map(|view| &survey.views[*view]).collect();
    let told =
        [nodes(manifest, &views), initiators(manifest, &views), protocol(manifest, run), unknown(manifest, &views)];
    let told: Vec<String> = told.into_iter().flatten().collect();
    let detail = format!(
        "its records contradict its manifest: {}; so one of the two belongs to another run, or was changed",
        told.join(", ")
    );
    (!told.is_empty()).then(|| finding(condition, told.len(), detail).of_run(run_id))
}

fn finding(condition: &str, count: usize, detail: String) -> Finding {
    Finding::in_condition(Check::ManifestContradicted, Severity::Unsound, condition, count as u64, detail)
}

fn nodes(manifest: &Manifest, views: &[&View<'_>]) -> Option<String> {
    let expected = manifest.options.nodes;
    let others: BTreeSet<u32> = views.iter().map(|view| view.metrics.expected.saturating_add(1)).collect();
    let others: Vec<String> =
        others.into_iter().filter(|nodes| *nodes != expected).map(|nodes| nodes.to_string()).collect();
    (!others.is_empty()).then(|| format!("{} nodes, not {expected}", others.join(" or ")))
}

fn initiators(manifest: &Manifest, views: &[&View<'_>]) -> Option<String> {
    let other = |view: &&&View<'_>| {
        let driven = manifest.rounds.iter().find(|round| round.round == view.round);
        let recorded = view.metrics.initiator.as_deref();
        driven.zip(recorded).is_some_and(|(driven, recorded)| driven.initiator != recorded)
    };
    let rounds: Vec<u32> = views.iter().filter(other).map(|view| view.round).collect();
    (!rounds.is_empty()).then(|| format!("another initiator in {}", in_rounds(&rounds)))
}

fn protocol(manifest: &Manifest, run: &Run<'_>) -> Option<String> {
    let (expected, recorded) = (manifest.options.protocol, run.recorded_protocol()?);
    (recorded.parse() != Ok(expected)).then(|| format!("protocol {recorded}, not {expected}"))
}

/// Rounds that a complete run did not drive.
fn unknown(manifest: &Manifest, views: &[&View<'_>]) -> Option<String> {
    let driven: BTreeSet<u32> = manifest.rounds.iter().map(|round| round.round).collect();
    let rounds: Vec<u32> = views.iter().map(|view| view.round).filter(|round| !driven.contains(round)).collect();
    let is_whole = manifest.outcome == RunOutcome::Complete;
    (is_whole && !rounds.is_empty()).then(|| format!("{} that it does not have", in_rounds(&rounds)))
}

fn in_rounds(rounds: &[u32]) -> String {
    let shown: Vec<String> = rounds.iter().take(NAMES_SHOWN).map(u32::to_string).collect();
    let more = if rounds.len() > NAMES_SHOWN { ", …" } else { "" };
    let word = if rounds.len() == 1 { "round" } else { "rounds" };
    format!("{word} {}{more}", shown.join(", "))
}

/// Runs whose records stand in a run folder that is another's.
fn strangers(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (about, evidence) in survey.inputs.iter().zip(&survey.evidence.inputs) {
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

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    fn told(fixture: &Fixture) -> Vec<String> {
        only(&fixture.audit(), Check::ManifestContradicted).into_iter().map(|finding| finding.detail).collect()
    }

    #[test]
    fn records_that_agree_with_their_manifest_find_nothing() {
        assert_eq!(told(&Fixture::flood()), Vec::<String>::new());
    }

    #[test]
    fn every_contradiction_of_a_run_is_told_in_one_finding() {
        let mut fixture = Fixture::flood();
        fixture.manifest().options.nodes = 5;
        fixture.manifest_round(1).initiator = "n3".to_owned();
        fixture.manifest().rounds.retain(|round| round.round != 2);
        let told = told(&fixture);
        assert_eq!(told.len(), 1);
        for part in ["4 nodes, not 5", "another initiator in round 1", "round 2 that it does not have"] {
            assert!(told[0].contains(part), "{}", told[0]);
        }
    }

    #[test]
    fn a_run_that_was_cut_off_may_have_a_round_that_nobody_wrote_down() {
        let mut fixture = Fixture::flood();
        fixture.manifest().rounds.retain(|round| round.round != 2);
        fixture.manifest().outcome = RunOutcome::Running;
        assert_eq!(told(&fixture), Vec::<String>::new());
    }

    #[test]
    fn records_of_another_run_in_a_folder_are_told() {
        let mut fixture = Fixture::flood();
        fixture.manifest().run_id = "other-run".to_owned();
        let other = fixture.in_folder_of("other-run");
        assert!(
            told(&other)[0].contains("the folder of run other-run holds records of another run"),
            "{:?}",
            told(&other)
        );
    }
}
