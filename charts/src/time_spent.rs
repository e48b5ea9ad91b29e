//! Where the time until the last delivery went: a stacked bar for each condition and number of nodes.
//!
//! Bars lie on their side, so that long names have room.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Rect, Stroke};
use crate::data::{TimeBar, TimeSpent};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{AXIS_LINE_PT, INK, PAPER, ROWS_MAX, TIME_PARTS};

const NAME: &str = "time-spent";
/// Share of a row that its bar fills.
const BAR_SHARE: f64 = 0.62;
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
    if data.bars.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for bar in &data.bars {
        check_values(NAME, &bar.label, parts(bar))?;
    }
    let shown = &data.bars[..data.bars.len().min(ROWS_MAX)];
    let ends = shown.iter().flat_map(|bar| stack(bar).map(|(_, end)| end));
    let mut figure = Figure::new(NAME, "Where the time until the last delivery went, mean over rounds", sheet)?;
    let x = Axis::from_zero(Quantity::ms("Time until the last delivery, mean over rounds"), ends);
    let names: Vec<&str> = shown.iter().map(|bar| bar.label.as_str()).collect();
    let (panel, rows) = figure.add_named_rows(x, &names);
    for (bar, row) in shown.iter().zip(rows) {
        draw_bar(&mut figure, &panel, bar, row);
    }
    if panel.x.low() < 0.0 {
        let zero = panel.at(0.0, panel.y.low()).0;
        figure.canvas.line(vec![(zero, panel.rect.top), (zero, panel.rect.bottom)], Stroke::solid(INK, AXIS_LINE_PT));
    }
    let entries = PARTS.into_iter().zip(TIME_PARTS);
    let entries = entries.map(|(name, (color, pattern))| Entry {
        key: Key::Bar { color, pattern, hatch: PAPER },
        name: name.to_owned(),
    });
    figure.draw_legend(&entries.collect::<Vec<_>>());
    figure.note_left_out(&data.left_out, "the path to the last delivery is known in no round");
    if shown.len() < data.bars.len() {
        figure.add_note(&format!("The first {} of {} bars are shown.", shown.len(), data.bars.len()));
    }
    Ok(figure)
}

fn parts(bar: &TimeBar) -> [f64; 3] {
    [bar.setup_ms, bar.waiting_ms, bar.wire_ms]
}

/// Where each part begins and ends: positive parts to the right of zero, negative ones to its left.
fn stack(bar: &TimeBar) -> [(f64, f64); 3] {
    let (mut right, mut left) = (0.0, 0.0);
    parts(bar).map(|part| {
        let edge = if part < 0.0 { &mut left } else { &mut right };
        let start = *edge;
        *edge += part;
        (start, *edge)
    })
}

fn draw_bar(figure: &mut Figure, panel: &Panel, bar: &TimeBar, row: Rect) {
    let inset = row.height() * (1.0 - BAR_SHARE) / 2.0;
    for ((start, end), (color, pattern)) in stack(bar).into_iter().zip(TIME_PARTS) {
        let x = |value: f64| panel.at(value, panel.y.low()).0;
        let rect = Rect {
            left: x(start.min(end)),
            top: row.top + inset,
            right: x(start.max(end)),
            bottom: row.bottom - inset,
        };
        if rect.width() > 0.0 {
            figure.canvas.bar(rect, color, pattern, PAPER);
        }
    }
}
