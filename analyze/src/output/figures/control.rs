//! The figure of control messages by kind.

use std::collections::BTreeSet;

use cnsim_charts::data::{ControlBar, ControlMessages};

use super::group::label;
use crate::measure::{Analysis, Group, RoundControl};
use crate::stats::mean;

/// Control messages per node and round: means over the scored rounds of which they are known. These add up, as medians do not.
pub fn control(analysis: &Analysis) -> ControlMessages {
    let kinds: BTreeSet<&str> = analysis
        .groups
        .iter()
        .flat_map(told)
        .flat_map(|control| control.sent.kinds.keys().map(String::as_str))
        .collect();
    let mut figure = ControlMessages {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        bars: Vec::new(),
        left_out: Vec::new(),
    };
    for group in &analysis.groups {
        match messages(group, &kinds) {
            Some(messages) => figure.bars.push(ControlBar { label: label(analysis, group), messages }),
            None => figure.left_out.push(label(analysis, group)),
        }
    }
    figure
}

/// What scored rounds sent, as far as it is known.
fn told(group: &Group) -> impl Iterator<Item = &RoundControl> {
    group.scored().filter_map(|round| round.control.as_ref())
}

/// Messages per node of each kind; none where nobody knows.
fn messages(group: &Group, kinds: &BTreeSet<&str>) -> Option<Vec<f64>> {
    let nodes = f64::from(group.nodes.max(1));
    let of_kind = |kind: &&str| {
        let sent = told(group).map(|control| control.sent.kinds.get(*kind).map_or(0, |sent| sent.messages));
        mean(sent.map(|messages| messages as f64 / nodes))
    };
    kinds.iter().map(of_kind).collect()
}
