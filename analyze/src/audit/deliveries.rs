//! Deliveries that are too many, sends that failed, and rounds that nobody began.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, Scope};

/// What is wrong with the deliveries of one round, but for those that are missing.
pub(super) fn findings<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Vec<Finding> {
    let run = scope.run(round);
    let found = [missing_initiate(round), stopped_sends(round), failed_sends(round, run), too_many_receivers(round)];
    found.into_iter().flatten().collect()
}

fn missing_initiate(round: &AuditedRound<'_>) -> Option<Finding> {
    let detail = "somebody began this message and the record of it is lost, so times from initiate do not exist";
    (!round.evidence.has_initiate)
        .then(|| round.finding(Check::MissingInitiate, Severity::Unsound, 1, detail.to_owned()))
}

/// Sends that failed as the run's faults meant them to.
fn stopped_sends(round: &AuditedRound<'_>) -> Option<Finding> {
    let stopped = round.evidence.explained.stopped;
    let of = round.metrics.sends.map_or_else(String::new, |sends| format!(" of {sends}"));
    let detail = format!("{stopped}{of} sends failed under the faults of the run, as these are meant to do");
    (stopped > 0).then(|| round.finding(Check::FailedSends, Severity::Info, stopped, detail))
}

/// Those that no fault explains.
fn failed_sends(round: &AuditedRound<'_>, run: &AuditedRun<'_>) -> Option<Finding> {
    let failed = round.metrics.failed.saturating_sub(round.evidence.explained.stopped);
    let is_cut = run.was_given_up(round.round) || run.ended_at_horizon(round.round) || run.was_ended_at_work();
    let (severity, meaning) = match (run.loses_copies(), is_cut) {
        (true, false) => (Severity::Info, "copies were lost, as --loss asks for".to_owned()),
        (true, true) => {
            (Severity::Info, "copies were lost, as --loss asks for, or on their way when the round was over".to_owned())
        }
        (false, true) => (Severity::Info, "copies were on their way when the round was over".to_owned()),
        (false, false) => (
            Severity::Caution,
            "sends ended without an acknowledgment, so the round's copies took other ways than the protocol chose"
                .to_owned(),
        ),
    };
    let of = match (severity, round.metrics.sends) {
        (Severity::Info, Some(sends)) => format!(" of {sends}"),
        (Severity::Info, None) | (Severity::Caution | Severity::Unsound, _) => String::new(),
    };
    (failed > 0).then(|| round.finding(Check::FailedSends, severity, failed, format!("{failed}{of} {meaning}")))
}

fn too_many_receivers(round: &AuditedRound<'_>) -> Option<Finding> {
    let (delivered, expected) = (round.metrics.delivered, round.metrics.expected);
    let count = u64::from(delivered.saturating_sub(expected));
    let detail = format!(
        "{delivered} nodes received the message where there are {expected} to receive it, so the number of nodes is wrong \
         or nodes of another network took part; coverage is above 1 and times stand for the first {expected} only"
    );
    (count > 0).then(|| round.finding(Check::TooManyReceivers, Severity::Unsound, count, detail))
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;

    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn more_receivers_than_there_are_nodes_are_found() {
        assert_eq!(only(&Fixture::csv_of_flood().audit(), Check::TooManyReceivers), vec![]);
        let quality = Fixture::csv_of_flood().of_nodes(3).audit();
        let found = only(&quality, Check::TooManyReceivers);
        assert_eq!((found.len(), found[1].count, found[1].severity), (3, 1, Severity::Unsound));
        assert!(found[1].detail.starts_with("3 nodes received the message where there are 2"), "{}", found[1].detail);
    }

    #[test]
    fn a_round_that_nobody_began_is_found() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.rows.retain(|row| !(row.round == 1 && row.kind == Kind::Initiate));
        assert_eq!(only(&fixture.audit(), Check::MissingInitiate).len(), 1);
    }

    #[test]
    fn copies_that_the_run_asked_to_lose_or_that_its_horizon_cut_off_are_told_and_no_more() {
        let mut lossy = Fixture::flood();
        lossy.fail("n1", "n2", 1);
        lossy.manifest().options.transport = cnsim::link::Transport::Datagram;
        lossy.manifest().options.loss = "20%".parse().unwrap();
        assert_eq!(only(&lossy.audit(), Check::FailedSends)[0].severity, Severity::Info);

        let mut cut = Fixture::flood();
        cut.fail("n1", "n2", 1);
        cut.manifest_round(1).outcome = cnsim::manifest::RoundOutcome::Horizon;
        assert_eq!(only(&cut.audit(), Check::FailedSends)[0].severity, Severity::Info);

        // The last calls of an open loop of a protocol that never rests find nodes that have ended.
        for (protocol, severity) in [("push-pull", Severity::Info), ("flood", Severity::Caution)] {
            let mut open = Fixture::flood().with_protocol(protocol);
            open.fail("n1", "n2", 1);
            open.manifest().options.every = "100ms".parse().unwrap();
            assert_eq!(only(&open.audit(), Check::FailedSends)[0].severity, severity, "{protocol}");
        }
    }

    #[test]
    fn failed_sends_are_counted() {
        let mut fixture = Fixture::flood();
        fixture.fail("n1", "n2", 1);
        assert_eq!(only(&fixture.audit(), Check::FailedSends)[0].count, 1);
    }
}
