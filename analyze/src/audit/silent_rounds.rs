//! Rounds that the manifest has and the records do not.

use std::collections::BTreeSet;

use cnsim::manifest::{Manifest, Round as ManifestRound};

use super::finding::{Check, Finding, Severity};
use super::incident_words::before_round;
use super::scope::{AuditedRun, RunKey, Scope};
use crate::measure::silent::is_unbegun;

/// One finding for each round of which not one record is here.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    scope.runs.iter().flat_map(|(key, run)| in_run(scope, *key, run)).collect()
}

fn in_run<'a>(scope: &Scope<'a>, (condition, run_id): RunKey<'a>, run: &AuditedRun<'a>) -> Vec<Finding> {
    let Some(manifest) = run.manifest() else { return Vec::new() };
    let recorded: BTreeSet<u32> = scope.rounds_of(run).map(|round| round.round).collect();
    let silent = manifest.rounds.iter().filter(|round| !recorded.contains(&round.round) && !is_unbegun(round));
    let finding = |round: &ManifestRound| {
        let missing = u64::from(manifest.options.nodes.saturating_sub(1));
        // What somebody wrote and nobody has is lost; a round that left no trace may never have spread.
        let is_lost = left_records(manifest, round) && !run.is_going_on();
        let severity = if is_lost { Severity::Unsound } else { Severity::Caution };
        let yet = if run.is_going_on() { " yet" } else { "" };
        let detail = format!(
            "{}the run drove this round, which reached {} nodes, and not one record of it is here{yet}: it counts as never \
             converged",
            before_round(run, round.round),
            round.delivered
        );
        let finding = Finding::in_condition(Check::MissingDeliveries, severity, condition, missing, detail);
        scope.narrow(finding.of_run(run_id), round.round)
    };
    silent.map(finding).collect()
}

/// Whether the driver saw a delivery of a round, or a process that wrote a record in it.
fn left_records(manifest: &Manifest, round: &ManifestRound) -> bool {
    let before = manifest.rounds.iter().filter(|other| other.round < round.round);
    let before: Vec<_> = before.map(|other| &other.last_seqs).collect();
    let has_grown = |(process, seq): (&String, &u64)| {
        let known = before.iter().filter_map(|last_seqs| last_seqs.get(process)).max();
        *seq > known.copied().unwrap_or(0)
    };
    round.delivered > 0 || round.last_seqs.iter().any(has_grown)
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::RoundOutcome;

    use super::super::fixture::{Fixture, only};
    use super::super::quality::Quality;
    use super::*;

    fn missing(quality: &Quality) -> Vec<Finding> {
        only(quality, Check::MissingDeliveries)
    }

    #[test]
    fn a_round_without_any_record_is_found() {
        let mut fixture = Fixture::flood();
        fixture.rows.retain(|row| row.round != 1);
        let found = missing(&fixture.audit());
        assert_eq!((found[0].round, found[0].count, found[0].severity), (Some(1), 3, Severity::Unsound));
    }

    #[test]
    fn a_round_that_left_no_record_is_not_proven_to_be_lost() {
        let mut fixture = Fixture::flood();
        fixture.rows.retain(|row| row.round != 2);
        let before = fixture.manifest_round(1).last_seqs.clone();
        fixture.manifest().last_seqs = before.clone();
        fixture.manifest_round(2).last_seqs = before;
        fixture.manifest_round(2).delivered = 0;
        fixture.manifest_round(2).outcome = RoundOutcome::TimedOut;
        let found = missing(&fixture.audit());
        assert_eq!((found[0].round, found[0].severity), (Some(2), Severity::Caution));
    }

    #[test]
    fn a_round_that_a_cut_off_run_may_not_have_begun_misses_nothing() {
        let mut fixture = Fixture::flood();
        fixture.rows.retain(|row| row.round != 2);
        let round = fixture.manifest_round(2);
        (round.outcome, round.delivered) = (RoundOutcome::Interrupted, 0);
        assert_eq!(missing(&fixture.audit()), vec![]);
    }
}
