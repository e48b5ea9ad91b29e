//! Times in a round that clocks cannot have read, or that a clock which was set makes doubtful.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, Scope};
use crate::evidence::{ImpossibleTime, ImpossibleTimes, Names, NegativeLatencies};

/// What is wrong with the times of one round.
pub(super) fn findings<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Vec<Finding> {
    negative_latency(round).into_iter().chain(impossible_times(round)).chain(clock_step(round, scope)).collect()
}

fn negative_latency(round: &AuditedRound<'_>) -> Option<Finding> {
    let NegativeLatencies { count, worst_ns } = round.evidence.negative_latencies?;
    let detail = format!(
        "{count} copies were received before they were sent (worst: {:.3} ms), so clocks differ by at least that and \
         latencies between machines are that uncertain",
        worst_ns as f64 / 1e6
    );
    Some(round.finding(Check::NegativeLatency, Severity::Caution, count, detail))
}

fn impossible_times(round: &AuditedRound<'_>) -> Option<Finding> {
    let ImpossibleTimes { count, first } = round.evidence.impossible_times?;
    let detail = format!(
        "{count} times cannot be (first: {}), so records of this round are damaged or belong to another, and no time of it \
         can be trusted",
        describe_time(first, round.names)
    );
    Some(round.finding(Check::ImpossibleTimes, Severity::Unsound, count, detail))
}

fn clock_step<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Option<Finding> {
    let steps = scope.run(round).manifest_round(round.round)?.clock_steps;
    let detail = format!("a wall clock was set {steps} times during the round, so its times may be off by the steps");
    (steps > 0).then(|| round.finding(Check::ClockStep, Severity::Caution, steps, detail))
}

/// A time that cannot be, in words.
fn describe_time(time: ImpossibleTime, names: &Names) -> String {
    let ms = |ns: i64| ns as f64 / 1e6;
    match time {
        ImpossibleTime::SentBeforeHeld { node, early_ns } => {
            format!("{} sent a copy {:.3} ms before it held the message", names.node(node), ms(early_ns))
        }
        ImpossibleTime::BeforeInitiate { node, since_ns } => {
            format!("{} has a record {:.3} ms before the message began", names.node(node), -ms(since_ns))
        }
        ImpossibleTime::AfterRound { node, since_ns } => {
            format!("{} has a record {:.3} ms after the message began", names.node(node), ms(since_ns))
        }
    }
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;

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
        let of_late = found(&late);
        assert_eq!((of_late.len(), of_late[0].severity, of_late[0].round), (1, Severity::Unsound, Some(1)));
        let mut early = Fixture::csv_of_flood();
        early.first_receipt("n2", 1).received_ns = 0;
        assert!(found(&early)[0].detail.contains("before the message began"), "{:?}", found(&early));
        let mut begun_late = Fixture::csv_of_flood();
        let initiate = begun_late.rows.iter_mut().find(|row| row.round == 1 && row.kind == Kind::Initiate).unwrap();
        initiate.received_ns += 5_000_000_000;
        let of_begun_late = found(&begun_late);
        assert!(of_begun_late[0].detail.contains("ms before it held the message"), "{of_begun_late:?}");
    }

    #[test]
    fn a_clock_that_was_set_explains_times_that_run_backwards() {
        let mut fixture = Fixture::flood();
        fixture.first_receipt("n2", 1).received_ns += 3_600_000_000_000;
        fixture.manifest_round(1).clock_steps = 1;
        assert_eq!(only(&fixture.audit(), Check::ImpossibleTimes), vec![]);
    }
}
