//! The distribution of convergence time over rounds, as steps with a confidence band.
//!
//! A round that never converged counts as infinitely long: the line of its series stays below 100 % and runs on to the edge.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Stroke, simplify};
use crate::data::{ConvergenceEcdf, EcdfSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::Entry;
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, BANDS_MAX, LINE_PT};

const NAME: &str = "convergence-ecdf";
const BAND_OPACITY: f64 = 0.16;

/// Draws the distribution of convergence time.
///
/// Bands of more than four series would hide each other: they are left out, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where no round of any series converged; [`ChartError::Value`].
pub fn convergence_ecdf(data: &ConvergenceEcdf, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &ConvergenceEcdf, sheet: &Sheet) -> Result<Figure, ChartError> {
    let times: Vec<f64> = data.series.iter().flat_map(|series| series.complete_ms.iter().copied()).collect();
    if times.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &data.series {
        check_values(NAME, &series.label, series.complete_ms.iter().copied().chain(series.band))?;
    }
    let shown = || data.series.iter().filter(|series| rounds(series) > 0).enumerate();
    let bands = shown().filter(|(_, series)| series.band.is_some()).count();
    let mut figure = Figure::new(NAME, "Distribution of convergence time over rounds", sheet)?;
    let x = Axis::around(Quantity::ms("Convergence time"), &times);
    let panel = figure.add_panel(x, Axis::percent("Rounds converged"));
    if bands <= BANDS_MAX {
        for (index, series) in shown() {
            draw_band(&mut figure, &panel, series, index);
        }
    }
    for (index, series) in shown() {
        let style = style::series(index);
        let stroke = Stroke { color: style.color, width_pt: LINE_PT, dash: style.dash };
        figure.canvas.line(simplify(&steps(&panel, series, 0.0), 0.05), stroke);
        for point in marked(&panel, series) {
            figure.canvas.marker(point, style.marker, style::MARKER_PT, style.color);
        }
    }
    let entries: Vec<Entry> =
        shown().map(|(index, series)| Entry::series(style::series(index), name(series))).collect();
    figure.draw_legend(&entries);
    note_on_bands(&mut figure, bands);
    Ok(figure)
}

fn rounds(series: &EcdfSeries) -> usize {
    series.complete_ms.len() + series.censored as usize
}

fn name(series: &EcdfSeries) -> String {
    match series.censored {
        0 => series.label.clone(),
        censored => format!("{} ({censored} of {} rounds never converged)", series.label, rounds(series)),
    }
}

/// The steps from the first time on, moved up or down by `shift` in probability and kept within 0 and 1. Those of a series with
/// censored rounds run on to the axis' far end.
fn steps(panel: &Panel, series: &EcdfSeries, shift: f64) -> Vec<Point> {
    let share = |count: usize| ((count as f64 / rounds(series) as f64 + shift) * 100.0).clamp(0.0, 100.0);
    let mut points = Vec::new();
    for (count, &time) in series.complete_ms.iter().enumerate() {
        points.push(panel.at(time, share(count)));
        points.push(panel.at(time, share(count + 1)));
    }
    if series.censored > 0 {
        let from = series.complete_ms.last().copied().unwrap_or(panel.x.low());
        points.push(panel.at(from, share(series.complete_ms.len())));
        points.push(panel.at(panel.x.high(), share(series.complete_ms.len())));
    }
    points
}

/// Three points of the line, so that the marker tells it from others that cross it.
fn marked(panel: &Panel, series: &EcdfSeries) -> Vec<Point> {
    let count = series.complete_ms.len();
    let mut indices: Vec<usize> =
        [count / 4, count / 2, count * 3 / 4].into_iter().filter(|index| *index < count).collect();
    indices.dedup();
    let height = |index: usize| (index + 1) as f64 / rounds(series) as f64 * 100.0;
    indices.into_iter().map(|index| panel.at(series.complete_ms[index], height(index))).collect()
}

fn draw_band(figure: &mut Figure, panel: &Panel, series: &EcdfSeries, index: usize) {
    let Some(half_width) = series.band.filter(|half_width| *half_width > 0.0) else { return };
    let mut outline = simplify(&steps(panel, series, half_width), 0.05);
    outline.extend(simplify(&steps(panel, series, -half_width), 0.05).into_iter().rev());
    figure.canvas.area(outline, style::series(index).color, BAND_OPACITY);
}

fn note_on_bands(figure: &mut Figure, bands: usize) {
    if bands > BANDS_MAX {
        figure.add_note(&format!("95 % confidence bands are left out: more than {BANDS_MAX} would hide each other."));
    } else if bands > 0 {
        figure.add_note("Shaded: 95 % confidence band (Dvoretzky, Kiefer and Wolfowitz).");
    }
}
