//! Measurements that are counted twice: a run in two conditions or inputs, or under two names.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};
use crate::measure::settings;

/// The findings of all runs.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = shared_run_ids(scope);
    findings.extend(copied_rounds(scope));
    findings
}

/// Run ids that stand in more than one condition, or whose rounds one condition gets twice.
fn shared_run_ids(scope: &Scope<'_>) -> Vec<Finding> {
    let mut runs: BTreeMap<&str, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    for round in &scope.rounds {
        runs.entry(round.run_id).or_default().entry(round.condition).or_default().push(round.round);
    }
    let mut findings = Vec::new();
    for (run_id, conditions) in runs {
        findings.extend(in_several_conditions(run_id, &conditions));
        findings.extend(conditions.iter().filter_map(|(condition, rounds)| given_twice(run_id, condition, rounds)));
    }
    findings
}

fn in_several_conditions(run_id: &str, conditions: &BTreeMap<&str, Vec<u32>>) -> Option<Finding> {
    let count = conditions.len() as u64;
    let names: Vec<&str> = conditions.keys().copied().collect();
    let detail = format!("one run stands for {count} conditions ({}), which it cannot compare", names.join(", "));
    (count > 1).then(|| Finding::everywhere(Check::ReusedRun, Severity::Caution, count, detail).of_run(run_id))
}

fn given_twice(run_id: &str, condition: &str, rounds: &[u32]) -> Option<Finding> {
    let distinct: BTreeSet<u32> = rounds.iter().copied().collect();
    let count = (rounds.len() - distinct.len()) as u64;
    let detail = format!("{count} rounds of this run come from two inputs of its condition");
    (count > 0)
        .then(|| Finding::in_condition(Check::ReusedRun, Severity::Caution, condition, count, detail).of_run(run_id))
}

/// Whether equal times give two runs away. Simulations that draw nothing, or little, are alike by themselves: they are one where they
/// have one seed and one graph and were made alike.
fn are_comparable(one: &AuditedRun<'_>, other: &AuditedRun<'_>) -> bool {
    if !one.is_simulated && !other.is_simulated {
        return true;
    }
    let made = |run: &AuditedRun<'_>| {
        let manifest = run.manifest()?;
        Some((manifest.options.seed, manifest.topology_sha256.clone(), settings::of_manifest(manifest)))
    };
    made(one).is_some_and(|of_one| made(other) == Some(of_one))
}

/// Runs whose rounds are, to the nanosecond, those of a run of another name.
fn copied_rounds(scope: &Scope<'_>) -> Vec<Finding> {
    let mut first: BTreeMap<u64, &AuditedRound<'_>> = BTreeMap::new();
    let mut copies: BTreeMap<(RunKey<'_>, RunKey<'_>), u64> = BTreeMap::new();
    for round in &scope.rounds {
        let original = *first.entry(round.evidence.fingerprint).or_insert(round);
        if original.run_id != round.run_id && are_comparable(scope.run(original), scope.run(round)) {
            let pair = ((round.condition, round.run_id), (original.condition, original.run_id));
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

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

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
}
