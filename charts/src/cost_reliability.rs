//! What a round costs each node against how often it reaches all: a point for each condition and number of nodes.

use crate::axis::{Axis, Quantity};
use crate::canvas::Stroke;
use crate::data::{CostPoint, CostReliability};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::Entry;
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, DOT_PT};

const NAME: &str = "cost-reliability";
const MARKER_PT: f64 = DOT_PT * 1.6;

/// Draws copies per node above and, where any were sent, bytes of control messages per node below, both against the share of rounds
/// that reached all.
///
/// # Errors
/// [`ChartError::NoData`] where no point has copies; [`ChartError::Value`].
pub fn cost_reliability(data: &CostReliability, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &CostReliability, sheet: &Sheet) -> Result<Figure, ChartError> {
    if data.points.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for point in &data.points {
        check_values(NAME, &point.label, values(point))?;
    }
    let copies: Vec<f64> = data.points.iter().map(|point| point.copies).collect();
    let control: Vec<f64> = data.points.iter().filter_map(|point| point.control_bytes).collect();
    let mut figure = Figure::new(NAME, "Cost against reliability", sheet)?;
    let x = Axis::percent("Rounds that reached all");
    let upper = Axis::from_zero(Quantity::named("Copies per node", None), copies);
    let (upper, lower) = if control.iter().any(|bytes| *bytes > 0.0) {
        let lower = Axis::from_zero(Quantity::named("Control per node", Some("bytes")), control);
        let [upper, lower] = figure.add_pair(&x, upper, lower);
        (upper, Some(lower))
    } else {
        (figure.add_panel(x, upper), None)
    };
    for (index, point) in data.points.iter().enumerate() {
        draw(&mut figure, &upper, index, point, point.copies);
        if let Some((lower, bytes)) = lower.as_ref().zip(point.control_bytes) {
            draw(&mut figure, lower, index, point, bytes);
        }
    }
    let entries =
        data.points.iter().enumerate().map(|(index, point)| Entry::series(style::series(index), &point.label));
    figure.draw_legend(&entries.collect::<Vec<_>>());
    figure.add_note(&format!("Bars: 95 % intervals of the share. {}", rounds_words(&data.points)));
    if !data.left_out.is_empty() {
        figure.add_note(&format!("Left out, because copies were not recorded: {}.", data.left_out.join("; ")));
    }
    Ok(figure)
}

fn rounds_words(points: &[CostPoint]) -> String {
    let (least, most) =
        points.iter().fold((u64::MAX, 0), |(least, most), point| (least.min(point.rounds), most.max(point.rounds)));
    if least == most {
        format!("Means over {least} rounds each.")
    } else {
        format!("Means over {least} to {most} rounds each.")
    }
}

fn values(point: &CostPoint) -> impl Iterator<Item = f64> {
    [point.reached_all_percent, point.copies]
        .into_iter()
        .chain(point.low_percent)
        .chain(point.high_percent)
        .chain(point.control_bytes)
}

/// A marker, with the interval of the share across it.
fn draw(figure: &mut Figure, panel: &Panel, index: usize, point: &CostPoint, cost: f64) {
    let look = style::series(index);
    let ends =
        [point.low_percent, point.high_percent].map(|end| panel.at(end.unwrap_or(point.reached_all_percent), cost));
    figure.canvas.line(ends.to_vec(), Stroke::solid(look.color, AXIS_LINE_PT));
    figure.canvas.marker(panel.at(point.reached_all_percent, cost), look.marker, MARKER_PT, look.color);
}
