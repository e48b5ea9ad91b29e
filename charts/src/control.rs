//! Control messages by kind: a stacked bar for each condition and number of nodes.

use crate::axis::Quantity;
use crate::data::{ControlBar, ControlMessages};
use crate::drawing::Drawing;
use crate::error::ChartError;
use crate::figure::Figure;
use crate::sheet::Sheet;
use crate::stacked_bars::{self, Bar, Part, StackedBars};
use crate::style::series;

const NAME: &str = "control";

/// Draws what nodes sent beside copies. Of more than 22 bars the first 22 are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where nothing was sent; [`ChartError::Value`].
pub fn control(data: &ControlMessages, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &ControlMessages, sheet: &Sheet) -> Result<Figure, ChartError> {
    if data.kinds.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    let part = |(index, name)| {
        let style = series(index);
        Part { name, look: (style.color, style.pattern) }
    };
    let bars = StackedBars {
        name: NAME,
        title: "Control messages by kind, mean over rounds",
        length: Quantity::count("Control messages per node and round, mean over rounds"),
        parts: data.kinds.iter().map(String::as_str).enumerate().map(part).collect(),
        bars: data.bars.iter().map(bar).collect(),
        left_out: (&data.left_out, "no run folder tells what they sent"),
    };
    let mut figure = stacked_bars::layout(bars, sheet)?;
    if data.bars.iter().any(|bar| bar.messages.iter().all(|messages| *messages == 0.0)) {
        figure.add_note("Where there is no bar, no control message was sent.");
    }
    Ok(figure)
}

fn bar(bar: &ControlBar) -> Bar<'_> {
    Bar { label: &bar.label, lengths: bar.messages.clone() }
}
