//! What conditions differ by: a row for each comparison, its shift as a point on its interval (a forest plot).

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Rect, Stroke};
use crate::data::{Effect, Effects};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{AXIS_LINE_PT, INK, LINE_PT, MARKER_PT, MEDIAN, MUTED, Marker, ROWS_MAX};

const NAME: &str = "effects";
/// Half the height of an interval's end, and of an arrow's head.
const CAP_PT: f64 = 3.0;

/// Draws effects. Of more than 22 the first 22 are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where there is no row; [`ChartError::Value`].
pub fn effects(data: &Effects, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &Effects, sheet: &Sheet) -> Result<Figure, ChartError> {
    if data.rows.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for row in &data.rows {
        check_values(NAME, &row.label, values(row))?;
    }
    let shown = &data.rows[..data.rows.len().min(ROWS_MAX)];
    let mut figure = Figure::new(NAME, "What conditions differ by, with intervals", sheet)?;
    let x = Axis::from_zero(Quantity::named(&data.words, data.unit.as_deref()), shown.iter().flat_map(values));
    let names: Vec<&str> = shown.iter().map(|row| row.label.as_str()).collect();
    let (panel, rows) = figure.add_named_rows(x, &names);
    let (zero, _) = panel.at(0.0, panel.y.low());
    let none = Stroke { color: MUTED, width_pt: AXIS_LINE_PT, dash: &[3.0, 2.0] };
    figure.canvas.line(vec![(zero, panel.rect.top), (zero, panel.rect.bottom)], none);
    for (effect, row) in shown.iter().zip(rows) {
        draw_row(&mut figure, &panel, effect, row);
    }
    if shown.iter().any(|row| row.low.is_none() || row.high.is_none()) {
        figure.add_note("An arrow: the interval has no end on that side.");
    }
    if shown.iter().any(|row| row.shift.is_none()) {
        figure.add_note("A line without a point: the shift is infinite or not known, its interval is not.");
    }
    figure.note_left_out(&data.left_out, "neither a shift nor an end of its interval is known");
    if shown.len() < data.rows.len() {
        figure.add_note(&format!("The first {} of {} comparisons are shown.", shown.len(), data.rows.len()));
    }
    Ok(figure)
}

fn values(row: &Effect) -> impl Iterator<Item = f64> + use<> {
    [row.shift, row.low, row.high].into_iter().flatten()
}

fn draw_row(figure: &mut Figure, panel: &Panel, effect: &Effect, row: Rect) {
    let middle = (row.top + row.bottom) / 2.0;
    let at = |value: f64| -> Point { (panel.at(value, panel.y.low()).0, middle) };
    let stroke = Stroke::solid(MEDIAN, LINE_PT);
    let Some(known) = values(effect).next() else { return };
    for (end, edge, inward) in [(effect.low, panel.rect.left, 1.0), (effect.high, panel.rect.right, -1.0)] {
        let (x, _) = end.map_or((edge + inward, middle), at);
        figure.canvas.line(vec![at(known), (x, middle)], stroke);
        let back = if end.is_some() { 0.0 } else { CAP_PT * inward };
        figure.canvas.line(vec![(x + back, middle - CAP_PT), (x, middle), (x + back, middle + CAP_PT)], stroke);
    }
    if let Some(shift) = effect.shift {
        figure.canvas.marker(at(shift), Marker::Square, MARKER_PT * 1.2, INK);
    }
}
