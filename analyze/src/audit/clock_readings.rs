//! Times in a round that clocks cannot have read, or that clocks which disagree or were set make doubtful.

use cnsim::manifest::Backend;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, Scope};
use crate::evidence::{
    EarlyReceipts, ImpossibleTime, ImpossibleTimes, Names, NegativeLatencies, ONE_CLOCK_NS, UNSEEN_STEP_NS,
};
use crate::measure::Origin;

/// The share of t100 above which an error of clocks makes it worthless.
const T100_SHARE_MAX: f64 = 0.05;

/// What is wrong with the times of one round.
pub(super) fn findings<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Vec<Finding> {
    let found = [
        negative_latency(round),
        impossible_times(round),
        end_before_origin(round),
        early_receipts(round, scope),
        clock_step(round, scope),
    ];
    found.into_iter().flatten().collect()
}

fn negative_latency(round: &AuditedRound<'_>) -> Option<Finding> {
    let NegativeLatencies { count, worst_ns } = round.evidence.negative_latencies?;
    let t100 = round.metrics.complete_ns(Origin::FirstSend).filter(|t100_ns| *t100_ns > 0);
    let in_t100 = t100.map_or_else(String::new, |t100_ns| {
        let share = 100.0 * -(worst_ns as f64) / t100_ns as f64;
        format!(
            "; where such a copy ends it, t100 ({:.3} ms) is off by as much or more: {share:.0} % of it",
            t100_ns as f64 / 1e6
        )
    });
    let detail = format!(
        "{count} copies were received before they were sent (worst: {:.3} ms), so clocks differ by at least that and \
         latencies between machines are that uncertain{in_t100}",
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

/// A time below zero: the last node had the message before it began.
fn end_before_origin(round: &AuditedRound<'_>) -> Option<Finding> {
    let below_zero =
        |origin: Origin| Some((origin, round.metrics.complete_ns(origin).filter(|time_ns| *time_ns < -ONE_CLOCK_NS)?));
    let (origin, time_ns) = Origin::ALL.into_iter().find_map(below_zero)?;
    let detail = format!(
        "t100 from {} is {:.3} ms: the last node had the message before it began, so the clocks of this round are further apart \
         than its times are long, and none of them can be trusted",
        origin.as_str(),
        time_ns as f64 / 1e6
    );
    Some(round.finding(Check::ImpossibleTimes, Severity::Unsound, 1, detail))
}

/// On one clock no receipt can precede the first send. Between clocks it tells how far they are apart at least.
fn early_receipts<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Option<Finding> {
    let EarlyReceipts { count, worst_ns, node } = round.evidence.early_receipts?;
    let run = scope.run(round);
    if run.manifest_round(round.round).is_some_and(|round| round.clock_steps > 0) {
        return None;
    }
    let complete_ns = round.metrics.complete_ns(Origin::FirstSend);
    let moves_t100 = complete_ns.is_some_and(|complete_ns| worst_ns as f64 > T100_SHARE_MAX * complete_ns as f64);
    let is_one_clock = run.manifest().is_some_and(|manifest| match manifest.backend {
        Backend::Local(_) | Backend::Sim(_) => true,
        Backend::Kubernetes(_) => false,
    });
    let node = round.names.node(node);
    let initiator = round.metrics.initiator.as_deref().unwrap_or("the initiator");
    let share = format!("{:.0} % of t100", T100_SHARE_MAX * 100.0);
    let (severity, meaning) = if round.metrics.delivered < round.metrics.expected {
        (
            Severity::Caution,
            "so clocks disagree, or the record of the first copy is lost as others of this round are".to_owned(),
        )
    } else if is_one_clock && worst_ns >= UNSEEN_STEP_NS {
        let meaning = "which cannot be on one clock, so records are damaged or belong to another round";
        (Severity::Unsound, meaning.to_owned())
    } else if !is_one_clock && moves_t100 {
        let meaning = format!(
            "so the clocks of {node} and {initiator} are at least that far apart, which is more than {share}: times of this \
             round cannot be trusted"
        );
        (Severity::Unsound, meaning)
    } else {
        (
            Severity::Caution,
            format!("so the clocks of {node} and {initiator} are at least that far apart, or one was set"),
        )
    };
    let detail = format!(
        "{count} copies were received before the round's first copy was sent (earliest: at {node}, {:.3} ms before), {meaning}",
        worst_ns as f64 / 1e6
    );
    Some(round.finding(Check::EarlyReceipts, severity, count, detail))
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
    fn receipts_before_the_first_send_are_unsound_on_one_clock_and_where_they_move_t100() {
        let found = |fixture: &Fixture| only(&fixture.audit(), Check::EarlyReceipts);
        assert_eq!(found(&Fixture::flood()), vec![]);
        assert_eq!(found(&Fixture::csv_of_flood()), vec![]);
        // The first copy leaves 20 us after `initiate`; t100 is 1 ms from it.
        let behind = |mut fixture: Fixture, by_ns: i64| {
            let receipt = fixture.first_receipt("n2", 1);
            receipt.received_ns = receipt.sent_ns - by_ns;
            found(&fixture).into_iter().map(|found| (found.severity, found.count)).collect::<Vec<_>>()
        };
        assert_eq!(behind(Fixture::flood(), 1_500_000), [(Severity::Unsound, 1)]);
        assert_eq!(
            behind(Fixture::flood(), 1_500),
            [(Severity::Caution, 1)],
            "nobody notices a clock that is set so little"
        );
        assert_eq!(behind(Fixture::flood(), 900), [], "two readings of one clock may differ by so much");
        let mut lossy = Fixture::flood();
        lossy.silence("n3", 1);
        assert_eq!(behind(lossy, 1_500_000), [(Severity::Caution, 1)], "the first copy may have been another");
        assert_eq!(behind(Fixture::csv_of_flood(), 40_000), [(Severity::Caution, 1)]);
        assert_eq!(behind(Fixture::csv_of_flood(), 60_000), [(Severity::Unsound, 1)]);
    }

    #[test]
    fn a_time_below_zero_is_unsound() {
        let mut fixture = Fixture::csv_of_flood();
        for node in ["n1", "n2", "n3"] {
            fixture.first_receipt(node, 1).received_ns -= 2_000_000;
        }
        let found = only(&fixture.audit(), Check::ImpossibleTimes);
        let late: Vec<_> =
            found.iter().filter(|found| found.detail.starts_with("t100 from initiate is -0.980 ms")).collect();
        assert_eq!((late.len(), late[0].severity, late[0].round), (1, Severity::Unsound, Some(1)), "{found:?}");
    }

    #[test]
    fn a_clock_that_was_set_explains_times_that_run_backwards() {
        let mut fixture = Fixture::flood();
        fixture.first_receipt("n2", 1).received_ns += 3_600_000_000_000;
        fixture.manifest_round(1).clock_steps = 1;
        assert_eq!(only(&fixture.audit(), Check::ImpossibleTimes), vec![]);
    }
}
