//! The figure of what rounds cost against how often they reached all.

use cnsim_charts::data::{CostPoint, CostReliability};

use super::group::label;
use crate::measure::{Analysis, Cost, cost};

/// A point for each group whose copies are known.
pub fn cost_reliability(analysis: &Analysis) -> CostReliability {
    let mut figure = CostReliability { points: Vec::new(), left_out: Vec::new() };
    for group in &analysis.groups {
        let Some(Cost { reached_all, copies, control_bytes, .. }) = cost(group) else { continue };
        let (Some(share), Some(copies)) = (reached_all.value, copies) else {
            figure.left_out.push(label(analysis, group));
            continue;
        };
        figure.points.push(CostPoint {
            label: label(analysis, group),
            rounds: group.scored().count() as u64,
            reached_all_percent: 100.0 * share,
            low_percent: reached_all.interval.map(|interval| 100.0 * interval.low),
            high_percent: reached_all.interval.map(|interval| 100.0 * interval.high),
            copies,
            control_bytes,
        });
    }
    figure
}
