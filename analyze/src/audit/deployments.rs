//! Conditions that stand on one deployment, and deployments on one machine.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, Scope};

/// The findings of every condition.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = single_deployments(scope);
    findings.extend(single_hosts(scope));
    findings
}

/// Conditions in which a number of nodes was measured in one deployment only.
fn single_deployments(scope: &Scope<'_>) -> Vec<Finding> {
    let mut alone: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in &scope.analysis.groups {
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
fn single_hosts(scope: &Scope<'_>) -> Vec<Finding> {
    let mut alone: BTreeMap<&str, u64> = BTreeMap::new();
    for ((condition, _), run) in &scope.runs {
        if is_on_one_host(scope, run) {
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
    fn one_deployment_and_one_machine_are_said() {
        let quality = Fixture::flood().audit();
        assert_eq!(only(&quality, Check::SingleDeployment).len(), 1);
        assert_eq!(only(&quality, Check::SingleHostTiming).len(), 1);
        assert_eq!(quality.verdict, Verdict::Sound);
        let unknown = Fixture::csv_of_flood().audit();
        assert_eq!(only(&unknown, Check::SingleHostTiming), vec![], "hosts are not on record");
    }
}
