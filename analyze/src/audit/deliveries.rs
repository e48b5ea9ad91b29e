//! Deliveries that have no receipt: which the protocol allows, which it rules out, and which are proven to be a loss of
//! records and not of messages.
//!
//! Every record that a node other than the initiator writes in a round implies that the message reached it. A node that
//! appears as a sender, or logs a duplicate, without a receipt of its own was therefore reached and its row is lost.

use std::collections::BTreeSet;

use cnsim::event::Kind;
use cnsim::manifest::{Manifest, Round as DrivenRound};
use cnsim::protocol::Strategy;

use super::sequence::Gaps;
use super::view::{People, Run, Survey, View, reachable};
use super::{Check, Finding, Severity, incidents};
use crate::measure::silent::is_unbegun;
use crate::measure::whereabouts::machine;
use crate::rounds::Round;

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// What is wrong with the deliveries of one round.
pub(super) fn findings<'a>(view: &View<'a>, survey: &Survey<'a>, gaps: &Gaps) -> Vec<Finding> {
    let missing = missing_deliveries(view, survey, gaps);
    let others = missing_initiate(view).into_iter().chain(failed_sends(view)).chain(too_many_receivers(view));
    missing.into_iter().chain(others).collect()
}

/// Rounds that the manifest has and the records do not.
pub(super) fn silent_rounds(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((condition, run_id), run) in &survey.runs {
        let heard: BTreeSet<u32> = run.views.iter().map(|view| survey.views[*view].round).collect();
        let Some(manifest) = run.manifest() else { continue };
        for round in manifest.rounds.iter().filter(|round| !heard.contains(&round.round) && !is_unbegun(round)) {
            let missing = u64::from(manifest.options.nodes.saturating_sub(1));
            let severity = if left_records(manifest, round) { Severity::Unsound } else { Severity::Caution };
            let detail = format!(
                "{}the run drove this round, which reached {} nodes, and not one record of it is here: it counts as never \
                 converged",
                incidents::in_round(run, round.round),
                round.delivered
            );
            findings.push(
                Finding::in_condition(Check::MissingDeliveries, severity, condition, missing, detail)
                    .of_run(run_id)
                    .of_round(round.round, survey.is_scored(round.round)),
            );
        }
    }
    findings
}

/// Whether the driver saw a delivery of a round, or a process that wrote a record in it.
fn left_records(manifest: &Manifest, round: &DrivenRound) -> bool {
    let before = manifest.rounds.iter().filter(|other| other.round < round.round);
    let before: Vec<_> = before.map(|other| &other.last_seqs).collect();
    let has_grown = |(process, seq): (&String, &u64)| {
        let known = before.iter().filter_map(|last_seqs| last_seqs.get(process)).max();
        *seq > known.copied().unwrap_or(0)
    };
    round.delivered > 0 || round.last_seqs.iter().any(has_grown)
}

/// A finding in a round.
pub(super) fn in_round(view: &View<'_>, check: Check, severity: Severity, count: u64, detail: String) -> Finding {
    Finding::in_condition(check, severity, view.condition, count, detail)
        .of_run(view.run_id)
        .of_round(view.round, view.metrics.scored)
}

fn failed_sends(view: &View<'_>) -> Option<Finding> {
    let failed = view.metrics.failed;
    let detail = format!(
        "{failed} sends ended without an acknowledgment, so the round's copies took other ways than the protocol chose"
    );
    (failed > 0).then(|| in_round(view, Check::FailedSends, Severity::Caution, failed, detail))
}

fn too_many_receivers(view: &View<'_>) -> Option<Finding> {
    let (delivered, expected) = (view.metrics.delivered, view.metrics.expected);
    let count = u64::from(delivered.saturating_sub(expected));
    let detail = format!(
        "{delivered} nodes received the message where there are {expected} to receive it, so the number of nodes is wrong \
         or nodes of another network took part; coverage is above 1 and times stand for the first {expected} only"
    );
    (count > 0).then(|| in_round(view, Check::TooManyReceivers, Severity::Unsound, count, detail))
}

fn missing_initiate(view: &View<'_>) -> Option<Finding> {
    if view.evidence.is_begun {
        return None;
    }
    let detail = "somebody began this message and the record of it is lost, so times from initiate do not exist";
    Some(in_round(view, Check::MissingInitiate, Severity::Unsound, 1, detail.to_owned()))
}

fn missing_deliveries<'a>(view: &View<'a>, survey: &Survey<'a>, gaps: &Gaps) -> Option<Finding> {
    let missing = u64::from(view.metrics.expected.saturating_sub(view.metrics.delivered));
    if missing == 0 {
        return None;
    }
    let (run, heard) = (survey.run(view), view.evidence.heard.as_ref()?);
    let census = Census::of(view, heard, run);
    let proven = census.proven(view, survey, gaps.of((view.condition, view.run_id))).min(missing);
    let (severity, why) = if proven > 0 {
        (Severity::Unsound, format!("{proven} of them are proven log loss: the message came and its record is gone"))
    } else {
        judge(view, run, &census)
    };
    let detail = format!(
        "{}{missing} of {} deliveries have no receipt{}; {why}; times that need them are empty and the round counts as \
         never converged",
        incidents::in_round(run, view.round),
        view.metrics.expected,
        census.whereabouts(run),
    );
    Some(in_round(view, Check::MissingDeliveries, severity, missing, detail))
}

/// Whether the protocol allows the deliveries to be missing, and the reason.
fn judge(view: &View<'_>, run: &Run<'_>, census: &Census<'_>) -> (Severity, String) {
    let Some(strategy) = run.strategy else {
        return (Severity::Caution, "the protocol is not on record, so they count as ruled out".to_owned());
    };
    let ruled_out = match targets(view, run, strategy) {
        Some(targets) => census.missing.iter().any(|node| targets.contains(node)),
        None => !strategy.may_miss(run.manifest().is_none_or(|manifest| manifest.topology_complete)),
    };
    if ruled_out {
        (Severity::Caution, "the protocol rules that out while no message is lost".to_owned())
    } else {
        (Severity::Info, "protocol and topology allow that".to_owned())
    }
}

/// The nodes that a lossless round reaches for certain; none where the topology is not known.
fn targets<'a>(view: &View<'_>, run: &Run<'a>, strategy: Strategy) -> Option<BTreeSet<&'a str>> {
    let topology = run.topology()?;
    let initiator = view.metrics.initiator.as_deref()?;
    let start = topology.nodes.iter().position(|node| node.as_str() == initiator)? as u32;
    let reached: BTreeSet<u32> = match strategy {
        Strategy::DirectMail => topology.neighbours()[start as usize].iter().map(|neighbour| neighbour.node).collect(),
        Strategy::Flood => reachable(topology, start),
        Strategy::Push { .. } => BTreeSet::new(),
    };
    Some(reached.into_iter().map(|node| topology.nodes[node as usize].as_str()).collect())
}

/// Who was heard of in a round, by number.
#[derive(Debug)]
pub(super) struct Heard {
    /// Nodes with a receipt.
    received: BTreeSet<u32>,
    /// Those whose own records, or whose copies at others, show that the message came, and who are without one.
    otherwise: BTreeSet<u32>,
}

impl Heard {
    /// What a round's records tell.
    pub(super) fn of(round: &Round<'_>) -> Self {
        let events = round.events;
        let (mut received, mut otherwise) = (BTreeSet::new(), BTreeSet::new());
        for row in round.rows.iter().map(|row| *row as usize) {
            let (sender, receiver) = (events.sender[row], events.receiver[row]);
            match events.kind[row] {
                Kind::Received => received.insert(receiver),
                Kind::Duplicate => otherwise.insert(receiver),
                Kind::Initiate | Kind::Failed => false,
            };
            otherwise.insert(sender);
        }
        otherwise.retain(|node| !received.contains(node));
        Self { received, otherwise }
    }
}

/// Who is missing in a round, by name.
struct Census<'a> {
    /// Nodes of the run without a receipt, the initiator not among them.
    missing: BTreeSet<&'a str>,
    /// Those of them of whom it is known that the message came.
    reached: BTreeSet<&'a str>,
}

impl<'a> Census<'a> {
    fn of(view: &View<'a>, heard: &Heard, run: &Run<'a>) -> Self {
        let initiator = view.metrics.initiator.as_deref();
        let names = |numbers: &BTreeSet<u32>| -> BTreeSet<&'a str> {
            let names = numbers.iter().map(|node| view.names.nodes.text(*node));
            names.filter(|node| Some(*node) != initiator).collect()
        };
        let (received, reached) = (names(&heard.received), names(&heard.otherwise));
        let is_missing = |node: &&str| !received.contains(node) && Some(*node) != initiator;
        Self { missing: run.people().nodes.iter().copied().filter(is_missing).collect(), reached }
    }

    /// How many of the missing deliveries were made for certain.
    fn proven(&self, view: &View<'a>, survey: &Survey<'a>, gaps: &[super::sequence::Gap]) -> u64 {
        let run = survey.run(view);
        let mut reached = self.reached.clone();
        for gap in gaps.iter().filter(|gap| gap.round == Some(view.round)) {
            let roster = run.manifest().map_or(&[][..], |manifest| &manifest.roster);
            let mut hosted = roster.iter().filter(|node| node.process == gap.process);
            // Whatever a node alone in its process wrote in the round, the message had reached it.
            if let (Some(node), None) = (hosted.next(), hosted.next())
                && self.missing.contains(node.id.as_str())
            {
                reached.insert(&node.id);
            }
        }
        // Without a record of it, one of the senders is the initiator.
        let unknown_initiator = u64::from(view.metrics.initiator.is_none());
        let seen_by_driver = run.manifest_round(view.round).map_or(0, |round| round.delivered);
        let by_records = (reached.len() as u64).saturating_sub(unknown_initiator);
        let by_driver = seen_by_driver.saturating_sub(u64::from(view.metrics.delivered));
        by_records.max(by_driver.min(run.unrecorded(survey)))
    }

    /// Who is missing, and where, as far as that is known.
    fn whereabouts(&self, run: &Run<'a>) -> String {
        if self.missing.is_empty() {
            return String::new();
        }
        let people = run.people();
        let places = |nodes: &BTreeSet<&str>| -> BTreeSet<Option<String>> {
            nodes.iter().map(|node| machine(node, people.hosts.get(node).copied())).collect()
        };
        let (here, anywhere) = (places(&self.missing), places(&people.nodes));
        let on = match here.first() {
            _ if anywhere.len() == 1 || here.contains(&None) => String::new(),
            Some(Some(host)) if self.missing.len() == 1 => format!(", on {host}"),
            Some(Some(host)) if here.len() == 1 => format!(", all on {host}"),
            Some(_) | None => format!(", on {} of {} hosts", here.len(), anywhere.len()),
        };
        let shown: Vec<&str> = self.missing.iter().copied().take(NAMES_SHOWN).collect();
        let more = match self.missing.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(" (at {}{more}{}{on})", shown.join(", "), self.pods(people))
    }
}

impl Census<'_> {
    /// The pods that the missing nodes are in, where nodes are not called as their pods.
    fn pods(&self, people: &People<'_>) -> String {
        let pods: BTreeSet<&str> = self.missing.iter().filter_map(|node| people.pods.get(node).copied()).collect();
        if pods.is_empty() || pods == self.missing {
            return String::new();
        }
        let shown: Vec<&str> = pods.iter().copied().take(NAMES_SHOWN).collect();
        let more = match pods.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let word = if pods.len() == 1 { "pod" } else { "pods" };
        format!(", in {word} {}{more}", shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::RoundOutcome;

    use super::super::fixture::{Fixture, only};
    use super::super::{Quality, Verdict};
    use super::*;

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

    #[test]
    fn a_round_without_any_record_is_found() {
        let mut fixture = Fixture::flood();
        fixture.rows.retain(|row| row.round != 1);
        let found = missing(&fixture.audit());
        assert_eq!((found[0].round, found[0].count, found[0].severity), (Some(1), 3, Severity::Unsound));
    }

    #[test]
    fn a_round_that_left_no_record_is_not_proven_to_be_lost() {
        let mut fixture = Fixture::flood();
        fixture.rows.retain(|row| row.round != 2);
        let before = fixture.manifest_round(1).last_seqs.clone();
        fixture.manifest().last_seqs = before.clone();
        fixture.manifest_round(2).last_seqs = before;
        fixture.manifest_round(2).delivered = 0;
        fixture.manifest_round(2).outcome = RoundOutcome::TimedOut;
        let found = missing(&fixture.audit());
        assert_eq!((found[0].round, found[0].severity), (Some(2), Severity::Caution));
    }

    #[test]
    fn a_round_that_a_cut_off_run_may_not_have_begun_misses_nothing() {
        let mut fixture = Fixture::flood();
        fixture.rows.retain(|row| row.round != 2);
        let round = fixture.manifest_round(2);
        (round.outcome, round.delivered) = (RoundOutcome::Interrupted, 0);
        assert_eq!(missing(&fixture.audit()), vec![]);
    }

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
    fn failed_sends_are_counted() {
        let mut fixture = Fixture::flood();
        fixture.fail("n1", "n2", 1);
        assert_eq!(only(&fixture.audit(), Check::FailedSends)[0].count, 1);
    }
}
