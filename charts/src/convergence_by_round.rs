//! Convergence time of each round in the order in which rounds ran: a drift or a warm-up shows here.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Stroke};
use crate::data::{ConvergenceByRound, RoundSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::Entry;
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, MARKER_PT};

const NAME: &str = "convergence-by-round";
/// Room above the highest value where rounds that never converged are marked.
const CENSORED_PT: f64 = 10.0;

/// Draws convergence time by round. A round that never converged breaks its series' line and is an open triangle at the top.
///
/// # Errors
/// [`ChartError::NoData`] where no round converged; [`ChartError::Value`].
pub fn convergence_by_round(data: &ConvergenceByRound, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &ConvergenceByRound, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&RoundSeries> = data.series.iter().filter(|series| !series.rounds.is_empty()).collect();
    let times: Vec<f64> = shown.iter().flat_map(|series| series.rounds.iter().filter_map(|(_, time)| *time)).collect();
    if times.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.rounds.iter().filter_map(|(_, time)| *time))?;
    }
    let positions = shown.iter().flat_map(|series| series.rounds.iter().map(|(position, _)| *position));
    let mut figure = Figure::new(NAME, "Convergence time of each round, in the order in which rounds ran", sheet)?;
    let x = Axis::whole(Quantity::count("Round"), positions);
    let any_censored = shown.iter().any(|series| series.rounds.iter().any(|(_, time)| time.is_none()));
    let y = Axis::from_zero_or_log(Quantity::ms("Convergence time"), &times);
    let panel = if any_censored { figure.add_panel_below(x, y, CENSORED_PT) } else { figure.add_panel(x, y) };
    for (index, series) in shown.iter().enumerate() {
        draw_series(&mut figure, &panel, series, index);
    }
    let entries = shown.iter().enumerate().map(|(index, series)| Entry::series(style::series(index), &series.label));
    figure.draw_legend(&entries.collect::<Vec<_>>());
    if any_censored {
        figure.add_note("Open triangles above the data area: rounds that never converged.");
    }
    Ok(figure)
}

fn draw_series(figure: &mut Figure, panel: &Panel, series: &RoundSeries, index: usize) {
    let style = style::series(index);
    for run in series.rounds.split(|(_, time)| time.is_none()) {
        let points = run.iter().filter_map(|(position, time)| time.map(|time| panel.at(f64::from(*position), time)));
        figure.draw_series_line(&points.collect::<Vec<_>>(), style);
    }
    for (position, _) in series.rounds.iter().filter(|(_, time)| time.is_none()) {
        let (x, _) = panel.at(f64::from(*position), panel.y.low());
        let y = panel.rect.top - CENSORED_PT / 2.0;
        figure.canvas.line(open_triangle((x, y)), Stroke::solid(style.color, style::AXIS_LINE_PT * 1.5));
    }
}

fn open_triangle((x, y): Point) -> Vec<Point> {
    let (half, top, bottom) = (MARKER_PT * 1.2, y - MARKER_PT * 1.3, y + MARKER_PT * 0.9);
    vec![(x, top), (x + half, bottom), (x - half, bottom), (x, top), (x + half, bottom)]
}
