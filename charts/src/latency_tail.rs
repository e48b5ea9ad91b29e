//! The upper end of latency: the share of the first deliveries that took as long or longer, both axes on a log scale.

use crate::axis::{Axis, Quantity};
use crate::canvas::Point;
use crate::data::{LatencyTail, TailSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::Entry;
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, SeriesStyle};

const NAME: &str = "latency-tail";

/// Draws the upper end of latency.
///
/// # Errors
/// [`ChartError::NoData`] where no series has a point; [`ChartError::Value`].
pub fn latency_tail(data: &LatencyTail, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &LatencyTail, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&TailSeries> = data.series.iter().filter(|series| !series.points.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.points.iter().flat_map(|&(latency, share)| [latency, share]))?;
    }
    let points = || shown.iter().flat_map(|series| &series.points);
    let latencies: Vec<f64> = points().map(|(latency, _)| *latency).collect();
    let percents: Vec<f64> = points().map(|(_, share)| share * 100.0).collect();
    let mut figure = Figure::new(NAME, "Share of the first deliveries that took as long or longer", sheet)?;
    let x = Axis::decades_around(Quantity::ms("Latency"), &latencies);
    let panel =
        figure.add_panel(x, Axis::decades_around(Quantity::percent("Deliveries this slow or slower"), &percents));
    for (index, series) in shown.iter().enumerate() {
        draw_series(&mut figure, &panel, series, style::series(index));
    }
    let entries = shown.iter().enumerate().map(|(index, series)| Entry::series(style::series(index), &series.label));
    figure.draw_legend(&entries.collect::<Vec<_>>());
    let without_place: u64 = data.series.iter().map(|series| series.without_place).sum();
    if without_place > 0 {
        figure.add_note(&format!("{without_place} deliveries that seem to take no time have no place on a log scale."));
    }
    Ok(figure)
}

fn draw_series(figure: &mut Figure, panel: &Panel, series: &TailSeries, style: SeriesStyle) {
    let at = |&(latency, share): &(f64, f64)| panel.at(latency, share * 100.0);
    let mut steps: Vec<Point> = Vec::with_capacity(series.points.len() * 2);
    for point in &series.points {
        let (x, y) = at(point);
        // The share falls behind each latency, not before it.
        if let Some(&(before, _)) = steps.last() {
            steps.push((before, y));
        }
        steps.push((x, y));
    }
    figure.draw_curve(&steps, style);
}
