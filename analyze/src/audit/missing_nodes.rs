//! Who is missing in a round, and how many of those the message reached for certain.

use std::collections::BTreeSet;

use super::gaps::Gap;
use super::scope::{AuditedRound, AuditedRun, Scope};
use crate::evidence::Receivers;

/// Nodes of a round without a receipt, by id.
pub(super) struct MissingNodes<'a> {
    /// All of them, the initiator not among them.
    pub(super) missing: BTreeSet<&'a str>,
    /// Those of whom other records show that the message came.
    reached: BTreeSet<&'a str>,
    /// How many came after the round was given up, which are not among the missing.
    pub(super) late: u64,
}

impl<'a> MissingNodes<'a> {
    /// Those of a round of a run, whose records tell of `receivers`.
    pub(super) fn of(round: &AuditedRound<'a>, receivers: &Receivers, run: &AuditedRun<'a>) -> Self {
        let initiator = round.metrics.initiator.as_deref();
        let names = |numbers: &BTreeSet<u32>| -> BTreeSet<&'a str> {
            let names = numbers.iter().map(|node| round.names.node(*node));
            names.filter(|node| Some(*node) != initiator).collect()
        };
        let (received, reached) = (names(&receivers.by_receipt), names(&receivers.by_other_records));
        let late = names(&receivers.late);
        let is_missing = |node: &&str| !received.contains(node) && !late.contains(node) && Some(*node) != initiator;
        let missing = run.participants().nodes.iter().copied().filter(is_missing).collect();
        Self { missing, reached, late: late.len() as u64 }
    }

    /// How many of the missing deliveries were made for certain: by the records of others, by gaps in the numbers of their
    /// processes, or by what the driver counted.
    pub(super) fn count_proven(&self, round: &AuditedRound<'a>, scope: &Scope<'a>, gaps: &[Gap]) -> u64 {
        let run = scope.run(round);
        let mut reached = self.reached.clone();
        let gaps = gaps.iter().filter(|gap| gap.round == Some(round.round));
        // Whatever a node alone in its process wrote in the round, the message had reached it.
        let alone = gaps.filter_map(|gap| only_node_of(run, &gap.process));
        reached.extend(alone.filter(|node| self.missing.contains(node)));
        // Without a record of it, one of the senders is the initiator.
        let unknown_initiator = u64::from(round.metrics.initiator.is_none());
        let by_records = (reached.len() as u64).saturating_sub(unknown_initiator);
        // What the driver counted in this round, but no more than records are missing in the whole run.
        let seen_by_driver = run.manifest_round(round.round).map_or(0, |round| round.delivered);
        // The driver's last look at a round that it gave up may see receipts that came after that.
        let by_driver = seen_by_driver.saturating_sub(round.recorded_deliveries() + self.late);
        by_records.max(by_driver.min(scope.unrecorded_deliveries(run)))
    }
}

/// The node of a process that hosts one only, as the manifest says.
fn only_node_of<'a>(run: &AuditedRun<'a>, process: &str) -> Option<&'a str> {
    let roster = run.manifest().map_or(&[][..], |manifest| &manifest.roster);
    let mut hosted = roster.iter().filter(|node| node.process == process);
    match (hosted.next(), hosted.next()) {
        (Some(node), None) => Some(&node.id),
        (Some(_) | None, Some(_) | None) => None,
    }
}
