//! The ticks at the left of data areas, and the room that they and the axis' title take.

use crate::axis::{Axis, Tick};
use crate::font::Face;
use crate::style::{BORDER_PT, GAP_PT, LEADING, SMALL_PT, TEXT_PT, TICK_PT};

/// Room between two labelled ticks above each other.
const TICK_ROWS_PT: f64 = 26.0;
/// Lines of an axis' title.
pub(crate) const TITLE_LINES: usize = 2;

/// One tick alone gives no scale: an axis across 0 may have no other multiple of a wide step.
pub(crate) fn choose_left_ticks(axis: &Axis, height_pt: f64) -> Vec<Tick> {
    let most = (height_pt / TICK_ROWS_PT) as usize;
    let ticks = axis.ticks(most);
    if ticks.len() < 2 { axis.ticks(most * 2) } else { ticks }
}

/// Where a data area begins so that titles and tick labels of all given axes have room at its left.
pub(crate) fn left_margin_pt(axes: &[&Axis], height_pt: f64) -> f64 {
    let face = Face::regular(SMALL_PT);
    let labels = axes.iter().flat_map(|axis| choose_left_ticks(axis, height_pt));
    let widest = labels.map(|tick| face.width_pt(&tick.label)).fold(0.0, f64::max);
    let title = Face::regular(TEXT_PT);
    let lines = axes.iter().map(|axis| title.wrap(&axis.title(), height_pt, TITLE_LINES).len()).max().unwrap_or(1);
    BORDER_PT + lines as f64 * TEXT_PT * LEADING + GAP_PT + widest + 2.0 + TICK_PT
}
