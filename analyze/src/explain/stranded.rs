//! The nodes that a round did not reach.

use std::collections::BTreeSet;

use crate::inputs::Loaded;
use crate::measure::{Dissemination, RoundMetrics};
use crate::rounds::{Round, Rounds};

/// Nodes that the manifest or any record of the run names and that this round did not reach.
pub(super) fn stranded(input: &Loaded, round: &Round<'_>, tree: &Dissemination, metrics: &RoundMetrics) -> Vec<String> {
    let rounds = Rounds::of(&input.events);
    let mut numbers: BTreeSet<u32> = BTreeSet::new();
    for batch in rounds.batches() {
        let batch = rounds.lay_out(batch);
        for of_run in batch.iter().filter(|other| other.run == round.run) {
            numbers.extend(of_run.rows.flat_map(|row| [of_run.events.sender[row], of_run.events.receiver[row]]));
        }
    }
    let recorded = numbers.into_iter().map(|number| rounds.names().nodes.text(number));
    let roster = input.about.runs.get(round.run_id()).into_iter().flat_map(|facts| &facts.manifest.roster);
    let mut nodes: BTreeSet<&str> = recorded.chain(roster.map(|node| node.id.as_str())).collect();
    for held in tree.reached.iter().map(|node| node.node.as_str()).chain(metrics.initiator.as_deref()) {
        nodes.remove(held);
    }
    nodes.into_iter().map(str::to_owned).collect()
}
