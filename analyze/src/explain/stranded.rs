//! The nodes that a round did not reach.

use std::collections::BTreeSet;

use crate::inputs::Loaded;
use crate::measure::whereabouts::Whereabouts;
use crate::measure::{Dissemination, RoundMetrics};
use crate::rounds::Round;

/// Nodes that the manifest or any record of the run names and that this round did not reach.
pub(super) fn stranded(input: &Loaded, round: &Round<'_>, tree: &Dissemination, metrics: &RoundMetrics) -> Vec<String> {
    let events = &input.events;
    let rows = (0..events.len()).filter(|row| events.run[*row] == round.run);
    let numbers: BTreeSet<u32> = rows.flat_map(|row| [events.sender[row], events.receiver[row]]).collect();
    let recorded = numbers.into_iter().map(|number| events.names.nodes.text(number));
    let whereabouts = Whereabouts::of(input.about.runs.get(round.run_id()));
    let mut nodes: BTreeSet<&str> = recorded.chain(whereabouts.nodes()).collect();
    for held in tree.reached.iter().map(|node| node.node.as_str()).chain(metrics.initiator.as_deref()) {
        nodes.remove(held);
    }
    nodes.into_iter().map(str::to_owned).collect()
}
