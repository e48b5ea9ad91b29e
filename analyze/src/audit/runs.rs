//! Whether runs are what they are taken for: whole, several, and each of them counted once.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::Kind;
use cnsim::manifest::{RoundOutcome, RunOutcome};

use super::view::{Run, RunKey, Survey, View};
use super::{Check, Finding, Severity};
use crate::rounds::Round;

/// The findings of every run and condition.
pub(super) fn findings(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &survey.runs {
        findings.extend(incomplete(*key, run));
        findings.extend(timed_out(survey, *key, run));
    }
    findings.extend(without_scored_rounds(survey));
    findings.extend(single_deployments(survey));
    findings.extend(single_hosts(survey));
    findings.extend(shared_run_ids(survey));
    findings.extend(copied_rounds(survey));
    findings
}

fn incomplete((condition, run_id): RunKey<'_>, run: &Run<'_>) -> Option<Finding> {
    let manifest = run.manifest()?;
    let what = match manifest.outcome {
        RunOutcome::Complete => return None,
        RunOutcome::Running => "was still going, or its driver was killed, when this was written",
        RunOutcome::Interrupted => "was interrupted",
        RunOutcome::Failed => "failed",
    };
    let why = manifest.reason.as_deref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let detail = format!(
        "the run {what}{why} after {} rounds were begun: the statistics stand on fewer rounds than planned",
        manifest.rounds.len()
    );
    Some(Finding::in_condition(Check::IncompleteRun, Severity::Caution, condition, 1, detail).of_run(run_id))
}

fn timed_out(survey: &Survey<'_>, (condition, run_id): RunKey<'_>, run: &Run<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for round in run.manifest().into_iter().flat_map(|manifest| &manifest.rounds) {
        let what = match round.outcome {
            RoundOutcome::Quiescent => continue,
            RoundOutcome::TimedOut => "did not come to rest before --round-timeout",
            RoundOutcome::Interrupted => "was cut off by the end of the run",
            RoundOutcome::Disturbed => "lost a process, or could not ask one how it did",
        };
        let detail = format!("the round {what}: copies may have arrived later, or in the next round's time");
        findings.push(
            Finding::in_condition(Check::IncompleteRun, Severity::Caution, condition, 1, detail)
                .of_run(run_id)
                .of_round(round.round, survey.is_scored(round.round)),
        );
    }
    findings
}

/// Conditions, at each number of nodes, of which every statistic is empty.
fn without_scored_rounds(survey: &Survey<'_>) -> Vec<Finding> {
    let finding = |condition: &str, count: usize, detail: String| {
        Finding::in_condition(Check::NoScoredRounds, Severity::Caution, condition, count as u64, detail)
    };
    let mut findings = Vec::new();
    let mut measured = BTreeSet::new();
    for group in &survey.analysis.groups {
        measured.insert(group.condition.as_str());
        if group.scored().next().is_none() {
            let rounds = group.rounds.len();
            let detail = format!(
                "none of the {rounds} rounds with {} nodes is scored, so every statistic of them is empty: run more \
                 rounds, or lower --warm-up ({}), below which rounds are not scored",
                group.nodes, survey.warm_up,
            );
            findings.push(finding(&group.condition, rounds, detail));
        }
    }
    let conditions: BTreeSet<&str> = survey.inputs.iter().map(|input| input.condition.as_str()).collect();
    let empty = conditions.difference(&measured);
    findings.extend(empty.map(|name| finding(name, 0, "there is no round in it, so there is no statistic".to_owned())));
    findings
}

/// Conditions in which a number of nodes was measured in one deployment only.
fn single_deployments(survey: &Survey<'_>) -> Vec<Finding> {
    let mut alone: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in &survey.analysis.groups {
        let runs: BTreeSet<&str> = group.rounds.iter().map(|round| round.run_id.as_str()).collect();
        if runs.len() == 1 {
            alone.entry(&group.condition).or_default().push(group.nodes.to_string());
        }
    }
    let of_condition = |(condition, nodes): (&str, Vec<String>)| {
        let detail = format!(
            "one deployment stands for {} nodes: intervals show how rounds differ inside it, not how deployments do, so \
             they do not bear a comparison of conditions",
            nodes.join(", ")
        );
        Finding::in_condition(Check::SingleDeployment, Severity::Info, condition, nodes.len() as u64, detail)
    };
    alone.into_iter().map(of_condition).collect()
}

/// Conditions with runs whose nodes shared one machine.
fn single_hosts(survey: &Survey<'_>) -> Vec<Finding> {
    let mut alone: BTreeMap<&str, u64> = BTreeMap::new();
    for ((condition, _), run) in &survey.runs {
        if one_host(survey, run) {
            *alone.entry(condition).or_default() += 1;
        }
    }
    let of_condition = |(condition, runs): (&str, u64)| {
        let detail = format!(
            "all nodes of a run shared one machine (runs: {runs}): the times hold no network between machines, and nodes \
             compete for the same processors"
        );
        Finding::in_condition(Check::SingleHostTiming, Severity::Info, condition, runs, detail)
    };
    alone.into_iter().map(of_condition).collect()
}

fn one_host(survey: &Survey<'_>, run: &Run<'_>) -> bool {
    let hosts = run.views.iter().map(|view| &survey.views[*view]);
    let mut hosts = hosts.map(|view| view.evidence.host.map(|host| view.names.hosts.text(host)));
    match hosts.next().flatten() {
        Some(first) => !first.is_empty() && hosts.all(|host| host == Some(first)),
        None => false,
    }
}

/// The host that all records of a round name, by number.
pub(super) fn only_host(round: &Round<'_>) -> Option<u32> {
    let mut hosts = round.rows.iter().map(|row| round.events.host[*row as usize]);
    let first = hosts.next()?;
    hosts.all(|host| host == first).then_some(first)
}

/// Run ids that stand in more than one condition, or whose rounds one condition gets twice.
fn shared_run_ids(survey: &Survey<'_>) -> Vec<Finding> {
    let mut places: BTreeMap<&str, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    for view in &survey.views {
        let rounds = places.entry(view.run_id).or_default().entry(view.condition).or_default();
        rounds.push(view.round);
    }
    let mut findings = Vec::new();
    for (run_id, conditions) in places {
        if conditions.len() > 1 {
            let names: Vec<&str> = conditions.keys().copied().collect();
            let count = conditions.len() as u64;
            let detail =
                format!("one run stands for {count} conditions ({}), which it cannot compare", names.join(", "));
            findings.push(Finding {
                condition: None,
                ..Finding::in_condition(Check::ReusedRun, Severity::Caution, "", count, detail).of_run(run_id)
            });
        }
        for (condition, rounds) in conditions {
            let distinct: BTreeSet<u32> = rounds.iter().copied().collect();
            let count = (rounds.len() - distinct.len()) as u64;
            let detail = format!("{count} rounds of this run come from two inputs of its condition");
            if count > 0 {
                let finding = Finding::in_condition(Check::ReusedRun, Severity::Caution, condition, count, detail);
                findings.push(finding.of_run(run_id));
            }
        }
    }
    findings
}

/// Runs whose rounds are, to the nanosecond, those of a run of another name.
fn copied_rounds(survey: &Survey<'_>) -> Vec<Finding> {
    let mut first: BTreeMap<u64, &View<'_>> = BTreeMap::new();
    let mut copies: BTreeMap<(RunKey<'_>, RunKey<'_>), u64> = BTreeMap::new();
    for view in &survey.views {
        let original = *first.entry(view.evidence.fingerprint).or_insert(view);
        if original.run_id != view.run_id {
            let pair = ((view.condition, view.run_id), (original.condition, original.run_id));
            *copies.entry(pair).or_default() += 1;
        }
    }
    let of_pair = |(((condition, run_id), (other_condition, other_run)), count): ((RunKey<'_>, RunKey<'_>), u64)| {
        let detail = format!(
            "{count} of its rounds are to the nanosecond rounds of {other_run} in {other_condition}: one measurement \
             under two names counts twice"
        );
        Finding::in_condition(Check::ReusedRun, Severity::Caution, condition, count, detail).of_run(run_id)
    };
    copies.into_iter().map(of_pair).collect()
}

/// A number that two rounds share only if their records agree in kind and times, in whatever order they stand.
pub(super) fn fingerprint(round: &Round<'_>) -> u64 {
    let events = round.events;
    let rows = round.rows.iter().map(|row| *row as usize);
    rows.fold(0, |sum: u64, row| {
        let kind = Kind::ALL.iter().position(|kind| *kind == events.kind[row]).expect("ALL holds every kind") as u64;
        sum.wrapping_add(mix(mix(events.received_ns[row] as u64 ^ kind) ^ events.latency_ns[row] as u64))
    })
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit of `x`.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::fixture::{Fixture, audit_after_warm_up, audit_all, only};
    use super::*;

    #[test]
    fn three_whole_runs_of_one_condition_on_many_machines_find_nothing() {
        let one = Fixture::flood().on_hosts();
        let two = Fixture::flood().on_hosts().named("run-b").shifted(7_000_000_000);
        let three = Fixture::flood().on_hosts().named("run-c").shifted(21_000_000_000);
        let quality = audit_all(vec![one, two, three]);
        assert_eq!(quality.findings, vec![]);
        assert_eq!(quality.verdict, Verdict::Sound);
    }

    #[test]
    fn one_deployment_and_one_machine_are_said() {
        let quality = Fixture::flood().audit();
        assert_eq!(only(&quality, Check::SingleDeployment).len(), 1);
        assert_eq!(only(&quality, Check::SingleHostTiming).len(), 1);
        assert_eq!(quality.verdict, Verdict::Sound);
        let unknown = Fixture::csv_of_flood().audit();
        assert_eq!(only(&unknown, Check::SingleHostTiming), vec![], "hosts are not on record");
    }

    #[test]
    fn a_run_under_two_conditions_is_found_once() {
        let quality = audit_all(vec![Fixture::flood(), Fixture::flood().labelled("other")]);
        let found = only(&quality, Check::ReusedRun);
        assert_eq!((found.len(), found[0].count, found[0].condition.as_deref()), (1, 2, None));
        assert_eq!(quality.verdict, Verdict::Caution);
    }

    #[test]
    fn a_run_given_twice_under_one_condition_is_found() {
        let found = only(&audit_all(vec![Fixture::flood(), Fixture::flood()]), Check::ReusedRun);
        assert_eq!((found.len(), found[0].count), (1, 3));
    }

    #[test]
    fn a_copy_under_another_name_is_found() {
        let quality = audit_all(vec![Fixture::flood(), Fixture::flood().named("run-b")]);
        let found = only(&quality, Check::ReusedRun);
        assert_eq!((found.len(), found[0].count, found[0].run_id.as_deref()), (1, 3, Some("run-b")));
    }

    #[test]
    fn a_report_without_a_scored_round_is_not_sound() {
        let quality = audit_after_warm_up(vec![Fixture::flood()], 9);
        let found = only(&quality, Check::NoScoredRounds);
        assert_eq!((found.len(), found[0].count, quality.verdict), (1, 3, Verdict::Caution));
        assert!(found[0].detail.contains("none of the 3 rounds with 4 nodes is scored"), "{}", found[0].detail);
        let one_scored = audit_after_warm_up(vec![Fixture::flood()], 2);
        assert_eq!((only(&one_scored, Check::NoScoredRounds), one_scored.verdict), (vec![], Verdict::Sound));
    }

    #[test]
    fn a_run_that_ended_before_its_first_round_is_not_sound() {
        let mut fixture = Fixture::flood();
        fixture.rows.clear();
        fixture.manifest().rounds.clear();
        fixture.manifest().last_seqs.clear();
        let quality = fixture.audit();
        assert_eq!(only(&quality, Check::NoScoredRounds).len(), 1);
        assert_eq!(quality.verdict, Verdict::Caution);
    }

    #[test]
    fn a_run_that_was_cut_off_and_a_round_that_timed_out_are_found() {
        let mut fixture = Fixture::flood();
        fixture.manifest().outcome = RunOutcome::Interrupted;
        fixture.manifest_round(2).outcome = RoundOutcome::TimedOut;
        let found = only(&fixture.audit(), Check::IncompleteRun);
        assert_eq!(found.iter().map(|finding| finding.round).collect::<Vec<_>>(), [None, Some(2)]);
        assert_eq!(only(&Fixture::flood().audit(), Check::IncompleteRun), vec![]);
    }
}
