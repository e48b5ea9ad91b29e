//! Infection curves: coverage against time, a small panel for each condition and number of nodes.
//!
//! Every round is a thin line, the median a strong one with marks where half, 90 % and 99 % of the nodes are reached. Where links come
//! and go, a dashed line is the earliest that they allow, with its name beside it.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Align, Direction, Label, Point, Stroke, simplify};
use crate::data::{InfectionCurves, InfectionPanel};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::font::Face;
use crate::legend::{Entry, Key};
use crate::panel::{Cell, Panel};
use crate::sheet::Sheet;
use crate::style::{
    BOUND, BOUND_DASH, DOT_PT, GAP_PT, GRID_ROWS_MAX, LINE_PT, MARKER_PT, MEDIAN, Marker, ROUND, SMALL_PT,
    STRONG_LINE_PT, THIN_LINE_PT,
};

const NAME: &str = "infection-curves";
/// Points of all rounds together: they decide the size of the file, some 10 bytes each.
const POINTS_MAX: usize = 50_000;
/// What a round's line may be off by: less than its own width.
const TOLERANCE_PT: f64 = 0.25;
/// Panels share one time axis as long as the longest takes no more than this many times the shortest.
const SHARED_AXIS_FACTOR: f64 = 3.0;
/// The shares marked on the median, each with its marker and name.
const MARKS: [(f64, Marker, &str); 3] =
    [(0.5, Marker::Circle, "t50"), (0.9, Marker::Square, "t90"), (0.99, Marker::Diamond, "t99 of the median")];

/// In a panel of this width the dashed line has its name beside it.
const NAMED_WIDTH_PT: f64 = 180.0;
/// What the dashed line is called, beside it and in the legend.
const BOUND_NAME: &str = "foremost paths";

/// Draws infection curves. Of more panels than a page holds (twelve, eight on a narrow one) the first are drawn, and a note
/// says so.
///
/// # Errors
/// [`ChartError::NoData`] where no panel has a curve; [`ChartError::Value`].
pub fn infection_curves(data: &InfectionCurves, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &InfectionCurves, sheet: &Sheet) -> Result<Figure, ChartError> {
    let filled: Vec<&InfectionPanel> = data.panels.iter().filter(|panel| !ends(panel).is_empty()).collect();
    if filled.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for panel in &filled {
        check_values(NAME, &panel.label, curves(panel).flatten().flat_map(|&(time, share)| [time, share]))?;
    }
    let title = "Infection curves: share of the nodes reached against time, every round and the median";
    let mut figure = Figure::new(NAME, title, sheet)?;
    let y = Axis::percent("Nodes reached");
    let shown = &filled[..filled.len().min(figure.columns_max(&y) * GRID_ROWS_MAX)];
    let panels = figure.add_grid(cells(shown), &y);
    let tolerance_pt = tolerance(&panels, shown);
    let mut is_named = true;
    for (panel, data) in panels.iter().zip(shown) {
        draw_panel(&mut figure, panel, data, tolerance_pt);
        is_named &= data.bound.is_empty() || draw_bound(&mut figure, panel, &data.bound);
    }
    figure.draw_legend(&entries(!is_named));
    if shown.len() < filled.len() {
        figure.add_note(&format!("The first {} of {} panels are shown.", shown.len(), filled.len()));
    }
    Ok(figure)
}

fn curves(panel: &InfectionPanel) -> impl Iterator<Item = &Vec<(f64, f64)>> {
    panel.rounds.iter().chain([&panel.median, &panel.bound])
}

fn ends(panel: &InfectionPanel) -> Vec<f64> {
    curves(panel).flat_map(|curve| [curve.first(), curve.last()]).flatten().map(|(time, _)| *time).collect()
}

fn cells(panels: &[&InfectionPanel]) -> Vec<Cell> {
    let time = Quantity::ms("Time");
    let own: Vec<Axis> = panels.iter().map(|panel| Axis::from_zero(time.clone(), ends(panel))).collect();
    let shared = Axis::from_zero(time, panels.iter().flat_map(|panel| ends(panel)));
    let shortest = own.iter().map(Axis::high).fold(f64::INFINITY, f64::min);
    let is_shared =
        shared.high() <= SHARED_AXIS_FACTOR * shortest || own.iter().any(|axis| axis.title() != shared.title());
    let axes = own.into_iter().map(|axis| if is_shared { shared.clone() } else { axis });
    panels.iter().zip(axes).map(|(panel, x)| Cell { heading: panel.label.clone(), x }).collect()
}

/// The curve as steps: coverage stays as it is until the next delivery.
fn steps(panel: &Panel, curve: &[(f64, f64)]) -> Vec<Point> {
    let start = curve.first().map_or(0.0, |(time, _)| time.min(0.0));
    let mut points = vec![panel.at(start, 0.0)];
    let mut height = 0.0;
    for &(time, share) in curve {
        points.push(panel.at(time, height));
        height = (share * 100.0).clamp(0.0, 100.0);
        points.push(panel.at(time, height));
    }
    points
}

/// The least tolerance, doubled until all rounds together have no more than [`POINTS_MAX`] points.
fn tolerance(panels: &[Panel], data: &[&InfectionPanel]) -> f64 {
    let mut tolerance_pt = TOLERANCE_PT;
    loop {
        let rounds =
            panels.iter().zip(data).flat_map(|(panel, data)| data.rounds.iter().map(move |round| (panel, round)));
        let points: usize = rounds.map(|(panel, round)| simplify(&steps(panel, round), tolerance_pt).len()).sum();
        if points <= POINTS_MAX || tolerance_pt > 10.0 {
            return tolerance_pt;
        }
        tolerance_pt *= 2.0;
    }
}

fn draw_panel(figure: &mut Figure, panel: &Panel, data: &InfectionPanel, tolerance_pt: f64) {
    for round in data.rounds.iter().filter(|round| !round.is_empty()) {
        let line = simplify(&steps(panel, round), tolerance_pt);
        figure.canvas.line(line, Stroke::solid(ROUND, THIN_LINE_PT));
    }
    if data.median.is_empty() {
        return;
    }
    let line = simplify(&steps(panel, &data.median), DOT_PT / 10.0);
    figure.canvas.line(line, Stroke::solid(MEDIAN, STRONG_LINE_PT));
    for (share, marker, _) in MARKS {
        if let Some(&(time, reached)) = data.median.iter().find(|(_, reached)| *reached >= share) {
            figure.canvas.marker(panel.at(time, reached.min(1.0) * 100.0), marker, MARKER_PT, MEDIAN);
        }
    }
}

/// The earliest that links allow; whether its name has room beside it. Little lies before it: so the name stands there, at the height
/// with most room.
fn draw_bound(figure: &mut Figure, panel: &Panel, bound: &[(f64, f64)]) -> bool {
    let line = steps(panel, bound);
    figure.canvas.line(simplify(&line, DOT_PT / 10.0), bound_stroke());
    let face = Face::regular(SMALL_PT);
    let (top, bottom) = (panel.rect.top + SMALL_PT, panel.rect.bottom - GAP_PT);
    // The line is on its right where it is as low as the text or lower.
    let right =
        |base: f64| line.iter().filter(|(_, y)| *y >= base - SMALL_PT).map(|(x, _)| *x).fold(panel.rect.left, f64::max);
    let before = |base: f64| {
        let first = line.iter().find(|(_, y)| *y <= base).map_or(panel.rect.right, |(x, _)| *x);
        first.min(right(base + SMALL_PT)).max(panel.rect.left)
    };
    const HEIGHTS: u32 = 12;
    let heights = (0..=HEIGHTS).map(|step| top + (bottom - top) * f64::from(step) / f64::from(HEIGHTS));
    let Some(base) = heights.max_by(|a, b| before(*a).total_cmp(&before(*b)).then(b.total_cmp(a))) else {
        return false;
    };
    let at = (before(base) - GAP_PT / 2.0, base);
    // In a small panel it would hide the rounds that lie before the median.
    let is_wide = panel.rect.width() >= NAMED_WIDTH_PT;
    let has_room = is_wide && at.0 - face.width_pt(BOUND_NAME) >= panel.rect.left + GAP_PT / 2.0;
    if has_room {
        let (text, direction) = (BOUND_NAME.to_owned(), Direction::Level);
        figure.canvas.text(Label { text, at, align: Align::End, direction, face, color: BOUND });
    }
    has_room
}

fn bound_stroke() -> Stroke {
    Stroke { color: BOUND, width_pt: LINE_PT, dash: BOUND_DASH }
}

/// The dashed line is among them where a panel has no room for its name.
fn entries(with_bound: bool) -> Vec<Entry> {
    let lines = [(ROUND, THIN_LINE_PT * 2.0, "each round"), (MEDIAN, STRONG_LINE_PT, "median over rounds")];
    let lines = lines.map(|(color, width_pt, name)| (Key::Line(Stroke::solid(color, width_pt)), name));
    let marks = MARKS.map(|(_, marker, name)| (Key::Point { color: MEDIAN, marker }, name));
    let bound = with_bound.then_some((Key::Line(bound_stroke()), BOUND_NAME));
    lines.into_iter().chain(marks).chain(bound).map(|(key, name)| Entry { key, name: name.to_owned() }).collect()
}
