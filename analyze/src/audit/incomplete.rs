//! Runs and rounds that were cut off.

use cnsim::manifest::{Manifest, RoundOutcome, RunOutcome};

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, RunKey, Scope};

/// One finding for each run, and one for each round, that did not come to its end.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &scope.runs {
        findings.extend(incomplete_run(*key, run));
        findings.extend(incomplete_rounds(scope, *key, run));
    }
    findings
}

fn incomplete_run((condition, run_id): RunKey<'_>, run: &AuditedRun<'_>) -> Option<Finding> {
    let manifest = run.manifest()?;
    let what = match manifest.outcome {
        RunOutcome::Complete => return None,
        RunOutcome::Running => return Some(still_going(condition, run_id, manifest)),
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

/// A run of which nothing is final.
fn still_going(condition: &str, run_id: &str, manifest: &Manifest) -> Finding {
    let detail = format!(
        "this run goes on, or its driver was killed: {} of {} rounds have ended, and records may not be here yet; what else is found \
         may come of that. Look again when it has ended, or go on with it: cnsim run --resume",
        manifest.rounds.len(),
        u64::from(manifest.options.last_round()) + 1
    );
    Finding::in_condition(Check::RunStillGoing, Severity::Caution, condition, 1, detail).of_run(run_id)
}

fn incomplete_rounds(scope: &Scope<'_>, (condition, run_id): RunKey<'_>, run: &AuditedRun<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for round in run.manifest().into_iter().flat_map(|manifest| &manifest.rounds) {
        let what = match round.outcome {
            RoundOutcome::Quiescent | RoundOutcome::Horizon | RoundOutcome::Open => continue,
            RoundOutcome::TimedOut => "did not come to rest before --round-timeout",
            RoundOutcome::Interrupted => "was cut off by the end of the run",
            RoundOutcome::Disturbed => "lost a process, or could not ask one how it did",
        };
        let follows = match run.is_simulated {
            true => "copies that were on their way were given up, and times that need them are empty",
            false => "copies may have arrived later, or in the next round's time",
        };
        let detail = format!("the round {what}: {follows}");
        let finding = Finding::in_condition(Check::IncompleteRun, Severity::Caution, condition, 1, detail);
        findings.push(scope.narrow(finding.of_run(run_id), round.round));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

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
