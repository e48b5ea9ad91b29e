//! Whether there are rounds enough: any at all, and as many as an interval needs.

use std::collections::BTreeSet;

use super::finding::{Check, Finding, Severity};
use super::scope::Scope;
use crate::measure::Group;
use crate::stats::{LEVEL, median_interval, values_needed};

/// The findings of every condition, at each number of nodes.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = without_scored_rounds(scope);
    findings.extend(scope.analysis.groups.iter().filter_map(too_few_rounds));
    findings
}

/// Conditions, at each number of nodes, of which every statistic is empty.
fn without_scored_rounds(scope: &Scope<'_>) -> Vec<Finding> {
    let finding = |condition: &str, count: usize, detail: String| {
        Finding::in_condition(Check::NoScoredRounds, Severity::Caution, condition, count as u64, detail)
    };
    let mut findings = Vec::new();
    let mut measured = BTreeSet::new();
    for group in &scope.analysis.groups {
        measured.insert(group.condition.as_str());
        if group.scored().next().is_none() {
            let rounds = group.rounds.len();
            let detail = format!(
                "none of the {rounds} rounds with {} nodes is scored, so every statistic of them is empty: run more \
                 rounds, or lower --warm-up ({}), below which rounds are not scored",
                group.nodes, scope.warm_up,
            );
            findings.push(finding(&group.condition, rounds, detail));
        }
    }
    let conditions: BTreeSet<&str> = scope.inputs.iter().map(|input| input.condition.as_str()).collect();
    let empty = conditions.difference(&measured);
    findings.extend(empty.map(|name| finding(name, 0, "there is no round in it, so there is no statistic".to_owned())));
    findings
}

/// A group that is scored, and of which not even the median has an interval.
fn too_few_rounds(group: &Group) -> Option<Finding> {
    let rounds = group.scored().count();
    let detail = format!(
        "{rounds} scored rounds with {} nodes are too few for a 95 % interval of the median, so nothing says how sure it \
         is: {} have one, and a 90th percentile needs {}",
        group.nodes,
        values_needed(0.5, LEVEL),
        values_needed(0.9, LEVEL),
    );
    let is_too_few = rounds > 0 && median_interval(rounds).is_none();
    is_too_few
        .then(|| Finding::in_condition(Check::TooFewRounds, Severity::Info, &group.condition, rounds as u64, detail))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use cnsim::manifest::RunOutcome;

    use super::super::fixture::{Fixture, audit_after_warm_up, only};
    use super::*;

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
        fixture.manifest().outcome = RunOutcome::Interrupted;
        let quality = fixture.audit();
        assert_eq!(only(&quality, Check::NoScoredRounds).len(), 1);
        assert_eq!(quality.verdict, Verdict::Caution);
    }

    #[test]
    fn two_rounds_have_no_interval_and_the_numbers_stand() {
        let quality = Fixture::flood().audit();
        let found = only(&quality, Check::TooFewRounds);
        assert_eq!((found.len(), found[0].count, quality.verdict), (1, 2, Verdict::Sound));
        assert!(found[0].detail.contains("6 have one, and a 90th percentile needs 36"), "{}", found[0].detail);
    }

    #[test]
    fn six_rounds_are_enough_and_none_are_another_finding() {
        let runs = ["run-a", "run-b", "run-c"];
        let runs: Vec<Fixture> =
            (0..).zip(runs).map(|(number, run)| Fixture::flood().named(run).shifted(number * 7_000_000_000)).collect();
        assert_eq!(only(&audit_after_warm_up(runs, 1), Check::TooFewRounds), vec![]);
        let none = audit_after_warm_up(vec![Fixture::flood()], 9);
        assert_eq!(only(&none, Check::TooFewRounds), vec![]);
    }
}
