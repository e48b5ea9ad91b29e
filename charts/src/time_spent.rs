//! Where the time until the last delivery went: a stacked bar for each condition and number of nodes.

use crate::axis::Quantity;
use crate::data::{TimeBar, TimeSpent};
use crate::drawing::Drawing;
use crate::error::ChartError;
use crate::figure::Figure;
use crate::sheet::Sheet;
use crate::stacked_bars::{self, Bar, Part, StackedBars};
use crate::style::TIME_PARTS;

const PARTS: [&str; 3] = ["set-up at the initiator", "waiting at forwarders", "on the wire"];

/// Draws where time went. A negative part (clocks that disagree) lies to the left of zero. Of more than 22 bars the first 22 are drawn,
/// and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where there is no bar; [`ChartError::Value`].
pub fn time_spent(data: &TimeSpent, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &TimeSpent, sheet: &Sheet) -> Result<Figure, ChartError> {
    let parts = PARTS.into_iter().zip(TIME_PARTS).map(|(name, look)| Part { name, look });
    let bars = StackedBars {
        name: "time-spent",
        title: "Where the time until the last delivery went, mean over rounds",
        length: Quantity::ms("Time until the last delivery, mean over rounds"),
        parts: parts.collect(),
        bars: data.bars.iter().map(bar).collect(),
        left_out: (&data.left_out, "the path to the last delivery is known in no round"),
    };
    stacked_bars::layout(bars, sheet)
}

fn bar(bar: &TimeBar) -> Bar<'_> {
    Bar { label: &bar.label, lengths: vec![bar.setup_ms, bar.waiting_ms, bar.wire_ms] }
}
