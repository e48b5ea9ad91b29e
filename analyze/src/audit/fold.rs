//! One finding in the place of the same in round after round.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Check, Finding, Severity};

/// The checks that find in every round of a run what they find in one.
const OF_EVERY_ROUND: [Check; 3] = [Check::HostOverload, Check::MissingDeliveries, Check::FailedSends];

/// How many rounds a sentence lists.
const ROUNDS_SHOWN: usize = 5;

/// Folds findings of these checks: one for each condition and severity, those of warm-up rounds for themselves.
pub(super) fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let (of_rounds, mut folded): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| OF_EVERY_ROUND.contains(&finding.check) && finding.round.is_some());
    let mut alike: BTreeMap<(Check, Option<String>, Severity, bool), Vec<Finding>> = BTreeMap::new();
    for finding in of_rounds {
        let key = (finding.check, finding.condition.clone(), finding.severity, finding.counts);
        alike.entry(key).or_default().push(finding);
    }
    folded.extend(alike.into_values().map(join));
    folded
}

/// Several findings as one; a single one stays as it is.
fn join(mut findings: Vec<Finding>) -> Finding {
    findings.sort_by(|a, b| (&a.run_id, a.round).cmp(&(&b.run_id, b.round)));
    let (rounds, count) = (findings.len(), findings.iter().map(|finding| finding.count).sum());
    let runs: BTreeSet<Option<String>> = findings.iter().map(|finding| finding.run_id.clone()).collect();
    let shown: Vec<String> =
        findings.iter().take(ROUNDS_SHOWN).filter_map(|finding| finding.round).map(|round| round.to_string()).collect();
    let more = if rounds > ROUNDS_SHOWN { ", …" } else { "" };
    let first = findings.swap_remove(0);
    if rounds == 1 {
        return first;
    }
    let of_runs = if runs.len() > 1 { format!(" of {} runs", runs.len()) } else { String::new() };
    let detail = format!("in {rounds} rounds{of_runs} ({}{more}); the first: {}", shown.join(", "), first.detail);
    let run_id = if runs.len() == 1 { first.run_id } else { None };
    Finding { run_id, round: None, count, detail, ..first }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, audit_after_warm_up, only};
    use super::*;

    #[test]
    fn what_every_round_has_is_told_once_with_its_rounds() {
        let mut fixture = Fixture::flood();
        for round in 0..3 {
            fixture.fail("n1", "n2", round);
        }
        let found = only(&audit_after_warm_up(vec![fixture], 1), Check::FailedSends);
        let counted: Vec<_> = found.iter().map(|found| (found.round, found.count, found.counts)).collect();
        assert_eq!(counted, [(None, 2, true), (Some(0), 1, false)]);
        assert!(found[0].detail.starts_with("in 2 rounds (1, 2); the first: 1 sends ended"), "{}", found[0].detail);
        assert_eq!(found[0].run_id.as_deref(), Some(Fixture::RUN));
    }
}
