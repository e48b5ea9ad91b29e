//! A network that moves: above, into how many pieces it falls; below, how many nodes are there and in the largest piece, both against
//! time. Columns are conditions; more of them stand below each other, as far as a page goes.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Stroke, simplify};
use crate::data::{ComponentPanel, Components};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::{Cell, Panel};
use crate::sheet::Sheet;
use crate::style::{BOUND, BOUND_DASH, DOT_PT, GRID_ROWS_MAX, LINE_PT, MEDIAN, ROUND, STRONG_LINE_PT, THIN_LINE_PT};

const NAME: &str = "components";
/// What a run's line may be off by: less than its own width.
const TOLERANCE_PT: f64 = 0.25;

/// Counts at instants.
type Curve = Vec<(f64, f64)>;

/// Draws pieces and nodes. Of more conditions than a page holds the first are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where no network is known at any instant; [`ChartError::Value`].
pub fn components(data: &Components, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &Components, sheet: &Sheet) -> Result<Figure, ChartError> {
    let filled: Vec<&ComponentPanel> = data.panels.iter().filter(|panel| !panel.pieces.is_empty()).collect();
    if filled.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for panel in &filled {
        check_values(NAME, &panel.label, curves(panel).flatten().flat_map(|&(time, count)| [time, count]))?;
    }
    let title = "Components: pieces of the network, nodes that are there and nodes of the largest piece against time";
    let mut figure = Figure::new(NAME, title, sheet)?;
    let counted = |words, of: fn(&ComponentPanel) -> Vec<&Curve>| {
        let counts = filled.iter().flat_map(|panel| of(panel)).flatten().map(|(_, count)| *count);
        Axis::from_zero(Quantity::count(words), counts)
    };
    let pieces = counted("Pieces", |panel| panel.runs.iter().chain([&panel.pieces]).collect());
    let nodes = counted("Nodes", |panel| vec![&panel.there, &panel.largest]);
    let columns = figure.columns_max(&pieces).min(figure.columns_max(&nodes)).min(filled.len());
    // Each condition takes a panel in two rows.
    let shown = &filled[..filled.len().min(columns * GRID_ROWS_MAX / 2)];
    let x = Axis::from_zero(
        Quantity::ms("Time"),
        shown.iter().flat_map(|panel| curves(panel)).flatten().map(|(at, _)| *at),
    );
    let cell = |panel: &&ComponentPanel| Cell { heading: panel.label.clone(), x: x.clone() };
    let blocks: Vec<&[&ComponentPanel]> = shown.chunks(columns).collect();
    let rows = blocks.iter().flat_map(|block| {
        let cells: Vec<Cell> = block.iter().map(cell).collect();
        [(pieces.clone(), cells.clone()), (nodes.clone(), cells)]
    });
    let panels = figure.add_panel_rows(rows.collect(), columns);
    let mut places = panels.iter();
    for block in blocks {
        let mut take = || places.by_ref().take(block.len()).cloned().collect::<Vec<Panel>>();
        let (above, below) = (take(), take());
        for ((above, below), data) in above.iter().zip(&below).zip(block) {
            draw(&mut figure, (above, below), data);
        }
    }
    figure.draw_legend(&entries());
    if shown.len() < filled.len() {
        figure.add_note(&format!("The first {} of {} conditions are shown.", shown.len(), filled.len()));
    }
    Ok(figure)
}

fn curves(panel: &ComponentPanel) -> impl Iterator<Item = &Vec<(f64, f64)>> {
    panel.runs.iter().chain([&panel.pieces, &panel.there, &panel.largest])
}

fn draw(figure: &mut Figure, (above, below): (&Panel, &Panel), data: &ComponentPanel) {
    for run in &data.runs {
        let line = simplify(&steps(above, run), TOLERANCE_PT);
        figure.canvas.line(line, Stroke::solid(ROUND, THIN_LINE_PT));
    }
    let strong = Stroke::solid(MEDIAN, STRONG_LINE_PT);
    for (panel, curve, stroke) in
        [(above, &data.pieces, strong), (below, &data.there, strong), (below, &data.largest, dashed())]
    {
        figure.canvas.line(simplify(&steps(panel, curve), DOT_PT / 10.0), stroke);
    }
}

/// A count stays as it is until the next instant.
fn steps(panel: &Panel, curve: &[(f64, f64)]) -> Vec<Point> {
    let mut points = Vec::with_capacity(2 * curve.len());
    let mut before = None;
    for &(time, count) in curve {
        points.extend(before.map(|before| panel.at(time, before)));
        points.push(panel.at(time, count));
        before = Some(count);
    }
    points
}

fn dashed() -> Stroke {
    Stroke { color: BOUND, width_pt: LINE_PT, dash: BOUND_DASH }
}

fn entries() -> [Entry; 3] {
    let line = |stroke, name: &str| Entry { key: Key::Line(stroke), name: name.to_owned() };
    [
        line(Stroke::solid(ROUND, THIN_LINE_PT * 2.0), "each run"),
        line(Stroke::solid(MEDIAN, STRONG_LINE_PT), "mean over runs; below, nodes that are there"),
        line(dashed(), "nodes of the largest piece"),
    ]
}
