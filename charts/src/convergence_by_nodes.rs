//! Convergence time against the number of nodes: every round as a point, medians with their intervals, a line through the medians.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Stroke};
use crate::data::{ConvergenceByNodes, GrowthPoint, GrowthSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::Entry;
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, DOT_PT, Marker, SeriesStyle};

const NAME: &str = "convergence-by-nodes";
/// Conditions at the same number of nodes stand side by side over at most this width.
const DODGE_PT: f64 = 24.0;
/// The points of one condition at one number of nodes are spread over at most this width, so that equal times are seen.
const SPREAD_PT: f64 = 5.0;
/// Half the width of an interval's end.
const CAP_PT: f64 = 2.0;
/// Colour of a round's point, as a share of its series' colour.
const DOT_TINT: f64 = 0.45;

/// Draws convergence time against the number of nodes.
///
/// # Errors
/// [`ChartError::NoData`] where no round converged; [`ChartError::Value`].
pub fn convergence_by_nodes(data: &ConvergenceByNodes, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &ConvergenceByNodes, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&GrowthSeries> = data
        .conditions
        .iter()
        .filter(|series| series.points.iter().any(|point| values(point).next().is_some()))
        .collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.points.iter().flat_map(values))?;
    }
    let points = || shown.iter().flat_map(|series| &series.points);
    let times: Vec<f64> = points().flat_map(values).collect();
    let mut nodes: Vec<u32> = points().map(|point| point.nodes).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let nodes: Vec<f64> = nodes.into_iter().map(f64::from).collect();
    let mut figure = Figure::new(NAME, "Convergence time against the number of nodes", sheet)?;
    let x = Axis::at(Quantity::count("Nodes"), &nodes);
    let panel = figure.add_panel(x, Axis::from_zero_or_log(Quantity::ms("Convergence time"), &times));
    let dodge = Dodge::new(&panel, &nodes, &shown);
    for (index, series) in shown.iter().enumerate() {
        draw_series(&mut figure, &panel, series, SeriesLayout { style: style::series(index), dodge: &dodge, index });
    }
    let entries = shown.iter().enumerate().map(|(index, series)| Entry::series(style::series(index), &series.label));
    figure.draw_legend(&entries.collect::<Vec<_>>());
    let side_by_side = if shown.len() > 1 { " Conditions at one number of nodes stand side by side." } else { "" };
    let words = "Small points: rounds; markers: medians; bars: 95 % intervals of the median, where they exist.";
    figure.add_note(&format!("{words}{side_by_side}"));
    let empty =
        data.conditions.iter().filter(|series| series.points.iter().all(|point| values(point).next().is_none()));
    figure.note_left_out(&empty.map(|series| series.label.clone()).collect::<Vec<_>>(), "no round converged");
    Ok(figure)
}

fn values(point: &GrowthPoint) -> impl Iterator<Item = f64> {
    point.rounds_ms.iter().copied().chain([point.median_ms, point.low_ms, point.high_ms].into_iter().flatten())
}

/// How conditions that share a number of nodes stand side by side; one that is alone there stands on it.
struct Dodge<'a> {
    shown: &'a [&'a GrowthSeries],
    distance_pt: f64,
}

impl<'a> Dodge<'a> {
    /// Numbers of nodes next to each other must not mix.
    fn new(panel: &Panel, nodes: &[f64], shown: &'a [&'a GrowthSeries]) -> Self {
        let at: Vec<f64> = nodes.iter().map(|nodes| panel.x.share(*nodes) * panel.rect.width()).collect();
        let nearest = at.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        Self { shown, distance_pt: DODGE_PT.min(nearest * 0.6) / shown.len().max(2) as f64 }
    }

    /// How far from its number of nodes the condition at `index` stands.
    fn shift_pt(&self, index: usize, nodes: u32) -> f64 {
        let there = |series: &&&GrowthSeries| series.points.iter().any(|point| point.nodes == nodes);
        let before = self.shown[..index].iter().filter(there).count();
        let all = self.shown.iter().filter(there).count();
        (before as f64 - (all - 1) as f64 / 2.0) * self.distance_pt
    }
}

/// How one condition is drawn.
struct SeriesLayout<'a> {
    style: SeriesStyle,
    dodge: &'a Dodge<'a>,
    index: usize,
}

fn draw_series(figure: &mut Figure, panel: &Panel, series: &GrowthSeries, look: SeriesLayout<'_>) {
    let style = look.style;
    let at = |nodes: u32, time: f64| {
        let (x, y) = panel.at(f64::from(nodes), time);
        (x + look.dodge.shift_pt(look.index, nodes), y)
    };
    for point in &series.points {
        for (index, &time) in point.rounds_ms.iter().enumerate() {
            let (x, y) = at(point.nodes, time);
            let spot = (x + spread(index, point.rounds_ms.len()), y);
            figure.canvas.marker(spot, Marker::Square, DOT_PT * 0.8, style.color.tint(DOT_TINT));
        }
    }
    for point in &series.points {
        let Some(median) = point.median_ms else { continue };
        let end = |end: Option<f64>| at(point.nodes, end.unwrap_or(median));
        draw_interval(figure, (end(point.low_ms), point.low_ms.is_some()), style);
        draw_interval(figure, (end(point.high_ms), point.high_ms.is_some()), style);
        let bar = vec![end(point.low_ms), end(point.high_ms)];
        figure.canvas.line(bar, Stroke::solid(style.color, AXIS_LINE_PT * 1.5));
    }
    let medians = series.points.iter().filter_map(|point| point.median_ms.map(|median| at(point.nodes, median)));
    figure.draw_series_line(&medians.collect::<Vec<_>>(), style);
}

/// The cap at an end of an interval; an end that does not exist has none.
fn draw_interval(figure: &mut Figure, ((x, y), exists): (Point, bool), style: SeriesStyle) {
    if exists {
        figure.canvas.line(vec![(x - CAP_PT, y), (x + CAP_PT, y)], Stroke::solid(style.color, AXIS_LINE_PT * 1.5));
    }
}

/// An offset that spreads neighbours in the list over the width, the same for the same list.
fn spread(index: usize, count: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    if count < 2 { 0.0 } else { ((index as f64 * GOLDEN).fract() - 0.5) * SPREAD_PT }
}
