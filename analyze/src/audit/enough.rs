//! Whether there are enough rounds for an interval.

use super::{Check, Finding, Severity};
use crate::measure::{Analysis, Group};
use crate::stats::{LEVEL, median_interval, values_needed};

/// Groups that are scored, and of which not even the median has an interval.
pub(super) fn too_few_rounds(analysis: &Analysis) -> Vec<Finding> {
    analysis.groups.iter().filter_map(in_group).collect()
}

fn in_group(group: &Group) -> Option<Finding> {
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
    use super::super::Verdict;
    use super::super::fixture::{Fixture, audit_after_warm_up, only};
    use super::*;

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
