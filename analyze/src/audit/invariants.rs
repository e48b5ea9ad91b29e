//! What no correct run can record. A check whose conditions do not hold is not applied and finds nothing.

use cnsim::invariant::{Flood, Verdict, Violation, direct_mail_has_no_duplicates, flood_duplicates};
use cnsim::manifest::RoundOutcome;
use cnsim::protocol::Duplicates;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, Scope};
use crate::evidence::{BrokenInvariant, ImpossibleCopies, Names};

/// One finding for each invariant that a round breaks.
pub(super) fn findings<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>) -> Vec<Finding> {
    let of_copies = judge_copies(round, scope.run(round)).and_then(BrokenInvariant::of);
    let finding = |broken: &BrokenInvariant| {
        let detail = describe(&broken.example, round.names);
        round.finding(Check::InvariantBroken, Severity::Unsound, broken.count, detail)
    };
    let mut findings: Vec<Finding> = round.evidence.broken.iter().chain(&of_copies).map(finding).collect();
    findings.extend(round.evidence.impossible_copies.iter().map(|(count, copies)| {
        let detail = describe_copies(*copies, round.names);
        round.finding(Check::InvariantBroken, Severity::Unsound, *count, detail)
    }));
    findings
}

/// The invariant of the number of copies, where the protocol has one and all of them were recorded.
fn judge_copies(round: &AuditedRound<'_>, run: &AuditedRun<'_>) -> Option<Verdict> {
    let duplicates = round.metrics.duplicates?;
    match run.promises?.duplicates {
        Duplicates::Never => Some(direct_mail_has_no_duplicates(duplicates)),
        Duplicates::OfFlood => Some(match flood(round, duplicates, run) {
            Some(_) if round.metrics.under_faults.is_some() => Verdict::NotApplied("under faults nothing is promised"),
            Some(_) if run.moves() => Verdict::NotApplied("links come and go"),
            Some(_) if !came_to_rest(round, run) => Verdict::NotApplied("copies of it were still on their way"),
            Some(flood) => flood_duplicates(flood),
            None => Verdict::NotApplied("the topology is not known"),
        }),
        Duplicates::Open => None,
    }
}

/// Whether the round went on until nothing was on its way, as far as a manifest says.
fn came_to_rest(round: &AuditedRound<'_>, run: &AuditedRun<'_>) -> bool {
    run.manifest_round(round.round).is_none_or(|round| round.outcome == RoundOutcome::Quiescent)
}

fn flood(round: &AuditedRound<'_>, duplicates: u64, run: &AuditedRun<'_>) -> Option<Flood> {
    let (topology, shape) = (run.topology()?, run.topology_shape?);
    Some(Flood {
        nodes: topology.nodes.len() as u64,
        edges: topology.edges.len() as u64,
        directed: topology.directed,
        simple: shape.is_simple,
        connected: shape.is_connected,
        delivered: u64::from(round.metrics.delivered),
        failed: round.metrics.failed,
        duplicates,
    })
}

/// The rule that is broken, how, and what follows.
fn describe(violation: &Violation, names: &Names) -> String {
    let (rule, example) = match violation {
        Violation::SecondFirstReceipt { node } => {
            let example = format!("{} has more than one first receipt", names.node(*node));
            ("a node receives a message for the first time once", example)
        }
        Violation::HopNotBehindParent { node, hop, parent_hop } => {
            let example = format!("{} is at hop {hop}, its parent at hop {parent_hop}", names.node(*node));
            ("a receiver is one hop behind its sender", example)
        }
        Violation::OwnAncestor { node } => {
            let example = format!("{} is its own ancestor", names.node(*node));
            ("first deliveries form a tree", example)
        }
        Violation::DirectMailDuplicates { duplicates } => {
            ("direct mail makes no duplicates", format!("{duplicates} duplicates, 0 expected"))
        }
        Violation::FloodDuplicates { duplicates, expected } => {
            let example = format!("{duplicates} duplicates, {expected} expected");
            ("a complete flood makes 2(E - n + 1) duplicates", example)
        }
    };
    sentence(rule, &example)
}

/// The same of copies that cannot be.
fn describe_copies(copies: ImpossibleCopies, names: &Names) -> String {
    match copies {
        ImpossibleCopies::SharedName { sender, receiver } => {
            let example = format!("that of {} > {} stands for two", names.node(sender), names.node(receiver));
            sentence("a copy's send_id is its own", &example)
        }
        ImpossibleCopies::SentTwice { sender, receiver } => {
            let example = format!("{} sent {} two", names.node(sender), names.node(receiver));
            sentence("a node sends another one copy of a message", &example)
        }
        ImpossibleCopies::TooMany { sender, sent, most } => {
            let example = format!("{} sent {sent} where its protocol lets it send {most}", names.node(sender));
            sentence("a node sends no more copies than its protocol says", &example)
        }
    }
}

fn sentence(rule: &str, example: &str) -> String {
    format!("{rule}, but here {example}: records are missing or contradict each other, or the program is wrong")
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;

    use super::super::fixture::{Fixture, only};
    use super::*;

    fn broken(fixture: &Fixture) -> Vec<Finding> {
        only(&fixture.audit(), Check::InvariantBroken)
    }

    #[test]
    fn a_clean_flood_breaks_nothing() {
        assert_eq!(broken(&Fixture::flood()), vec![]);
        assert_eq!(broken(&Fixture::direct_mail_csv(["a", "b", "c", "d"])), vec![]);
    }

    #[test]
    fn a_hop_that_is_not_behind_its_parent_is_found_with_the_node() {
        let mut fixture = Fixture::flood();
        fixture.first_receipt("n2", 1).hop = 0;
        let found = broken(&fixture);
        // Its own copies, two duplicates, say that it is further away.
        assert_eq!((found.len(), found[0].count, found[0].severity), (1, 3, Severity::Unsound));
        assert!(found[0].detail.contains("n2 is at hop 0, its parent at hop 0"), "{}", found[0].detail);
    }

    #[test]
    fn a_cycle_is_found() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.first_receipt("n1", 1).sender = "n2".to_owned();
        fixture.first_receipt("n2", 1).sender = "n1".to_owned();
        assert_eq!(broken(&fixture).len(), 1);
    }

    #[test]
    fn a_flood_with_a_duplicate_too_few_is_found() {
        let found = broken(&Fixture::flood().without_duplicate(1));
        assert_eq!((found.len(), found[0].count, found[0].round), (1, 1, Some(1)));
        assert!(found[0].detail.contains("5 duplicates, 6 expected"), "{}", found[0].detail);
    }

    #[test]
    fn the_duplicates_of_a_round_that_lost_a_process_are_not_judged() {
        let mut fixture = Fixture::flood().without_duplicate(1);
        fixture.manifest_round(1).outcome = RoundOutcome::Disturbed;
        assert_eq!(broken(&fixture), vec![]);
    }

    #[test]
    fn direct_mail_with_a_duplicate_is_found() {
        let mut fixture = Fixture::direct_mail_csv(["n0", "n1", "n2", "n3"]).with_manifest("direct-mail");
        fixture.first_receipt("n2", 1).kind = Kind::Received;
        fixture.repeat_as_duplicate("n2", 1);
        let found = broken(&fixture);
        assert!(found[0].detail.starts_with("direct mail makes no duplicates"), "{found:?}");
        assert!(found[1].detail.contains("n0 sent n2 two"), "{found:?}");
    }
}
