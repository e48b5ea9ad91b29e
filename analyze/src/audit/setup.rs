//! Set-up that counts as spreading: time from `initiate` that passes before the first copy is sent.

use cnsim::protocol::Begins;

use super::finding::{Check, Finding, Severity};
use super::scope::Scope;
use crate::measure::{Analysis, Group, Origin};

/// The share of the convergence time from `initiate` from which set-up is worth a finding.
const SHARE_MIN: f64 = 0.05;

/// The mean set-up below which it is none, in ms: below a millisecond it hides no difference that a network makes.
const MEAN_MIN_MS: f64 = 1.0;

/// Set-up that is a relevant part of a group's times, over its scored rounds that converged.
pub(super) struct Setup {
    /// How many rounds there are.
    rounds: usize,
    /// Those in which it is a relevant part.
    affected: usize,
    /// Mean set-up, ms.
    mean_ms: f64,
    /// Mean convergence time from `initiate`, ms.
    total_mean_ms: f64,
    /// The one in parts of the other, per cent.
    share_percent: f64,
}

/// Groups in which the time from `initiate` is to a relevant part not spreading.
pub(super) fn findings(analysis: &Analysis, scope: &Scope<'_>) -> Vec<Finding> {
    let finding = |group: &Group| {
        let setup = setup_inside(group, scope)?;
        let (detail, count) = (setup.describe(group.nodes), setup.affected as u64);
        Some(Finding::in_condition(Check::SetupInsideTiming, Severity::Caution, &group.condition, count, detail))
    };
    analysis.groups.iter().filter_map(finding).collect()
}

/// Set-up that is a relevant part of a group's times, and nothing that its protocol waits for.
pub(super) fn setup_inside(group: &Group, scope: &Scope<'_>) -> Option<Setup> {
    relevant_setup(group).filter(|_| !waits(group, scope))
}

/// Whether a protocol of the group lets the initiator wait: for its period, or until it is asked.
fn waits(group: &Group, scope: &Scope<'_>) -> bool {
    let rounds = scope.rounds.iter().filter(|round| round.condition == group.condition);
    let mut promises = rounds.filter_map(|round| scope.run(round).promises);
    promises.any(|promises| promises.begins == Begins::Later)
}

/// A group's set-up, where it is a relevant part of its times.
///
/// Judged by the mean over rounds, not by the median: in the published system only a node's first round pays for the
/// look-up of its peers, which the median of many rounds does not see and every mean does.
pub(super) fn relevant_setup(group: &Group) -> Option<Setup> {
    let timed = group.scored().filter_map(|round| Some((round.setup_ns?, round.complete_ns(Origin::Initiate)?)));
    let times: Vec<(f64, f64)> = timed.map(|(setup, total)| (setup as f64 / 1e6, total as f64 / 1e6)).collect();
    let rounds = times.len() as f64;
    let (setup_ms, total_ms) = times.iter().fold((0.0, 0.0), |sum, time| (sum.0 + time.0, sum.1 + time.1));
    if setup_ms < MEAN_MIN_MS * rounds || setup_ms < SHARE_MIN * total_ms || times.is_empty() {
        return None;
    }
    Some(Setup {
        rounds: times.len(),
        affected: times.iter().filter(|(setup, total)| *setup >= SHARE_MIN * total).count(),
        mean_ms: setup_ms / rounds,
        total_mean_ms: total_ms / rounds,
        share_percent: 100.0 * setup_ms / total_ms,
    })
}

impl Setup {
    fn describe(&self, nodes: u32) -> String {
        format!(
            "with {nodes} nodes, {:.1} of the {:.1} ms that a message takes from initiate ({:.0} %, mean of {} rounds) \
             pass before its first copy is sent: read the times from first-send",
            self.mean_ms, self.total_mean_ms, self.share_percent, self.rounds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn set_up_that_some_rounds_pay_is_found_by_the_mean() {
        let mut fixture = Fixture::flood();
        fixture.delay_sends(1, 40_000_000);
        let found = only(&fixture.audit(), Check::SetupInsideTiming);
        assert_eq!((found.len(), found[0].count, found[0].severity), (1, 1, Severity::Caution));
        assert!(found[0].detail.contains("with 4 nodes"), "{}", found[0].detail);
    }

    #[test]
    fn an_initiator_that_waits_for_its_period_is_not_set_up() {
        let mut fixture = Fixture::flood();
        fixture.manifest().options.protocol = "pull".parse().unwrap();
        fixture.delay_sends(1, 40_000_000);
        assert_eq!(only(&fixture.audit(), Check::SetupInsideTiming), vec![]);
    }

    #[test]
    fn a_long_set_up_of_less_than_a_millisecond_is_none() {
        let mut fixture = Fixture::flood();
        fixture.delay_sends(1, 900_000);
        fixture.delay_sends(2, 900_000);
        assert_eq!(only(&fixture.audit(), Check::SetupInsideTiming), vec![]);
    }
}
