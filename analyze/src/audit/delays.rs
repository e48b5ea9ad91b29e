//! Link delays that were not what was asked for.

use cnsim::manifest::AchievedDelay;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, RunKey, Scope};

/// What the mean of delays may be off by, in ms, and in parts of what was asked for, before it is worth knowing.
const ERROR_MS_MAX: f64 = 0.5;
const ERROR_SHARE_MAX: f64 = 0.05;

/// The same before times mean something else than they seem to.
const WRONG_MS: f64 = 2.0;
const WRONG_SHARE: f64 = 0.1;

/// One finding for each run.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    scope.runs.iter().filter_map(|(key, run)| finding(*key, run)).collect()
}

fn finding((condition, run_id): RunKey<'_>, run: &AuditedRun<'_>) -> Option<Finding> {
    let AchievedDelay { copies, intended_mean_ms, achieved_mean_ms, error_max_ms } = run.manifest()?.link_delay?;
    let error_ms = (achieved_mean_ms - intended_mean_ms).abs();
    let is_off = error_ms > ERROR_MS_MAX && error_ms > ERROR_SHARE_MAX * intended_mean_ms;
    let detail = format!(
        "copies were held for {achieved_mean_ms:.2} ms in the mean where link and uplink were to hold them for \
         {intended_mean_ms:.2} (worst: off by {error_max_ms:.2} ms): the machine was too busy to send them in time, so times are those of longer links"
    );
    let is_wrong = error_ms > WRONG_MS && error_ms > WRONG_SHARE * intended_mean_ms;
    let severity = if is_wrong { Severity::Caution } else { Severity::Info };
    is_off.then(|| Finding::in_condition(Check::DelayNotAchieved, severity, condition, copies, detail).of_run(run_id))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn a_delay_that_was_not_kept_is_told() {
        let found = |achieved_mean_ms: f64| {
            let mut fixture = Fixture::flood();
            let delay = AchievedDelay { copies: 9, intended_mean_ms: 5.0, achieved_mean_ms, error_max_ms: 9.0 };
            fixture.manifest().link_delay = Some(delay);
            only(&fixture.audit(), Check::DelayNotAchieved)
        };
        assert_eq!(found(5.4), vec![]);
        assert_eq!((found(5.6).len(), found(5.6)[0].severity), (1, Severity::Info));
        assert_eq!((found(7.1).len(), found(7.1)[0].severity), (1, Severity::Caution));
    }
}
