//! Rounds of an open loop that began later than they were to: then the load was not the one that was asked for.

use super::finding::{Check, Finding, Severity};
use super::scope::{RunKey, Scope};

/// The share of the interval between two rounds that a begin may be late by.
const SLIP_SHARE_MAX: f64 = 0.05;

/// One finding for each run with rounds that began late.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((condition, run_id), run) in &scope.runs {
        let key: RunKey<'_> = (condition, run_id);
        findings.extend(run.manifest().and_then(|manifest| finding(key, manifest)));
    }
    findings
}

fn finding((condition, run_id): RunKey<'_>, manifest: &cnsim::manifest::Manifest) -> Option<Finding> {
    let interval_ms = manifest.options.every.interval()?.as_ms();
    let slips = manifest.rounds.iter().filter_map(|round| Some(round.begin?.slip_ms));
    let late: Vec<f64> = slips.filter(|slip_ms| *slip_ms > SLIP_SHARE_MAX * interval_ms).collect();
    let latest_ms = late.iter().copied().reduce(f64::max)?;
    let detail = format!(
        "{} of {} rounds began more than {:.0} % of the interval of {interval_ms} ms late, at most {latest_ms:.3} ms: the load was not \
         as even as asked for",
        late.len(),
        manifest.rounds.len(),
        SLIP_SHARE_MAX * 100.0
    );
    let count = late.len() as u64;
    Some(Finding::in_condition(Check::LateBegins, Severity::Caution, condition, count, detail).of_run(run_id))
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::Begin;

    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn a_round_that_begins_later_than_a_twentieth_of_the_interval_is_found() {
        let found = |slip_ms: f64| {
            let mut fixture = Fixture::flood();
            fixture.manifest().options.every = "100ms".parse().unwrap();
            fixture.manifest_round(1).begin = Some(Begin { intended_ms: 100.0, slip_ms });
            only(&fixture.audit(), Check::LateBegins)
        };
        assert_eq!(found(4.9), vec![]);
        let late = found(5.1);
        assert_eq!((late[0].severity, late[0].count), (Severity::Caution, 1));
        assert!(
            late[0]
                .detail
                .starts_with("1 of 3 rounds began more than 5 % of the interval of 100 ms late, at most 5.100 ms")
        );
    }

    #[test]
    fn rounds_that_wait_for_each_other_cannot_begin_late() {
        let mut fixture = Fixture::flood();
        fixture.manifest_round(1).begin = Some(Begin { intended_ms: 1.0, slip_ms: 90.0 });
        assert_eq!(only(&fixture.audit(), Check::LateBegins), vec![]);
    }
}
