//! Rounds in which processes waited for a processor, so that their times show the machine.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, Scope};

/// The wait for a processor from which a round counts as slowed down, in ms. A scheduler's ordinary waits on a busy but
/// sufficient machine stay below it.
const DELAY_MIN_MS: f64 = 25.0;

/// The share of the time from start to quiescence, over which the wait is summed, that it must have besides.
const DELAY_SHARE_MIN: f64 = 0.5;

/// A round that its machine slowed down.
pub(super) fn finding<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Option<Finding> {
    let driven = scope.run(round).manifest_round(round.round)?;
    let delay_ms = driven.scheduling_delay_ms?;
    let is_overload = delay_ms > DELAY_MIN_MS && delay_ms > DELAY_SHARE_MIN * driven.driver_ms;
    let detail = format!(
        "a process waited {delay_ms:.1} ms in all for a processor in the {:.1} ms until the round was quiet, so its times \
         show this machine and not the protocol: use fewer nodes or a larger machine",
        driven.driver_ms
    );
    is_overload.then(|| round.finding(Check::HostOverload, Severity::Caution, 1, detail))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn a_wait_for_a_processor_counts_only_if_it_is_long_and_a_large_part_of_the_round() {
        for (delay_ms, driver_expected) in [(20.0, 0), (60.0, 1)] {
            let mut fixture = Fixture::flood();
            fixture.manifest_round(1).scheduling_delay_ms = Some(delay_ms);
            assert_eq!(only(&fixture.audit(), Check::HostOverload).len(), driver_expected, "{delay_ms} ms");
        }
        let mut slow = Fixture::flood();
        slow.manifest_round(1).driver_ms = 1000.0;
        slow.manifest_round(1).scheduling_delay_ms = Some(60.0);
        assert_eq!(only(&slow.audit(), Check::HostOverload), vec![]);
    }
}
