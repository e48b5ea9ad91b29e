//! Latency of first deliveries by hop, as boxes: quartiles, median, whiskers that end at data, and the extremes as points.

use crate::axis::{Axis, Quantity};
use crate::canvas::{Point, Rect, Stroke};
use crate::data::{LatencyBox, LatencyByHop, LatencySeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, BOX_TINT, DOT_PT, INK, Marker, SeriesStyle};

/// Latencies have long tails: from this factor between the least and the greatest on, a linear axis would flatten the
/// boxes.
const LOG_SPAN: f64 = 20.0;
const NAME: &str = "latency-by-hop";
/// Share of a hop's room that its boxes fill together.
const GROUP_SHARE: f64 = 0.8;
/// Boxes thinner than this are drawn as a line through the medians with a bar over the quartiles.
const BOX_MIN_PT: f64 = 3.0;
/// A box is no wider than this.
const BOX_MAX_PT: f64 = 28.0;

/// Draws latency by hop. Where boxes would be thinner than 3 points, each series is a line through its medians instead, with bars from
/// quartile to quartile, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where no series has a box; [`ChartError::Value`].
pub fn latency_by_hop(data: &LatencyByHop, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &LatencyByHop, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&LatencySeries> = data.series.iter().filter(|series| !series.boxes.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.boxes.iter().flat_map(values))?;
    }
    let boxes = || shown.iter().flat_map(|series| &series.boxes);
    let latencies: Vec<f64> = boxes().flat_map(values).collect();
    let mut figure = Figure::new(NAME, "Latency of first deliveries by hop", sheet)?;
    let x = Axis::whole(Quantity::count("Hop"), boxes().map(|latency| latency.hop));
    let panel = figure.add_panel(x, Axis::from_zero_or_log_beyond(LOG_SPAN, Quantity::ms("Latency"), &latencies));
    let room_pt = panel.rect.width() / (panel.x.high() - panel.x.low());
    let box_pt = (room_pt * GROUP_SHARE / shown.len() as f64).min(BOX_MAX_PT);
    let is_line = box_pt < BOX_MIN_PT;
    for (index, series) in shown.iter().enumerate() {
        let style = style::series(index);
        if is_line {
            draw_line(&mut figure, &panel, series, style);
        } else {
            let middle_pt = (index as f64 + 0.5 - shown.len() as f64 / 2.0) * box_pt;
            draw_boxes(&mut figure, &panel, series, BoxPosition { style, middle_pt, half_pt: box_pt * 0.4 });
        }
    }
    let key = |index: usize| if is_line { Key::Series(style::series(index)) } else { Key::Boxed(style::series(index)) };
    let entries = shown.iter().enumerate();
    let entries = entries.map(|(index, series)| Entry { key: key(index), name: series.label.clone() });
    figure.draw_legend(&entries.collect::<Vec<_>>());
    figure.add_note(if is_line {
        "Lines: medians; bars: from the lower to the upper quartile."
    } else {
        "Boxes: quartiles and median; whiskers: data within 1.5 interquartile ranges; points: least and greatest value."
    });
    Ok(figure)
}

fn values(latency: &LatencyBox) -> [f64; 7] {
    [
        latency.min_ms,
        latency.whisker_low_ms,
        latency.q1_ms,
        latency.median_ms,
        latency.q3_ms,
        latency.whisker_high_ms,
        latency.max_ms,
    ]
}

/// A series' place in each group: its middle from the group's, and half its width.
struct BoxPosition {
    style: SeriesStyle,
    middle_pt: f64,
    half_pt: f64,
}

fn draw_boxes(figure: &mut Figure, panel: &Panel, series: &LatencySeries, place: BoxPosition) {
    let stroke = Stroke::solid(place.style.color, AXIS_LINE_PT * 1.2);
    for latency in &series.boxes {
        let at = |value: f64| -> Point {
            let (x, y) = panel.at(f64::from(latency.hop), value);
            (x + place.middle_pt, y)
        };
        let across = |value: f64, half: f64| {
            let (x, y) = at(value);
            vec![(x - half, y), (x + half, y)]
        };
        let ((middle, top), (_, bottom)) = (at(latency.q3_ms), at(latency.q1_ms));
        let rect = Rect { left: middle - place.half_pt, top, right: middle + place.half_pt, bottom };
        let canvas = &mut figure.canvas;
        canvas.line(vec![at(latency.whisker_low_ms), at(latency.q1_ms)], stroke);
        canvas.line(vec![at(latency.q3_ms), at(latency.whisker_high_ms)], stroke);
        canvas.line(across(latency.whisker_low_ms, place.half_pt / 2.0), stroke);
        canvas.line(across(latency.whisker_high_ms, place.half_pt / 2.0), stroke);
        canvas.bar(rect, place.style.color.tint(BOX_TINT), place.style.pattern, place.style.color.tint(0.7));
        canvas.frame(rect, stroke);
        canvas.line(across(latency.median_ms, place.half_pt), Stroke::solid(INK, style::STRONG_LINE_PT));
        if latency.min_ms < latency.whisker_low_ms {
            canvas.marker(at(latency.min_ms), Marker::Circle, DOT_PT, place.style.color);
        }
        if latency.max_ms > latency.whisker_high_ms {
            canvas.marker(at(latency.max_ms), Marker::Circle, DOT_PT, place.style.color);
        }
    }
}

fn draw_line(figure: &mut Figure, panel: &Panel, series: &LatencySeries, style: SeriesStyle) {
    let at = |latency: &LatencyBox, value: f64| panel.at(f64::from(latency.hop), value);
    for latency in &series.boxes {
        let quartiles = vec![at(latency, latency.q1_ms), at(latency, latency.q3_ms)];
        figure.canvas.line(quartiles, Stroke::solid(style.color.tint(0.5), AXIS_LINE_PT));
    }
    let medians: Vec<Point> = series.boxes.iter().map(|latency| at(latency, latency.median_ms)).collect();
    figure.draw_series_line(&medians, style);
}
