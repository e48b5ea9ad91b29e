//! What a round is like while faults befall it: coverage, and how many nodes are up, against time, with the faults as shaded spans.
//!
//! Panels, one for each condition and number of nodes, share one time axis.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Align, Direction, Label, Point, Rect, Stroke, simplify};
use crate::data::{FaultCurves, FaultPanel};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::font::Face;
use crate::legend::{Entry, Key};
use crate::panel::{Cell, Panel};
use crate::sheet::Sheet;
use crate::style::{
    AXIS_LINE_PT, DOT_PT, FAULT_SPAN, GRID_ROWS_MAX, LEADING, MEDIAN, MUTED, PAPER, Pattern, ROUND, SMALL_PT,
    STRONG_LINE_PT, THIN_LINE_PT,
};

/// What a round's line may be off by: less than its own width.
const TOLERANCE_PT: f64 = 0.25;
/// Room beside the name of a fault in its span.
const NAME_GAP_PT: f64 = 2.0;

/// What is drawn against time.
struct What {
    name: &'static str,
    title: &'static str,
    axis: &'static str,
    of_rounds: &'static str,
}

const COVERAGE: What = What {
    name: "coverage-under-faults",
    title: "Coverage under faults: share of the nodes reached against time, with the faults as spans",
    axis: "Nodes reached",
    of_rounds: "median over rounds",
};

const POPULATION: What = What {
    name: "population",
    title: "Population: share of the nodes that are up against time, with the faults as spans",
    axis: "Nodes up",
    of_rounds: "mean over rounds",
};

/// Draws how coverage grows under faults. Of more panels than a page holds the first are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where no panel has a curve; [`ChartError::Value`].
pub fn coverage_under_faults(data: &FaultCurves, sheet: &Sheet) -> Result<Drawing, ChartError> {
    coverage_layout(data, sheet)?.draw()
}

/// Draws how many nodes are up, in the same way.
///
/// # Errors
/// As of [`coverage_under_faults`].
pub fn population(data: &FaultCurves, sheet: &Sheet) -> Result<Drawing, ChartError> {
    population_layout(data, sheet)?.draw()
}

pub(crate) fn coverage_layout(data: &FaultCurves, sheet: &Sheet) -> Result<Figure, ChartError> {
    layout(&COVERAGE, data, sheet)
}

pub(crate) fn population_layout(data: &FaultCurves, sheet: &Sheet) -> Result<Figure, ChartError> {
    layout(&POPULATION, data, sheet)
}

fn layout(what: &What, data: &FaultCurves, sheet: &Sheet) -> Result<Figure, ChartError> {
    let filled: Vec<&FaultPanel> = data.panels.iter().filter(|panel| curves(panel).any(|it| !it.is_empty())).collect();
    if filled.is_empty() {
        return Err(ChartError::NoData(what.name));
    }
    for panel in &filled {
        check_values(what.name, &panel.label, curves(panel).flatten().flat_map(|&(time, share)| [time, share]))?;
        check_values(what.name, &panel.label, panel.spans.iter().flat_map(|span| [span.begins_ms, span.ends_ms]))?;
    }
    let mut figure = Figure::new(what.name, what.title, sheet)?;
    let y = Axis::percent(what.axis);
    let shown = &filled[..filled.len().min(figure.columns_max(&y) * GRID_ROWS_MAX)];
    let x = Axis::from_zero(Quantity::ms("Time"), shown.iter().flat_map(|panel| times(panel)));
    let cell = |panel: &&FaultPanel| Cell { heading: panel.label.clone(), x: x.clone() };
    let panels = figure.add_grid(shown.iter().map(cell).collect(), &y);
    for (panel, data) in panels.iter().zip(shown) {
        draw_spans(&mut figure, panel, data);
        for round in &data.rounds {
            let line = simplify(&steps(panel, round), TOLERANCE_PT);
            figure.canvas.line(line, Stroke::solid(ROUND, THIN_LINE_PT));
        }
        let line = simplify(&steps(panel, &data.middle), DOT_PT / 10.0);
        figure.canvas.line(line, Stroke::solid(MEDIAN, STRONG_LINE_PT));
    }
    figure.draw_legend(&entries(what));
    if shown.len() < filled.len() {
        figure.add_note(&format!("The first {} of {} panels are shown.", shown.len(), filled.len()));
    }
    Ok(figure)
}

fn curves(panel: &FaultPanel) -> impl Iterator<Item = &Vec<(f64, f64)>> {
    panel.rounds.iter().chain([&panel.middle])
}

fn times(panel: &FaultPanel) -> impl Iterator<Item = f64> {
    let of_spans = panel.spans.iter().flat_map(|span| [span.begins_ms, span.ends_ms]);
    curves(panel).flatten().map(|(time, _)| *time).chain(of_spans)
}

/// A share stays as it is until the next instant.
fn steps(panel: &Panel, curve: &[(f64, f64)]) -> Vec<Point> {
    let mut points = Vec::with_capacity(2 * curve.len());
    let mut before = None;
    for &(time, share) in curve {
        let height = (share * 100.0).clamp(0.0, 100.0);
        points.extend(before.map(|before| panel.at(time, before)));
        points.push(panel.at(time, height));
        before = Some(height);
    }
    points
}

/// Spans first, so that lines stand before them; the name of a fault where its span has room for it, one below the other.
fn draw_spans(figure: &mut Figure, panel: &Panel, data: &FaultPanel) {
    let x = |time: f64| panel.at(time, panel.y.low()).0.clamp(panel.rect.left, panel.rect.right);
    for span in &data.spans {
        // The lines of the axes stay whole.
        let (left, bottom) = (panel.rect.left + AXIS_LINE_PT / 2.0, panel.rect.bottom - AXIS_LINE_PT / 2.0);
        let (begins, ends) = (x(span.begins_ms).max(left), x(span.ends_ms).max(left));
        let rect = Rect { left: begins, right: ends, bottom, ..panel.rect };
        figure.canvas.bar(rect, FAULT_SPAN, Pattern::Plain, PAPER);
    }
    let face = Face::regular(SMALL_PT);
    for (line, span) in data.spans.iter().enumerate() {
        let (left, right) = (x(span.begins_ms), x(span.ends_ms));
        let has_room = face.width_pt(&span.name) + 2.0 * NAME_GAP_PT <= right - left;
        // At the end of the span: curves begin at the other one.
        let at = (right - NAME_GAP_PT, panel.rect.bottom - NAME_GAP_PT - line as f64 * SMALL_PT * LEADING);
        if has_room && at.1 - SMALL_PT > panel.rect.top {
            let (text, direction) = (span.name.clone(), Direction::Level);
            figure.canvas.text(Label { text, at, align: Align::End, direction, face, color: MUTED });
        }
    }
}

fn entries(what: &What) -> [Entry; 3] {
    let line =
        |color, width_pt, name: &str| Entry { key: Key::Line(Stroke::solid(color, width_pt)), name: name.to_owned() };
    let span = Key::Bar { color: FAULT_SPAN, pattern: Pattern::Plain, hatch: PAPER };
    [
        line(ROUND, THIN_LINE_PT * 2.0, "each round"),
        line(MEDIAN, STRONG_LINE_PT, what.of_rounds),
        Entry { key: span, name: "a fault is at work".to_owned() },
    ]
}
