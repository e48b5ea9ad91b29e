//! Deliveries that have no receipt: which the protocol allows, which it rules out, and which are proven to be a loss of
//! records and not of messages.

use std::collections::BTreeSet;

use cnsim::protocol::Reach;
use cnsim::topology::Topology;

use super::finding::{Check, Finding, Severity};
use super::gaps::Gaps;
use super::incident_words::before_round;
use super::missing_nodes::MissingNodes;
use super::participants::Participants;
use super::scope::{AuditedRound, AuditedRun, Scope};
use crate::measure::machines::machine;

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// Why deliveries are missing, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// So many of the messages came, and their records are gone.
    LogLoss(u64),
    /// So many of the messages came in a run that goes on: their records may still be where they were made.
    NotHereYet(u64),
    /// Nobody says what the protocol was.
    UnknownProtocol,
    /// The protocol reaches every one of these nodes while no message is lost.
    RuledOut,
    /// The protocol need not reach these nodes.
    Allowed,
    /// The simulated links lose copies, as they were asked to.
    Lost,
    /// The simulator gave the round up before they came.
    GivenUp,
    /// Faults befell the round.
    Faults,
    /// Links come and go; so many nodes could be reached, where that is known.
    Moves(Option<u32>),
}

/// What is missing in one round, and what came too late.
pub(super) fn findings<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>, gaps: &Gaps<'a>) -> Vec<Finding> {
    let Some(receivers) = &round.evidence.receivers else { return Vec::new() };
    let nodes = MissingNodes::of(round, receivers, scope.run(round));
    [missing_deliveries(round, scope, gaps, &nodes), late_deliveries(round, &nodes)].into_iter().flatten().collect()
}

fn late_deliveries(round: &AuditedRound<'_>, nodes: &MissingNodes<'_>) -> Option<Finding> {
    let late = nodes.late;
    let detail = format!(
        "{late} of {} deliveries came after the driver had given the round up, so they are none of it: it counts as never \
         converged",
        round.metrics.expected
    );
    (late > 0).then(|| round.finding(Check::LateDeliveries, Severity::Caution, late, detail))
}

fn missing_deliveries<'a>(
    round: &AuditedRound<'a>,
    scope: &Scope<'a>,
    gaps: &Gaps<'a>,
    nodes: &MissingNodes<'a>,
) -> Option<Finding> {
    let run = scope.run(round);
    let missing = u64::from(round.metrics.expected.saturating_sub(round.metrics.delivered)).saturating_sub(nodes.late);
    if missing == 0 {
        return None;
    }
    let proven = nodes.count_proven(round, scope, gaps.of_run((round.condition, round.run_id))).min(missing);
    let cause = match proven {
        0 => judge(round, run, &nodes.missing),
        proven if run.is_going_on() => Cause::NotHereYet(proven),
        proven => Cause::LogLoss(proven),
    };
    let detail = format!(
        "{}{missing} of {} deliveries have no receipt{}; {}; times that need them are empty and the round counts as never \
         converged",
        before_round(run, round.round),
        round.metrics.expected,
        describe_whereabouts(&nodes.missing, run.participants()),
        cause.describe(),
    );
    Some(round.finding(Check::MissingDeliveries, cause.severity(), missing, detail))
}

/// Whether the protocol allows the deliveries to be missing.
fn judge(round: &AuditedRound<'_>, run: &AuditedRun<'_>, missing: &BTreeSet<&str>) -> Cause {
    let Some(reach) = run.promises.map(|promises| promises.reach) else { return Cause::UnknownProtocol };
    let is_ruled_out = match certain_receivers(round, run, reach) {
        Some(certain) => missing.iter().any(|node| certain.contains(node)),
        // Without the graph only the protocol's promise for any graph of that kind is left.
        None => !reach.may_miss(run.manifest().is_none_or(|manifest| manifest.topology_complete)),
    };
    match is_ruled_out {
        _ if round.metrics.under_faults.is_some() => Cause::Faults,
        _ if run.moves() => Cause::Moves(round.metrics.reachable.as_ref().map(|reachable| reachable.expected)),
        false => Cause::Allowed,
        true if run.was_given_up(round.round) => Cause::GivenUp,
        true if run.loses_copies() => Cause::Lost,
        true => Cause::RuledOut,
    }
}

/// The nodes that a lossless round reaches for certain; none where the topology or the initiator is not known.
fn certain_receivers<'a>(round: &AuditedRound<'_>, run: &AuditedRun<'a>, reach: Reach) -> Option<BTreeSet<&'a str>> {
    let topology = run.topology()?;
    let initiator = round.metrics.initiator.as_deref()?;
    let start = topology.nodes.iter().position(|node| node.as_str() == initiator)? as u32;
    let reached: BTreeSet<u32> = match reach {
        Reach::Neighbours => topology.neighbours()[start as usize].iter().map(|neighbour| neighbour.node).collect(),
        Reach::Everyone => reachable(topology, start),
        Reach::Chance => BTreeSet::new(),
    };
    Some(reached.into_iter().map(|node| topology.nodes[node as usize].as_str()).collect())
}

/// The nodes that a flood from `start` can reach, itself included, as numbers in the topology's list.
fn reachable(topology: &Topology, start: u32) -> BTreeSet<u32> {
    let neighbours = topology.neighbours();
    let mut reached = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        let next = neighbours[node as usize].iter().map(|neighbour| neighbour.node);
        open.extend(next.filter(|node| reached.insert(*node)));
    }
    reached
}

impl Cause {
    /// Times without lost records are wrong; what the protocol rules out was lost on its way or in a log, and nobody can
    /// tell which.
    fn severity(self) -> Severity {
        match self {
            Self::LogLoss(_) => Severity::Unsound,
            Self::NotHereYet(_) | Self::UnknownProtocol | Self::RuledOut => Severity::Caution,
            Self::Allowed | Self::Lost | Self::GivenUp | Self::Faults | Self::Moves(_) => Severity::Info,
        }
    }

    fn describe(self) -> String {
        let words = match self {
            Self::LogLoss(proven) => {
                return format!("{proven} of them are proven log loss: the message came and its record is gone");
            }
            Self::NotHereYet(came) => {
                return format!("{came} of them came, and the run goes on: their records may not be here yet");
            }
            Self::Moves(Some(reachable)) => {
                return format!(
                    "links come and go, and a message could reach {reachable} nodes at all before the round was over"
                );
            }
            Self::Moves(None) => "links come and go, and may have left no way to them",
            Self::UnknownProtocol => "the protocol is not on record, so they count as ruled out",
            Self::RuledOut => "the protocol rules that out while no message is lost",
            Self::Allowed => "protocol and topology allow that",
            Self::Lost => "copies were lost, as --loss asks for",
            Self::GivenUp => "the round was given up before they came",
            Self::Faults => "the faults of the run may have stopped them",
        };
        words.to_owned()
    }
}

/// Who is missing, and where, as far as that is known.
fn describe_whereabouts(missing: &BTreeSet<&str>, participants: &Participants<'_>) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let names = join_first(missing);
    let (pods, hosts) = (describe_pods(missing, participants), describe_hosts(missing, participants));
    format!(" (at {names}{pods}{hosts})")
}

/// The pods that the missing nodes are in, where nodes are not called as their pods.
fn describe_pods(missing: &BTreeSet<&str>, participants: &Participants<'_>) -> String {
    let pods: BTreeSet<&str> = missing.iter().filter_map(|node| participants.pods.get(node).copied()).collect();
    if pods.is_empty() || pods == *missing {
        return String::new();
    }
    let word = if pods.len() == 1 { "pod" } else { "pods" };
    format!(", in {word} {}", join_first(&pods))
}

/// The hosts that the missing nodes are on, where all are known and the run has several.
fn describe_hosts(missing: &BTreeSet<&str>, participants: &Participants<'_>) -> String {
    let hosts = |nodes: &BTreeSet<&str>| -> BTreeSet<Option<String>> {
        nodes.iter().map(|node| machine(node, participants.hosts.get(node).copied())).collect()
    };
    let (of_missing, of_all) = (hosts(missing), hosts(&participants.nodes));
    match of_missing.first() {
        _ if of_all.len() == 1 || of_missing.contains(&None) => String::new(),
        Some(Some(host)) if missing.len() == 1 => format!(", on {host}"),
        Some(Some(host)) if of_missing.len() == 1 => format!(", all on {host}"),
        Some(_) | None => format!(", on {} of {} hosts", of_missing.len(), of_all.len()),
    }
}

/// The first few of some names, and how many more there are.
fn join_first(names: &BTreeSet<&str>) -> String {
    let shown: Vec<&str> = names.iter().copied().take(NAMES_SHOWN).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;
    use cnsim::manifest::{RoundOutcome, RunOutcome};

    use super::super::finding::Verdict;
    use super::super::fixture::{Fixture, only};
    use super::super::quality::Quality;
    use super::*;

    #[test]
    fn nothing_is_proven_to_be_lost_while_the_run_goes_on() {
        let mut fixture = Fixture::direct_mail_csv(["n0", "n1", "n2", "n3"]).with_manifest("direct-mail");
        fixture.rows.retain(|row| row.round != 2 && !(row.round == 1 && row.receiver == "n2"));
        fixture.manifest().outcome = RunOutcome::Running;
        let quality = fixture.audit();
        assert_eq!((quality.findings[0].check, quality.verdict), (Check::RunStillGoing, Verdict::Caution));
        let severities: Vec<Severity> = missing(&quality).iter().map(|found| found.severity).collect();
        assert_eq!(severities, [Severity::Caution], "{:?}", missing(&quality));
    }

    #[test]
    fn what_comes_after_the_round_was_given_up_is_late_and_not_delivered() {
        let mut fixture = Fixture::flood();
        let driven = fixture.manifest_round(1);
        (driven.outcome, driven.driver_ms, driven.delivered) = (RoundOutcome::TimedOut, 3.0, 2);
        // The round began 0.02 ms before its first copy: n3 is reached 25 s later.
        fixture.first_receipt("n3", 1).received_ns += 25_000_000_000;
        let quality = fixture.audit();
        let late = only(&quality, Check::LateDeliveries);
        assert_eq!((late.len(), late[0].count, late[0].round), (1, 1, Some(1)));
        assert_eq!(missing(&quality), [], "it has a receipt");
        assert_eq!(fixture.coverage(1), 2.0 / 3.0);
        assert_eq!(fixture.t100_ms(1), None);
    }

    fn missing(quality: &Quality) -> Vec<Finding> {
        only(quality, Check::MissingDeliveries)
    }

    #[test]
    fn a_complete_run_misses_nothing() {
        let quality = Fixture::flood().audit();
        for check in [Check::MissingDeliveries, Check::MissingInitiate, Check::FailedSends] {
            assert_eq!(only(&quality, check), vec![]);
        }
        assert_eq!(quality.verdict, Verdict::Sound, "{:?}", quality.findings);
    }

    #[test]
    fn a_lost_receipt_of_a_node_that_forwards_is_proven_log_loss() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.rows.retain(|row| !(row.round == 1 && row.kind == Kind::Received && row.receiver == "n2"));
        let found = missing(&fixture.audit());
        assert_eq!((found.len(), found[0].count, found[0].severity), (1, 1, Severity::Unsound));
        assert!(found[0].detail.contains("1 of them are proven log loss"), "{}", found[0].detail);
    }

    #[test]
    fn a_loss_of_unknown_cause_is_named_with_its_nodes_and_host() {
        let mut fixture = Fixture::direct_mail_csv(["10.60.3.1", "10.60.4.1", "10.60.4.2", "10.60.4.7"]);
        fixture.rows.retain(|row| !(row.round == 1 && row.receiver.starts_with("10.60.4.")));
        let quality = fixture.audit();
        let found = missing(&quality);
        assert_eq!((found[0].count, found[0].severity, quality.verdict), (3, Severity::Caution, Verdict::Caution));
        assert!(
            found[0].detail.contains("(at 10.60.4.1, 10.60.4.2, 10.60.4.7, all on 10.60.4.x)"),
            "{}",
            found[0].detail
        );
        assert!(found[0].detail.contains("the protocol is not on record"), "{}", found[0].detail);
    }

    #[test]
    fn a_loss_in_a_warm_up_round_is_listed_and_does_not_count() {
        let mut fixture = Fixture::direct_mail_csv(["a", "b", "c", "d"]);
        fixture.rows.retain(|row| !(row.round == 0 && row.receiver == "c"));
        let quality = fixture.audit();
        assert!(missing(&quality)[0].detail.ends_with("(warm-up round: in no statistic)"));
        assert_eq!(quality.verdict, Verdict::Sound);
    }

    #[test]
    fn push_may_miss_nodes_and_flood_may_not() {
        for (protocol, severity) in [("push:2", Severity::Info), ("flood", Severity::Caution)] {
            let mut fixture = Fixture::flood().with_protocol(protocol);
            fixture.silence("n3", 1);
            assert_eq!(missing(&fixture.audit())[0].severity, severity, "{protocol}");
        }
    }

    #[test]
    fn a_flood_may_miss_only_what_the_topology_does_not_lead_to() {
        let mut fixture = Fixture::flood();
        fixture.silence("n3", 1);
        fixture.cut_off("n3");
        assert_eq!(missing(&fixture.audit())[0].severity, Severity::Info);
    }

    #[test]
    fn what_the_driver_saw_delivered_is_log_loss_when_no_record_says_so() {
        let mut fixture = Fixture::direct_mail_csv(["n0", "n1", "n2", "n3"]).with_manifest("direct-mail");
        fixture.rows.retain(|row| !(row.round == 1 && row.receiver == "n2"));
        assert_eq!(missing(&fixture.audit())[0].severity, Severity::Unsound);
    }

    #[test]
    fn a_late_copy_that_a_round_counts_proves_no_loss_in_it() {
        let mut fixture = Fixture::direct_mail_csv(["n0", "n1", "n2", "n3"]).with_manifest("direct-mail");
        fixture.rows.retain(|row| !(row.round == 2 && row.receiver == "n2"));
        // The copy of round 1 to n3 came in the time of round 2, whose copy to n2 failed.
        fixture.manifest_round(1).delivered -= 1;
        let found = missing(&fixture.audit());
        assert_eq!((found.len(), found[0].round, found[0].severity), (1, Some(2), Severity::Caution));
    }
}
