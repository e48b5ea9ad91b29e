//! How far first deliveries came: the share of each hop, as groups of bars.

use std::collections::BTreeSet;

use crate::axis::{Axis, Quantity};
use crate::canvas::Rect;
use crate::data::{HopDistribution, HopSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::{Figure, Panel};
use crate::legend::{Entry, Key};
use crate::style::{self, PAPER};

const NAME: &str = "hop-distribution";
/// Share of a hop's room that its bars fill together.
const GROUP_SHARE: f64 = 0.8;
/// Bars thinner than this are drawn as points joined by a line.
const BAR_MIN_PT: f64 = 2.0;
/// A bar is no wider than this.
const BAR_MAX_PT: f64 = 40.0;

/// Draws the distribution of hops. Where bars would be thinner than 2 points, each series is a line with markers instead.
///
/// # Errors
/// [`ChartError::NoData`] where no series has a hop; [`ChartError::Value`].
pub fn hop_distribution(data: &HopDistribution) -> Result<Drawing, ChartError> {
    layout(data)?.draw()
}

pub(crate) fn layout(data: &HopDistribution) -> Result<Figure, ChartError> {
    let shown: Vec<&HopSeries> = data.series.iter().filter(|series| !series.shares.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.shares.iter().map(|(_, share)| *share))?;
    }
    let hops: BTreeSet<u32> = shown.iter().flat_map(|series| series.shares.iter().map(|(hop, _)| *hop)).collect();
    let shares = shown.iter().flat_map(|series| series.shares.iter().map(|(_, share)| share * 100.0));
    let mut figure = Figure::new(NAME, "Share of first deliveries at each hop")?;
    let x = Axis::whole(Quantity::count("Hop"), hops);
    let panel = figure.panel(x, Axis::from_zero(Quantity::percent("First deliveries"), shares));
    let room_pt = panel.rect.width() / (panel.x.high() - panel.x.low());
    let bar_pt = (room_pt * GROUP_SHARE / shown.len() as f64).min(BAR_MAX_PT);
    for (index, series) in shown.iter().enumerate() {
        if bar_pt < BAR_MIN_PT {
            let points = series.shares.iter().map(|(hop, share)| panel.at(f64::from(*hop), share * 100.0));
            figure.series_line(&points.collect::<Vec<_>>(), style::series(index));
        } else {
            let offset_pt = (index as f64 - shown.len() as f64 / 2.0) * bar_pt;
            draw_bars(&mut figure, &panel, series, Place { index, offset_pt, bar_pt });
        }
    }
    let key = |index: usize| match style::series(index) {
        style if bar_pt < BAR_MIN_PT => Key::Series(style),
        style => Key::Bar { color: style.color, pattern: style.pattern, hatch: PAPER },
    };
    let entries = shown.iter().enumerate();
    let entries = entries.map(|(index, series)| Entry { key: key(index), name: series.label.clone() });
    figure.legend(&entries.collect::<Vec<_>>());
    Ok(figure)
}

/// A series' place in each group.
struct Place {
    index: usize,
    offset_pt: f64,
    bar_pt: f64,
}

fn draw_bars(figure: &mut Figure, panel: &Panel, series: &HopSeries, place: Place) {
    let style = style::series(place.index);
    for (hop, share) in &series.shares {
        let (middle, top) = panel.at(f64::from(*hop), share * 100.0);
        let left = middle + place.offset_pt;
        let gap = (place.bar_pt * 0.08).min(1.0);
        let (_, bottom) = panel.at(f64::from(*hop), 0.0);
        let rect = Rect { left, top, right: left + place.bar_pt - gap, bottom };
        figure.canvas.bar(rect, style.color, style.pattern, PAPER);
    }
}
