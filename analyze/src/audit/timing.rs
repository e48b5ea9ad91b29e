//! What makes times mean something else than the spread of a message: set-up, clocks, a machine that lags.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::{Backend, Manifest, RoundOutcome};

use super::view::{Survey, View};
use super::{Check, Finding, Severity};
use crate::measure::{Analysis, Group, Origin};
use crate::rounds::Round;
use cnsim_records::frame::UNKNOWN_NS;

/// The share of the convergence time from `initiate` from which set-up is worth a finding.
const SETUP_SHARE_MIN: f64 = 0.05;

/// The mean set-up below which it is none: below a millisecond it hides no difference that a network makes.
const SETUP_MIN_MS: f64 = 1.0;

/// The wait for a processor from which a round counts as slowed down, in ms. A scheduler's ordinary waits on a busy but
/// sufficient machine stay below it.
const DELAY_MIN_MS: f64 = 25.0;

/// The share of the time from start to quiescence, over which the wait is summed, that it must have besides.
const DELAY_SHARE_MIN: f64 = 0.5;

/// What two readings of one clock may be the wrong way round: a float64 of these years is good to 256 ns.
const ONE_CLOCK_NS: i64 = 1_000;

/// What clocks of different machines may be apart: seconds where nobody synchronises them.
const OTHER_CLOCK_NS: i64 = 60 * 1_000_000_000;

/// What the driver's clock and that of nodes on its machine may be apart, the driver's waking up included.
const LOCAL_SLACK_NS: i64 = 250_000_000;

/// A round of more than a day is none.
const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;

/// What colours the times of one round.
pub(super) fn in_round<'a>(view: &View<'a>, survey: &Survey<'a>) -> Vec<Finding> {
    negative_latency(view)
        .into_iter()
        .chain(impossible_times(view))
        .chain(clock_step(view, survey))
        .chain(host_overload(view, survey))
        .collect()
}

/// Groups in which the time from `initiate` is to a relevant part not spreading.
pub(super) fn setup_inside_timing(analysis: &Analysis) -> Vec<Finding> {
    analysis.groups.iter().filter_map(setup_in_group).collect()
}

/// Judged by the mean over rounds, not by the median: in the published system only a node's first round pays for the
/// look-up of its peers, which the median of many rounds does not see and every mean does.
pub(super) fn setup_in_group(group: &Group) -> Option<Finding> {
    let scored = group.rounds.iter().filter(|round| round.scored);
    let timed = scored.filter_map(|round| Some((round.setup_ns?, round.convergence(Origin::Initiate)[4]?)));
    let times: Vec<(f64, f64)> = timed.map(|(setup, total)| (setup as f64 / 1e6, total as f64 / 1e6)).collect();
    let rounds = times.len() as f64;
    let (setup_ms, total_ms) = times.iter().fold((0.0, 0.0), |sum, time| (sum.0 + time.0, sum.1 + time.1));
    if setup_ms < SETUP_MIN_MS * rounds || setup_ms < SETUP_SHARE_MIN * total_ms || times.is_empty() {
        return None;
    }
    let count = times.iter().filter(|(setup, total)| *setup >= SETUP_SHARE_MIN * total).count() as u64;
    let detail = format!(
        "with {} nodes, {:.1} of the {:.1} ms that a message takes from initiate ({:.0} %, mean of {rounds} rounds) \
         pass before its first copy is sent: read the times from first-send",
        group.nodes,
        setup_ms / rounds,
        total_ms / rounds,
        100.0 * setup_ms / total_ms,
    );
    Some(Finding::in_condition(Check::SetupInsideTiming, Severity::Caution, &group.condition, count, detail))
}

/// Copies that were received before they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Early {
    count: u64,
    worst_ns: i64,
}

/// Those of a round; none where there is none.
pub(super) fn early(round: &Round<'_>) -> Option<Early> {
    let events = round.events;
    let mut early = Early { count: 0, worst_ns: 0 };
    for row in round.rows.iter().map(|row| *row as usize) {
        let timed = match events.kind[row] {
            Kind::Received | Kind::Duplicate => events.latency_ns[row] != UNKNOWN_NS,
            Kind::Initiate | Kind::Failed => false,
        };
        if timed && events.latency_ns[row] < 0 {
            early.count += 1;
            early.worst_ns = early.worst_ns.min(events.latency_ns[row]);
        }
    }
    (early.count > 0).then_some(early)
}

fn negative_latency(view: &View<'_>) -> Option<Finding> {
    let Early { count, worst_ns } = view.evidence.early?;
    let detail = format!(
        "{count} copies were received before they were sent (worst: {:.3} ms), so clocks differ by at least that and \
         latencies between machines are that uncertain",
        worst_ns as f64 / 1e6
    );
    Some(in_round_finding(view, Check::NegativeLatency, count, detail))
}

/// Times in a round that no clock that runs forward can have read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Impossible {
    count: u64,
    /// The first of them, in words.
    example: String,
}

/// Records of a round whose times contradict each other on one clock, or lie outside the round: a copy that left before its
/// sender held the message, a receipt long before the round began or long after it was over. None where there is none, or
/// where a clock was set in the round.
pub(super) fn impossible(round: &Round<'_>, initiate_ns: Option<i64>, driven: Option<Driven>) -> Option<Impossible> {
    let (events, names) = (round.events, &round.events.names.nodes);
    if driven.is_some_and(|driven| driven.clock_steps > 0) {
        return None;
    }
    let held = held_since(round);
    let mut found = Impossible { count: 0, example: String::new() };
    let mut add = |words: &dyn Fn() -> String| {
        if found.count == 0 {
            found.example = words();
        }
        found.count += 1;
    };
    for row in round.rows.iter().map(|row| *row as usize).filter(|row| events.kind[*row] != Kind::Initiate) {
        let (sent_ns, received_ns) = (events.sent_ns[row], events.received_ns[row]);
        let name = |node: u32| names.text(node);
        let held_ns = held.get(&events.sender[row]).copied().filter(|_| sent_ns != UNKNOWN_NS);
        if let Some(early_ns) = held_ns.map(|held_ns| held_ns.saturating_sub(sent_ns)).filter(|ns| *ns > ONE_CLOCK_NS) {
            let early_ms = early_ns as f64 / 1e6;
            add(&|| format!("{} sent a copy {early_ms:.3} ms before it held the message", name(events.sender[row])));
        }
        let Some(since_ns) = initiate_ns.map(|initiate_ns| received_ns.saturating_sub(initiate_ns)) else { continue };
        let since_ms = since_ns as f64 / 1e6;
        if since_ns < -OTHER_CLOCK_NS {
            add(&|| {
                format!("{} has a record {:.3} ms before the message began", name(events.receiver[row]), -since_ms)
            });
        } else if since_ns > driven.map_or(DAY_NS, |driven| driven.latest_ns) {
            add(&|| format!("{} has a record {since_ms:.3} ms after the message began", name(events.receiver[row])));
        }
    }
    (found.count > 0).then_some(found)
}

/// What the driver's clock says of a round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Driven {
    /// How long after `initiate` a record of it can be at most.
    latest_ns: i64,
    clock_steps: u64,
}

impl Driven {
    /// What a manifest says of a round.
    pub(super) fn of(manifest: &Manifest, round: u32) -> Option<Self> {
        let round = manifest.rounds.iter().find(|candidate| candidate.round == round)?;
        let others = match manifest.backend {
            Backend::Local(_) => LOCAL_SLACK_NS,
            Backend::Kubernetes(_) => OTHER_CLOCK_NS,
        };
        // A round that did not come to rest has copies that arrive later.
        let latest_ns = match round.outcome {
            RoundOutcome::Quiescent => (round.driver_ms * 1e6) as i64 + others,
            RoundOutcome::TimedOut | RoundOutcome::Interrupted | RoundOutcome::Disturbed => DAY_NS,
        };
        Some(Self { latest_ns, clock_steps: round.clock_steps })
    }
}

/// Since when nodes hold the message by their own clocks: the initiator since `initiate`, others since their first receipt.
fn held_since(round: &Round<'_>) -> BTreeMap<u32, i64> {
    let events = round.events;
    let mut held: BTreeMap<u32, i64> = BTreeMap::new();
    for row in round.rows.iter().map(|row| *row as usize) {
        let at_ns = events.received_ns[row];
        match events.kind[row] {
            Kind::Initiate | Kind::Received => {
                held.entry(events.receiver[row]).and_modify(|held_ns| *held_ns = at_ns.min(*held_ns)).or_insert(at_ns);
            }
            Kind::Duplicate | Kind::Failed => {}
        }
    }
    held
}

fn impossible_times(view: &View<'_>) -> Option<Finding> {
    let Impossible { count, example } = view.evidence.impossible.as_ref()?;
    let detail = format!(
        "{count} times cannot be (first: {example}), so records of this round are damaged or belong to another, and no time \
         of it can be trusted"
    );
    Some(super::deliveries::in_round(view, Check::ImpossibleTimes, Severity::Unsound, *count, detail))
}

fn clock_step<'a>(view: &View<'a>, survey: &Survey<'a>) -> Option<Finding> {
    let steps = survey.run(view).manifest_round(view.round)?.clock_steps;
    let detail = format!("a wall clock was set {steps} times during the round, so its times may be off by the steps");
    (steps > 0).then(|| in_round_finding(view, Check::ClockStep, steps, detail))
}

fn host_overload<'a>(view: &View<'a>, survey: &Survey<'a>) -> Option<Finding> {
    let round = survey.run(view).manifest_round(view.round)?;
    let delay_ms = round.scheduling_delay_ms?;
    let detail = format!(
        "a process waited {delay_ms:.1} ms in all for a processor in the {:.1} ms until the round was quiet, so its times \
         show this machine and not the protocol: use fewer nodes or a larger machine",
        round.driver_ms
    );
    let is_overload = delay_ms > DELAY_MIN_MS && delay_ms > DELAY_SHARE_MIN * round.driver_ms;
    is_overload.then(|| in_round_finding(view, Check::HostOverload, 1, detail))
}

fn in_round_finding(view: &View<'_>, check: Check, count: u64, detail: String) -> Finding {
    super::deliveries::in_round(view, check, Severity::Caution, count, detail)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn a_clean_run_has_clean_times() {
        let quality = Fixture::flood().audit();
        for check in [Check::SetupInsideTiming, Check::NegativeLatency, Check::ClockStep, Check::HostOverload] {
            assert_eq!(only(&quality, check), vec![]);
        }
    }

    #[test]
    fn set_up_that_some_rounds_pay_is_found_by_the_mean() {
        let mut fixture = Fixture::flood();
        fixture.delay_sends(1, 40_000_000);
        let found = only(&fixture.audit(), Check::SetupInsideTiming);
        assert_eq!((found.len(), found[0].count, found[0].severity), (1, 1, Severity::Caution));
        assert!(found[0].detail.contains("with 4 nodes"), "{}", found[0].detail);
    }

    #[test]
    fn a_long_set_up_of_less_than_a_millisecond_is_none() {
        let mut fixture = Fixture::flood();
        fixture.delay_sends(1, 900_000);
        fixture.delay_sends(2, 900_000);
        assert_eq!(only(&fixture.audit(), Check::SetupInsideTiming), vec![]);
    }

    #[test]
    fn a_receipt_before_its_send_is_found_with_the_worst() {
        let mut fixture = Fixture::flood();
        fixture.first_receipt("n1", 1).sent_ns += 5_000_000;
        let found = only(&fixture.audit(), Check::NegativeLatency);
        assert_eq!((found.len(), found[0].count), (1, 1));
        assert!(found[0].detail.contains("worst: -4.000 ms"), "{}", found[0].detail);
    }

    #[test]
    fn a_clock_that_was_set_is_found() {
        let mut fixture = Fixture::flood();
        fixture.manifest_round(1).clock_steps = 2;
        assert_eq!(only(&fixture.audit(), Check::ClockStep)[0].count, 2);
    }

    #[test]
    fn times_that_cannot_be_are_found_with_an_example_and_clean_ones_are_not() {
        let found = |fixture: &Fixture| only(&fixture.audit(), Check::ImpossibleTimes);
        assert_eq!(found(&Fixture::flood()), vec![]);
        assert_eq!(found(&Fixture::csv_of_flood()), vec![]);
        let mut late = Fixture::flood();
        late.first_receipt("n2", 1).received_ns += 3_600_000_000_000;
        let told = found(&late);
        assert_eq!((told.len(), told[0].severity, told[0].round), (1, Severity::Unsound, Some(1)));
        let mut early = Fixture::csv_of_flood();
        early.first_receipt("n2", 1).received_ns = 0;
        assert!(found(&early)[0].detail.contains("before the message began"), "{:?}", found(&early));
        let mut begun_late = Fixture::csv_of_flood();
        let initiate = begun_late.rows.iter_mut().find(|row| row.round == 1 && row.kind == Kind::Initiate).unwrap();
        initiate.received_ns += 5_000_000_000;
        let told = found(&begun_late);
        assert!(told[0].detail.contains("ms before it held the message"), "{told:?}");
    }

    #[test]
    fn a_clock_that_was_set_explains_times_that_run_backwards() {
        let mut fixture = Fixture::flood();
        fixture.first_receipt("n2", 1).received_ns += 3_600_000_000_000;
        fixture.manifest_round(1).clock_steps = 1;
        assert_eq!(only(&fixture.audit(), Check::ImpossibleTimes), vec![]);
    }

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
