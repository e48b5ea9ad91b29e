//! What no correct run can record. A check whose conditions do not hold is not applied and finds nothing.

use cnsim::event::Kind;
use cnsim::invariant::{
    Arrival, Flood, Verdict, acyclic_tree, direct_mail_has_no_duplicates, flood_duplicates, hop_follows_parent,
    one_first_receipt,
};
use cnsim::manifest::RoundOutcome;
use cnsim::protocol::Strategy;

use super::deliveries::in_round;
use super::view::{Run, Survey, View};
use super::{Check, Finding, Severity};
use crate::rounds::Round;
use cnsim_records::frame::Dictionary;

/// An invariant that a round's records break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    rule: &'static str,
    count: u64,
    /// What is wrong, with the node where it is at one.
    example: String,
}

/// The invariants that a round's records break by themselves.
pub(super) fn broken(round: &Round<'_>, initiator: Option<&str>) -> Vec<Broken> {
    let (arrivals, nodes) = (arrivals(round), &round.events.names.nodes);
    let mut verdicts = vec![("a node receives a message for the first time once", one_first_receipt(&arrivals))];
    if let Some(initiator) = initiator.and_then(|node| nodes.number(node)) {
        verdicts.push(("a receiver is one hop behind its sender", hop_follows_parent(&arrivals, initiator)));
        verdicts.push(("first deliveries form a tree", acyclic_tree(&arrivals, initiator)));
    }
    verdicts.into_iter().filter_map(|(rule, verdict)| Broken::of(rule, verdict, nodes)).collect()
}

/// One finding for each invariant that a round breaks.
pub(super) fn findings<'a>(view: &View<'a>, survey: &Survey<'a>) -> Vec<Finding> {
    let of_copies = of_copies(view, survey.run(view));
    let of_copies = of_copies.and_then(|(rule, verdict)| Broken::of(rule, verdict, &view.names.nodes));
    view.evidence.broken.iter().chain(&of_copies).map(|broken| finding(view, broken)).collect()
}

/// The invariant of the number of copies, where the protocol has one.
fn of_copies(view: &View<'_>, run: &Run<'_>) -> Option<(&'static str, Verdict)> {
    match run.strategy? {
        Strategy::DirectMail => {
            Some(("direct mail makes no duplicates", direct_mail_has_no_duplicates(view.metrics.duplicates)))
        }
        Strategy::Flood => {
            let verdict = match flood(view, run) {
                Some(_) if !was_quiet(view, run) => Verdict::NotApplied("copies of it were still on their way"),
                Some(flood) => flood_duplicates(flood),
                None => Verdict::NotApplied("the topology is not known"),
            };
            Some(("a complete flood makes 2(E - n + 1) duplicates", verdict))
        }
        Strategy::Push { .. } => None,
    }
}

impl Broken {
    fn of(rule: &'static str, verdict: Verdict, nodes: &Dictionary) -> Option<Self> {
        let (count, node, words) = match verdict {
            Verdict::Holds | Verdict::NotApplied(_) => return None,
            Verdict::Broken { count, node, detail } => (count, node, detail),
        };
        let example = match node {
            Some(node) => format!("{} {words}", nodes.text(node)),
            None => words,
        };
        Some(Self { rule, count, example })
    }
}

fn finding(view: &View<'_>, Broken { rule, count, example }: &Broken) -> Finding {
    let detail =
        format!("{rule}, but here {example}: records are missing or contradict each other, or the program is wrong");
    in_round(view, Check::InvariantBroken, Severity::Unsound, *count, detail)
}

fn arrivals(round: &Round<'_>) -> Vec<Arrival> {
    let events = round.events;
    let rows = round.rows.iter().map(|row| *row as usize);
    rows.filter_map(|row| {
        let duplicate = match events.kind[row] {
            Kind::Received => false,
            Kind::Duplicate => true,
            Kind::Initiate | Kind::Failed => return None,
        };
        let hop = u32::try_from(events.hop[row]).ok();
        Some(Arrival { receiver: events.receiver[row], sender: events.sender[row], hop, duplicate })
    })
    .collect()
}

/// Whether the round went on until nothing was on its way, as far as a manifest says.
fn was_quiet(view: &View<'_>, run: &Run<'_>) -> bool {
    run.manifest_round(view.round).is_none_or(|round| round.outcome == RoundOutcome::Quiescent)
}

fn flood(view: &View<'_>, run: &Run<'_>) -> Option<Flood> {
    let (topology, shape) = (run.topology()?, run.shape?);
    Some(Flood {
        nodes: topology.nodes.len() as u64,
        edges: topology.edges.len() as u64,
        directed: topology.directed,
        simple: shape.simple,
        connected: shape.connected,
        delivered: u64::from(view.metrics.delivered),
        failed: view.metrics.failed,
        duplicates: view.metrics.duplicates,
    })
}

#[cfg(test)]
mod tests {
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
        assert_eq!((found.len(), found[0].count, found[0].severity), (1, 1, Severity::Unsound));
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
        assert_eq!(broken(&fixture).len(), 1);
    }
}
