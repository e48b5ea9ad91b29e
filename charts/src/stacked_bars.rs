//! What figures of stacked bars share: a bar for each condition and number of nodes, made of the same parts in the same order.
//!
//! Bars lie on their side, so that long names have room.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Rect, Stroke};
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{AXIS_LINE_PT, Color, INK, PAPER, Pattern, ROWS_MAX};

/// Share of a row that its bar fills.
const BAR_SHARE: f64 = 0.62;

/// A figure of stacked bars.
pub(crate) struct StackedBars<'a> {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What the length of a bar is.
    pub(crate) length: Quantity,
    pub(crate) parts: Vec<Part<'a>>,
    pub(crate) bars: Vec<Bar<'a>>,
    /// Those without a bar, and why they have none.
    pub(crate) left_out: (&'a [String], &'static str),
}

/// A part that bars have in common.
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) look: (Color, Pattern),
}

/// One bar.
pub(crate) struct Bar<'a> {
    pub(crate) label: &'a str,
    /// The length of each part.
    pub(crate) lengths: Vec<f64>,
}

/// Draws the bars. A negative part lies to the left of zero. Of more than 22 bars the first 22 are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where there is no bar; [`ChartError::Value`].
pub(crate) fn layout(data: StackedBars<'_>, sheet: &Sheet) -> Result<Figure, ChartError> {
    let StackedBars { name, title, length, parts, bars, left_out } = data;
    if bars.is_empty() {
        return Err(ChartError::NoData(name));
    }
    for bar in &bars {
        check_values(name, bar.label, bar.lengths.iter().copied())?;
    }
    let shown = &bars[..bars.len().min(ROWS_MAX)];
    let ends = shown.iter().flat_map(|bar| stack(&bar.lengths)).map(|(_, end)| end);
    let mut figure = Figure::new(name, title, sheet)?;
    let x = Axis::from_zero(length, ends);
    let names: Vec<&str> = shown.iter().map(|bar| bar.label).collect();
    let (panel, rows) = figure.add_named_rows(x, &names);
    for (bar, row) in shown.iter().zip(rows) {
        draw_bar(&mut figure, &panel, (bar, &parts), row);
    }
    if panel.x.low() < 0.0 {
        let zero = panel.at(0.0, panel.y.low()).0;
        figure.canvas.line(vec![(zero, panel.rect.top), (zero, panel.rect.bottom)], Stroke::solid(INK, AXIS_LINE_PT));
    }
    let entry = |Part { name, look: (color, pattern) }: &Part<'_>| Entry {
        key: Key::Bar { color: *color, pattern: *pattern, hatch: PAPER },
        name: (*name).to_owned(),
    };
    figure.draw_legend(&parts.iter().map(entry).collect::<Vec<_>>());
    figure.note_left_out(left_out.0, left_out.1);
    if shown.len() < bars.len() {
        figure.add_note(&format!("The first {} of {} bars are shown.", shown.len(), bars.len()));
    }
    Ok(figure)
}

/// Where each part begins and ends: positive parts to the right of zero, negative ones to its left.
fn stack(lengths: &[f64]) -> Vec<(f64, f64)> {
    let (mut right, mut left) = (0.0, 0.0);
    let ends = lengths.iter().map(|length| {
        let edge = if *length < 0.0 { &mut left } else { &mut right };
        let start = *edge;
        *edge += length;
        (start, *edge)
    });
    ends.collect()
}

fn draw_bar(figure: &mut Figure, panel: &Panel, (bar, parts): (&Bar<'_>, &[Part<'_>]), row: Rect) {
    let inset = row.height() * (1.0 - BAR_SHARE) / 2.0;
    for ((start, end), Part { look: (color, pattern), .. }) in stack(&bar.lengths).into_iter().zip(parts) {
        let x = |value: f64| panel.at(value, panel.y.low()).0;
        let rect = Rect {
            left: x(start.min(end)),
            top: row.top + inset,
            right: x(start.max(end)),
            bottom: row.bottom - inset,
        };
        if rect.width() > 0.0 {
            figure.canvas.bar(rect, *color, *pattern, PAPER);
        }
    }
}
