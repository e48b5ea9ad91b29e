//! How far first deliveries came: the share of each hop, as groups of bars.

use std::collections::BTreeSet;

use crate::axis::{Axis, Quantity};
use crate::canvas::{Rect, Stroke};
use crate::data::{HopBand, HopDistribution, HopSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, INK, LINE_PT, PAPER, Pattern, THEORY};

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
pub fn hop_distribution(data: &HopDistribution, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &HopDistribution, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&HopSeries> = data.series.iter().filter(|series| !series.shares.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.shares.iter().map(|(_, share)| *share))?;
    }
    check_values(NAME, "theory", data.theory.iter().flat_map(|band| [Some(band.low), band.high]).flatten())?;
    let seen = shown.iter().flat_map(|series| series.shares.iter().map(|(hop, _)| *hop));
    let bands = data.theory.iter().flat_map(|band| [Some(band.low), band.high]).flatten();
    let hops: BTreeSet<u32> = seen.chain(bands.map(|hops| hops.max(0.0).ceil() as u32)).collect();
    let shares = shown.iter().flat_map(|series| series.shares.iter().map(|(_, share)| share * 100.0));
    let mut figure = Figure::new(NAME, "Share of first deliveries at each hop", sheet)?;
    let x = Axis::whole(Quantity::count("Hop"), hops);
    let panel = figure.add_panel(x, Axis::from_zero(Quantity::percent("First deliveries"), shares));
    let room_pt = panel.rect.width() / (panel.x.high() - panel.x.low());
    data.theory.iter().for_each(|band| draw_band(&mut figure, &panel, band));
    let bar_pt = (room_pt * GROUP_SHARE / shown.len() as f64).min(BAR_MAX_PT);
    for (index, series) in shown.iter().enumerate() {
        if bar_pt < BAR_MIN_PT {
            let points = series.shares.iter().map(|(hop, share)| panel.at(f64::from(*hop), share * 100.0));
            figure.draw_series_line(&points.collect::<Vec<_>>(), style::series(index));
        } else {
            let offset_pt = (index as f64 - shown.len() as f64 / 2.0) * bar_pt;
            draw_bars(&mut figure, &panel, series, BarPosition { index, offset_pt, bar_pt });
        }
    }
    for (index, band) in data.theory.iter().enumerate() {
        draw_bound(&mut figure, &panel, band, index);
    }
    let key = |index: usize| match style::series(index) {
        style if bar_pt < BAR_MIN_PT => Key::Series(style),
        style => Key::Bar { color: style.color, pattern: style.pattern, hatch: PAPER },
    };
    let entries = shown.iter().enumerate();
    let entries = entries.map(|(index, series)| Entry { key: key(index), name: series.label.clone() });
    let theory = data.theory.iter().enumerate().map(|(index, band)| band_entry(band, index));
    figure.draw_legend(&entries.chain(theory).collect::<Vec<_>>());
    Ok(figure)
}

/// A band over the height of the data area, behind the bars.
fn draw_band(figure: &mut Figure, panel: &Panel, band: &HopBand) {
    let Some(high) = band.high.filter(|_| !is_line(band)) else { return };
    let x = |hops: f64| panel.at(hops, panel.y.low()).0;
    figure.canvas.bar(Rect { left: x(band.low), right: x(high), ..panel.rect }, THEORY, Pattern::Plain, THEORY);
}

/// Whether both ends are the same, or there is one only.
fn is_line(band: &HopBand) -> bool {
    band.high.is_none_or(|high| high <= band.low)
}

/// A band that has no width, or one end only, as a line in front of the bars.
fn draw_bound(figure: &mut Figure, panel: &Panel, band: &HopBand, index: usize) {
    if is_line(band) {
        let (x, _) = panel.at(band.low, panel.y.low());
        figure.canvas.line(vec![(x, panel.rect.top), (x, panel.rect.bottom)], theory_stroke(index));
    }
}

fn band_entry(band: &HopBand, index: usize) -> Entry {
    let key = match is_line(band) {
        false => Key::Bar { color: THEORY, pattern: Pattern::Plain, hatch: THEORY },
        true => Key::Line(theory_stroke(index)),
    };
    Entry { key, name: band.label.clone() }
}

fn theory_stroke(index: usize) -> Stroke {
    Stroke { color: INK, width_pt: LINE_PT, dash: style::series(index + 1).dash }
}

/// A series' place in each group.
struct BarPosition {
    index: usize,
    offset_pt: f64,
    bar_pt: f64,
}

fn draw_bars(figure: &mut Figure, panel: &Panel, series: &HopSeries, place: BarPosition) {
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
