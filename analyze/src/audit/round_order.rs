//! Runs without a manifest: whether their rounds follow each other in time as their numbers do, whether all of them are there, and
//! whether they name no more nodes than there are.

use std::collections::BTreeMap;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};

/// A run that is looked at.
struct Run<'s, 'a> {
    scope: &'s Scope<'a>,
    key: RunKey<'a>,
    /// Its rounds in the order of their numbers, but those whose number is not from their records: of a message begun again.
    rounds: Vec<&'s AuditedRound<'a>>,
    /// All of them: in the same order, or in that of time where such are among them.
    in_order: Vec<&'s AuditedRound<'a>>,
}

/// Runs without a manifest whose rounds contradict their numbers, or whose nodes contradict theirs. One that stands in several
/// inputs or conditions is told as such and not here.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut conditions: BTreeMap<&str, u32> = BTreeMap::new();
    scope.runs.keys().for_each(|(_, run_id)| *conditions.entry(run_id).or_default() += 1);
    let is_alone = |(_, run_id): RunKey<'_>, run: &AuditedRun<'_>| run.is_in_one_input() && conditions[run_id] == 1;
    let alone = scope.runs.iter().filter(|(key, run)| run.manifest().is_none() && is_alone(**key, run));
    alone.flat_map(|(key, run)| Run::of(scope, *key, run).findings(run)).collect()
}

impl<'s, 'a> Run<'s, 'a> {
    fn of(scope: &'s Scope<'a>, key: RunKey<'a>, run: &AuditedRun<'a>) -> Self {
        let mut rounds: Vec<&AuditedRound<'_>> = scope.rounds_of(run).collect();
        rounds.sort_by_key(|round| round.round);
        let is_named = |round: &&AuditedRound<'_>| round.evidence.message == round.round;
        let mut in_order = rounds.clone();
        if !rounds.iter().all(is_named) {
            in_order.sort_by_key(|round| began_ns(round));
        }
        rounds.retain(is_named);
        Self { scope, key, rounds, in_order }
    }

    fn findings(&self, run: &AuditedRun<'_>) -> impl Iterator<Item = Finding> + use<> {
        let found = [self.missing_rounds(), self.out_of_order(), self.overlapping(), self.too_many_nodes(run)];
        found.into_iter().flatten()
    }

    /// Numbers between the first and the last that no record has. Where most are missing, names end in other numbers than
    /// those of rounds.
    fn missing_rounds(&self) -> Option<Finding> {
        let gaps = || self.rounds.windows(2).map(|pair| (pair[0].round + 1, pair[1].round - pair[0].round - 1));
        let count = gaps().map(|(_, missing)| u64::from(missing)).sum::<u64>();
        let (first, _) = gaps().find(|(_, missing)| *missing > 0)?;
        let detail = format!(
            "no record names {count} of the rounds between the first and the last of this run (first: {first}), so either they \
             were lost as a whole or rounds have other numbers than they were driven under"
        );
        (count <= self.rounds.len() as u64).then(|| self.finding(Check::MissingRounds, count, detail))
    }

    /// Rounds that began before the one with the number before theirs.
    fn out_of_order(&self) -> Option<Finding> {
        let is_before = |one: &AuditedRound<'_>, next: &AuditedRound<'_>| Some(began_ns(next)? < began_ns(one)?);
        let (first, count) = self.pairs(&self.rounds, is_before)?;
        let detail = format!(
            "{count} rounds began before the round with the number before theirs (first: {first}), so records stand under other \
             rounds than their own, clocks were set, or those of initiators disagree"
        );
        Some(self.pairs_finding(Check::RoundsOutOfOrder, first, count, detail))
    }

    /// Rounds that began while the one before was still spreading.
    fn overlapping(&self) -> Option<Finding> {
        let overlaps = |one: &AuditedRound<'_>, next: &AuditedRound<'_>| {
            let (one_ns, next_ns, last_ns) = (began_ns(one)?, began_ns(next)?, one.metrics.reached_ns.last()?);
            Some(one_ns <= next_ns && next_ns < *last_ns)
        };
        let (first, count) = self.pairs(&self.in_order, overlaps)?;
        let detail = format!(
            "{count} rounds began before the last node had the message of the round before (first: {first}), so messages spread \
             beside each other and slowed each other down, receipts stand under another round than their own, or clocks disagree"
        );
        Some(self.pairs_finding(Check::OverlappingRounds, first, count, detail))
    }

    /// More ids than the network has nodes.
    fn too_many_nodes(&self, run: &AuditedRun<'_>) -> Option<Finding> {
        let nodes = u64::from(self.rounds.iter().map(|round| round.metrics.expected).max()?) + 1;
        let named = run.recorded_nodes().count() as u64;
        let count = named.saturating_sub(nodes);
        let detail = format!(
            "records of this run name {named} nodes where its network has {nodes}, so nodes came back under new names during the \
             run, or records of another network are among them"
        );
        (count > 0).then(|| self.finding(Check::TooManyNodes, count, detail))
    }

    /// The first round of those that something is true of with the round before, one that statistics count where there is one,
    /// and how many they are.
    fn pairs(
        &self,
        rounds: &[&AuditedRound<'_>],
        is_so: impl Fn(&AuditedRound<'_>, &AuditedRound<'_>) -> Option<bool>,
    ) -> Option<(u32, u64)> {
        let pairs = rounds.windows(2).filter(|pair| is_so(pair[0], pair[1]) == Some(true));
        let found: Vec<u32> = pairs.map(|pair| pair[1].round).collect();
        let first = found.iter().find(|round| **round >= self.scope.warm_up).or(found.first())?;
        Some((*first, found.len() as u64))
    }

    /// A finding of rounds, which does not count where all of them are warm-up.
    fn pairs_finding(&self, check: Check, first: u32, count: u64, detail: String) -> Finding {
        let finding = self.finding(check, count, detail);
        if first < self.scope.warm_up { self.scope.narrow(finding, first) } else { finding }
    }

    fn finding(&self, check: Check, count: u64, detail: String) -> Finding {
        let (condition, run_id) = self.key;
        Finding::in_condition(check, Severity::Caution, condition, count, detail).of_run(run_id)
    }
}

/// When a round began, as far as its records tell.
fn began_ns(round: &AuditedRound<'_>) -> Option<i64> {
    round.metrics.initiate_ns.or_else(|| round.metrics.reached_ns.first().copied())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    const CHECKS: [Check; 4] =
        [Check::MissingRounds, Check::RoundsOutOfOrder, Check::OverlappingRounds, Check::TooManyNodes];

    /// Which of the checks find something, how often, and in what words.
    fn found(fixture: &Fixture) -> Vec<(Check, u64, String)> {
        let quality = fixture.audit();
        let of_check = |check| only(&quality, check).into_iter().map(|found| (found.check, found.count, found.detail));
        CHECKS.into_iter().flat_map(of_check).collect()
    }

    /// The same without the words.
    fn checks(fixture: &Fixture) -> Vec<(Check, u64)> {
        found(fixture).into_iter().map(|(check, count, _)| (check, count)).collect()
    }

    #[test]
    fn rounds_that_follow_each_other_are_not_told() {
        assert_eq!(found(&Fixture::csv_of_flood()), []);
        assert_eq!(found(&Fixture::flood()), []);
    }

    #[test]
    fn a_round_that_no_record_names_is_found() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.rows.retain(|row| row.round != 1);
        assert_eq!(checks(&fixture), [(Check::MissingRounds, 1)]);
        assert!(found(&fixture)[0].2.contains("(first: 1)"), "{:?}", found(&fixture));
    }

    #[test]
    fn numbers_that_are_none_of_rounds_miss_nothing() {
        let mut fixture = Fixture::csv_of_flood();
        for row in &mut fixture.rows {
            row.round = [20_250_331, 20_250_401, 20_250_402][row.round as usize];
        }
        assert_eq!(checks(&fixture), []);
    }

    #[test]
    fn a_run_in_two_conditions_is_told_as_such_and_not_here() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.rows.retain(|row| row.round != 1);
        let quality = audit_all(vec![fixture.clone(), fixture.labelled("other")]);
        assert_eq!(only(&quality, Check::MissingRounds), []);
    }

    #[test]
    fn rounds_under_each_others_numbers_are_found() {
        let mut fixture = Fixture::csv_of_flood();
        for row in &mut fixture.rows {
            row.round = [0, 2, 1][row.round as usize];
        }
        assert_eq!(checks(&fixture), [(Check::RoundsOutOfOrder, 1)]);
    }

    #[test]
    fn a_round_that_begins_in_the_one_before_is_found() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.first_receipt("n3", 1).received_ns += 1_500_000_000;
        assert_eq!(checks(&fixture), [(Check::OverlappingRounds, 1)]);
    }

    #[test]
    fn more_names_than_nodes_are_found() {
        assert_eq!(checks(&Fixture::csv_of_flood().of_nodes(3)), [(Check::TooManyNodes, 1)]);
    }
}
