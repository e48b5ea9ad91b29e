//! What laws of growth leave of the convergence times: a small panel for each condition, a line for each law.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Stroke};
use crate::data::{GrowthResiduals, ResidualPanel, ResidualPoint, ResidualSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::Entry;
use crate::panel::{Cell, Panel};
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, GRID_ROWS_MAX, MUTED, SeriesStyle};

const NAME: &str = "growth-residuals";
/// Laws at one number of nodes stand side by side at this distance.
const DODGE_PT: f64 = 3.0;
/// Half the width of an interval's end.
const CAP_PT: f64 = 2.0;

/// Draws residuals of growth. Of more panels than a page holds (twelve, eight on a narrow one) the first are drawn, and a note
/// says so.
///
/// # Errors
/// [`ChartError::NoData`] where no law has a point; [`ChartError::Value`].
pub fn growth_residuals(data: &GrowthResiduals, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &GrowthResiduals, sheet: &Sheet) -> Result<Figure, ChartError> {
    let filled: Vec<&ResidualPanel> = data.panels.iter().filter(|panel| points(panel).next().is_some()).collect();
    if filled.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for panel in &filled {
        check_values(NAME, &panel.label, points(panel).flat_map(values))?;
    }
    let mut figure = Figure::new(NAME, "What laws of growth leave of the convergence times", sheet)?;
    let left = filled.iter().flat_map(|panel| points(panel)).flat_map(values);
    let y = Axis::from_zero(Quantity::named("Time above the law", Some("%")), left);
    let shown = &filled[..filled.len().min(figure.columns_max(&y) * GRID_ROWS_MAX)];
    let panels = figure.add_grid(shown.iter().map(|panel| cell(panel)).collect(), &y);
    for (panel, data) in panels.iter().zip(shown) {
        let zero = vec![panel.at(panel.x.low(), 0.0), panel.at(panel.x.high(), 0.0)];
        figure.canvas.line(zero, Stroke::solid(MUTED, AXIS_LINE_PT));
        for (index, law) in data.laws.iter().enumerate() {
            let shift_pt = (index as f64 - (data.laws.len() - 1) as f64 / 2.0) * DODGE_PT;
            draw_law(&mut figure, panel, law, (style::series(index), shift_pt));
        }
    }
    // Every panel has the same laws in the same order.
    let laws = shown[0].laws.iter().enumerate();
    figure.draw_legend(&laws.map(|(index, law)| Entry::series(style::series(index), &law.label)).collect::<Vec<_>>());
    figure.add_note("Markers: geometric means over rounds; bars: their 95 % intervals, where they exist.");
    if shown.len() < filled.len() {
        figure.add_note(&format!("The first {} of {} panels are shown.", shown.len(), filled.len()));
    }
    Ok(figure)
}

fn points(panel: &ResidualPanel) -> impl Iterator<Item = &ResidualPoint> {
    panel.laws.iter().flat_map(|law| &law.points)
}

fn values(point: &ResidualPoint) -> impl Iterator<Item = f64> + use<> {
    [Some(point.mean_percent), point.low_percent, point.high_percent].into_iter().flatten()
}

fn cell(panel: &ResidualPanel) -> Cell {
    let mut nodes: Vec<u32> = points(panel).map(|point| point.nodes).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let nodes: Vec<f64> = nodes.into_iter().map(f64::from).collect();
    Cell { heading: panel.label.clone(), x: Axis::at(Quantity::count("Nodes"), &nodes) }
}

fn draw_law(figure: &mut Figure, panel: &Panel, law: &ResidualSeries, (style, shift_pt): (SeriesStyle, f64)) {
    let at = |point: &ResidualPoint, percent: f64| -> Point {
        let (x, y) = panel.at(f64::from(point.nodes), percent);
        (x + shift_pt, y)
    };
    let stroke = Stroke::solid(style.color, AXIS_LINE_PT * 1.5);
    for point in &law.points {
        for end in [point.low_percent, point.high_percent].into_iter().flatten() {
            let (x, y) = at(point, end);
            figure.canvas.line(vec![at(point, point.mean_percent), (x, y)], stroke);
            figure.canvas.line(vec![(x - CAP_PT, y), (x + CAP_PT, y)], stroke);
        }
    }
    let means: Vec<Point> = law.points.iter().map(|point| at(point, point.mean_percent)).collect();
    figure.draw_series_line(&means, style);
}
