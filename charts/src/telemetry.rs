//! What pods used, on the time axis of the rounds: a column for each run, a row for each quantity.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Rect, Stroke};
use crate::data::{Telemetry, TelemetryQuantity, TelemetryRun};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::{Cell, Panel};
use crate::sheet::Sheet;
use crate::style::{DOT_PT, LINE_PT, MEDIAN, Marker, PAPER, Pattern, ROUND_WINDOW, THIN_LINE_PT};

const NAME: &str = "telemetry";
/// Up to so many series each has a line of full width, and its samples have points.
const STRONG_MAX: usize = 6;
/// A round shorter than this on paper is drawn as wide.
const WINDOW_MIN_PT: f64 = 0.5;

/// Draws telemetry. Of more runs than columns fit side by side the first are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where no series has a sample; [`ChartError::Value`].
pub fn telemetry(data: &Telemetry, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &Telemetry, sheet: &Sheet) -> Result<Figure, ChartError> {
    let rows: Vec<&TelemetryQuantity> = data.quantities.iter().filter(|row| samples(row).next().is_some()).collect();
    if rows.is_empty() || data.runs.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for row in &rows {
        check_values(NAME, &row.words, samples(row).flat_map(|&(time, value)| [time, value]))?;
    }
    for run in &data.runs {
        check_values(NAME, &run.label, run.rounds.iter().flat_map(|&(begin, end)| [begin, end]))?;
    }
    let mut figure = Figure::new(NAME, "What pods used, on the time axis of the rounds", sheet)?;
    let y = |row: &&TelemetryQuantity| {
        let quantity = Quantity::named(&row.words, Some(&row.unit));
        Axis::from_zero(quantity, samples(row).map(|(_, value)| *value))
    };
    let columns = rows.iter().map(|row| figure.columns_max(&y(row))).min().unwrap_or(1).min(data.runs.len());
    let shown = &data.runs[..columns];
    let cells: Vec<Cell> = shown.iter().enumerate().map(|(number, run)| cell(number, run, &rows)).collect();
    let panels = figure.add_panel_rows(rows.iter().map(|row| (y(row), cells.clone())).collect(), columns);
    for (place, panel) in panels.iter().enumerate() {
        draw_rounds(&mut figure, panel, &shown[place % columns]);
        let series = rows[place / columns].runs.get(place % columns);
        draw_series(&mut figure, panel, series.map_or(&[], Vec::as_slice));
    }
    figure.draw_legend(&entries());
    if shown.len() < data.runs.len() {
        figure.add_note(&format!("The first {} of {} runs are shown.", shown.len(), data.runs.len()));
    }
    Ok(figure)
}

fn samples(row: &TelemetryQuantity) -> impl Iterator<Item = &(f64, f64)> {
    row.runs.iter().flatten().flatten()
}

/// All panels of a run share its time axis: it holds every round and every sample.
fn cell(number: usize, run: &TelemetryRun, rows: &[&TelemetryQuantity]) -> Cell {
    let sampled = rows.iter().filter_map(|row| row.runs.get(number)).flatten().flatten().map(|(time, _)| *time);
    let times = run.rounds.iter().flat_map(|&(begin, end)| [begin, end]).chain(sampled);
    let time = Quantity::named("Time since the first round began", Some("s"));
    Cell { heading: run.label.clone(), x: Axis::from_zero(time, times) }
}

fn draw_rounds(figure: &mut Figure, panel: &Panel, run: &TelemetryRun) {
    for &(begin, end) in &run.rounds {
        let x = |time: f64| panel.at(time, panel.y.low()).0;
        let (left, right) = (x(begin), x(end).max(x(begin) + WINDOW_MIN_PT));
        let rect = Rect { left, right: right.min(panel.rect.right), ..panel.rect };
        figure.canvas.bar(rect, ROUND_WINDOW, Pattern::Plain, PAPER);
    }
}

fn draw_series(figure: &mut Figure, panel: &Panel, series: &[Vec<(f64, f64)>]) {
    let is_strong = series.len() <= STRONG_MAX;
    for samples in series {
        let points: Vec<Point> = samples.iter().map(|&(time, value)| panel.at(time, value)).collect();
        let width_pt = if is_strong { LINE_PT } else { THIN_LINE_PT };
        if is_strong || points.len() == 1 {
            points.iter().for_each(|&point| figure.canvas.marker(point, Marker::Circle, DOT_PT * 1.4, MEDIAN));
        }
        figure.canvas.line(points, Stroke::solid(MEDIAN, width_pt));
    }
}

fn entries() -> [Entry; 2] {
    let series = Entry { key: Key::Line(Stroke::solid(MEDIAN, LINE_PT)), name: "each pod, or each export".to_owned() };
    let round = Key::Bar { color: ROUND_WINDOW, pattern: Pattern::Plain, hatch: PAPER };
    [series, Entry { key: round, name: "a scored round".to_owned() }]
}
