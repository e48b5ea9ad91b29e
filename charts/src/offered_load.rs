//! Goodput and the slowest deliveries against the load that a network is offered: a point for each run of an open loop.

use crate::axis::{Axis, Quantity};
use crate::canvas::Stroke;
use crate::data::{LoadPoint, LoadSeries, OfferedLoad};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::panel::Panel;
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, DOT_PT, INK};

const NAME: &str = "offered-load";
const MARKER_PT: f64 = DOT_PT * 1.6;

/// Draws goodput above, and the time that 99 in 100 deliveries took at most below, both against the messages that began a second.
///
/// # Errors
/// [`ChartError::NoData`] where there is no run; [`ChartError::Value`].
pub fn offered_load(data: &OfferedLoad, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &OfferedLoad, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&LoadSeries> = data.series.iter().filter(|series| !series.runs.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        check_values(NAME, &series.label, series.runs.iter().flat_map(values))?;
    }
    let runs = || shown.iter().flat_map(|series| &series.runs);
    let begun: Vec<f64> = runs().map(|run| run.begun_per_s).collect();
    let goodput: Vec<f64> = runs().map(|run| run.goodput_per_s).collect();
    let slowest: Vec<f64> = runs().filter_map(|run| run.p99_ms).collect();
    let mut figure = Figure::new(NAME, "Goodput and the slowest deliveries against the offered load", sheet)?;
    let per_s = |words: &str| Quantity::named(words, Some("messages/s"));
    let x = Axis::from_zero_or_log(per_s("Begun"), &begun);
    let upper = Axis::from_zero_or_log(per_s("Goodput"), &goodput);
    let lower = Axis::from_zero_or_log(Quantity::named("99 % took at most", Some("ms")), &slowest);
    let [upper, lower] = figure.add_pair(&x, upper, lower);
    draw_keeping_up(&mut figure, &upper);
    for (index, series) in shown.iter().enumerate() {
        let style = style::series(index);
        let mark = |figure: &mut Figure, panel: &Panel, run: &LoadPoint, value: f64| {
            figure.canvas.marker(panel.at(run.begun_per_s, value), style.marker, MARKER_PT, style.color);
        };
        for run in &series.runs {
            mark(&mut figure, &upper, run, run.goodput_per_s);
            run.p99_ms.into_iter().for_each(|p99_ms| mark(&mut figure, &lower, run, p99_ms));
        }
    }
    let entries = shown.iter().enumerate().map(|(index, series)| Entry::series(style::series(index), &series.label));
    let keeping_up = Entry { key: Key::Line(keeping_up()), name: "as much as began".to_owned() };
    figure.draw_legend(&entries.chain([keeping_up]).collect::<Vec<_>>());
    let without = runs().filter(|run| run.p99_ms.is_none()).count();
    if without > 0 {
        figure.add_note(&format!(
            "In {without} runs fewer than 99 in 100 deliveries were made: they have no point below."
        ));
    }
    Ok(figure)
}

fn values(run: &LoadPoint) -> impl Iterator<Item = f64> {
    [run.begun_per_s, run.goodput_per_s].into_iter().chain(run.p99_ms)
}

fn keeping_up() -> Stroke {
    Stroke::solid(INK, AXIS_LINE_PT)
}

/// The line on which a network delivers what begins.
fn draw_keeping_up(figure: &mut Figure, panel: &Panel) {
    const PARTS: u32 = 60;
    let (low, high) = (panel.x.low().max(panel.y.low()), panel.x.high().min(panel.y.high()));
    let at = |part: u32| low + (high - low) * f64::from(part) / f64::from(PARTS);
    let points = (0..=PARTS).map(|part| panel.at(at(part), at(part))).collect();
    figure.canvas.line(points, keeping_up());
}
