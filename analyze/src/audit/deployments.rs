//! Conditions that stand on one deployment, and deployments on one machine.

use std::collections::BTreeMap;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, Scope};
use crate::measure::Group;

/// The findings of every condition.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = single_deployments(scope);
    findings.extend(runs_of_one_round(scope));
    findings.extend(single_hosts(scope));
    findings
}

/// Conditions whose runs have one round each.
fn runs_of_one_round(scope: &Scope<'_>) -> Vec<Finding> {
    let groups = scope.analysis.groups.iter().filter(|group| group.has_runs_of_one_round());
    let finding = |group: &Group| {
        let runs = group.rounds.len();
        let detail = format!(
            "with {} nodes {runs} runs have one round each and no manifest: they are taken for the rounds of one deployment, for which \
             the intervals hold; give runs their manifests where each was a deployment of its own",
            group.nodes
        );
        Finding::in_condition(Check::RunsOfOneRound, Severity::Caution, &group.condition, runs as u64, detail)
    };
    groups.map(finding).collect()
}

/// Conditions in which a number of nodes was measured in one deployment only.
fn single_deployments(scope: &Scope<'_>) -> Vec<Finding> {
    let mut alone: BTreeMap<(&str, bool), Vec<String>> = BTreeMap::new();
    for group in &scope.analysis.groups {
        if group.deployments().len() == 1 && !group.has_runs_of_one_round() {
            alone.entry((&group.condition, group.is_one_simulation())).or_default().push(group.nodes.to_string());
        }
    }
    let of_condition = |((condition, is_simulated), nodes): ((&str, bool), Vec<String>)| {
        let follows = if is_simulated {
            "one simulated run stands for {} nodes: rounds on one graph are repeats of nothing but initiator and draw, so no interval is \
             known; --repeats gives a condition several runs"
        } else {
            "one deployment stands for {} nodes: intervals show how rounds differ inside it, not how deployments do, so \
             they do not bear a comparison of conditions"
        };
        let detail = follows.replace("{}", &nodes.join(", "));
        Finding::in_condition(Check::SingleDeployment, Severity::Info, condition, nodes.len() as u64, detail)
    };
    alone.into_iter().map(of_condition).collect()
}

/// Conditions with runs whose nodes shared one machine.
fn single_hosts(scope: &Scope<'_>) -> Vec<Finding> {
    let mut alone: BTreeMap<&str, u64> = BTreeMap::new();
    for ((condition, _), run) in &scope.runs {
        if !run.is_simulated && is_on_one_host(scope, run) {
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

/// Whether every record of a run names one host, and the same; an empty name is none.
fn is_on_one_host<'a>(scope: &Scope<'a>, run: &AuditedRun<'a>) -> bool {
    let mut hosts = scope.rounds_of(run).map(|round| round.evidence.host.map(|host| round.names.host(host)));
    match hosts.next().flatten() {
        Some(first) => !first.is_empty() && hosts.all(|host| host == Some(first)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    #[test]
    fn three_whole_runs_of_one_condition_on_many_machines_find_nothing() {
        let one = Fixture::flood().on_hosts();
        let two = Fixture::flood().on_hosts().named("run-b").shifted(7_000_000_000);
        let three = Fixture::flood().on_hosts().named("run-c").shifted(21_000_000_000);
        let quality = audit_all(vec![one, two, three]);
        // One node begins every round and nobody sends to it: of its machine's clock nothing is known.
        let others = quality.findings.iter().filter(|finding| finding.check != Check::ClockOffset);
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&Finding>::new());
    }

    #[test]
    fn runs_of_one_round_are_the_rounds_of_one_deployment() {
        let run = |number: u64| Fixture::direct_mail_of(13, 1, number).in_round(1).named(&format!("run-{number}"));
        let quality = audit_all((1..5).map(run).collect());
        let found = only(&quality, Check::RunsOfOneRound);
        assert_eq!((found.len(), found[0].count, found[0].severity), (1, 4, Severity::Caution));
        assert_eq!(only(&quality, Check::SingleDeployment), vec![], "more of them would help nothing");
        let with_manifest = |number: u64| run(number).with_manifest("direct-mail");
        let quality = audit_all((1..5).map(with_manifest).collect());
        assert_eq!(only(&quality, Check::RunsOfOneRound), vec![]);
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
}
