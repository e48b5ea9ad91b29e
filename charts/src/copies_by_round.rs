//! Copies sent and duplicates among them, round by round, one above the other.

use crate::axis::{Axis, Quantity};
use crate::canvas::Stroke;
use crate::data::{CopiesByRound, CopiesSeries};
use crate::drawing::Drawing;
use crate::error::ChartError;
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, INK};

const NAME: &str = "copies-by-round";
const EXPECTED: Stroke = Stroke { color: INK, width_pt: AXIS_LINE_PT, dash: &[3.0, 2.0] };

/// Draws copies (above) and duplicates (below) by round; a dashed line is the number of duplicates that the topology dictates.
///
/// # Errors
/// [`ChartError::NoData`] where there is no round.
pub fn copies_by_round(data: &CopiesByRound, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &CopiesByRound, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&CopiesSeries> = data.series.iter().filter(|series| !series.rounds.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    let rounds = || shown.iter().flat_map(|series| &series.rounds);
    let expected = || shown.iter().filter_map(|series| series.expected_duplicates);
    let mut figure = Figure::new(NAME, "Copies sent and duplicates among them, by round", sheet)?;
    let x = Axis::whole(Quantity::count("Round"), rounds().map(|(position, _, _)| *position));
    let copies = Axis::count_from_zero("Copies sent", rounds().map(|(_, copies, _)| *copies));
    let duplicates =
        Axis::count_from_zero("Duplicates", rounds().map(|(_, _, duplicates)| *duplicates).chain(expected()));
    let [upper, lower] = figure.add_pair(&x, copies, duplicates);
    for duplicates in expected() {
        let (_, y) = lower.at(lower.x.low(), duplicates as f64);
        figure.canvas.line(vec![(lower.rect.left, y), (lower.rect.right, y)], EXPECTED);
    }
    for (index, series) in shown.iter().enumerate() {
        let line = |value: fn(&(u32, u64, u64)) -> u64| {
            series.rounds.iter().map(move |round| (f64::from(round.0), value(round) as f64))
        };
        let copies: Vec<_> = line(|round| round.1).map(|(x, y)| upper.at(x, y)).collect();
        let duplicates: Vec<_> = line(|round| round.2).map(|(x, y)| lower.at(x, y)).collect();
        figure.draw_series_line(&copies, style::series(index));
        figure.draw_series_line(&duplicates, style::series(index));
    }
    figure.draw_legend(&entries(&shown));
    Ok(figure)
}

fn entries(shown: &[&CopiesSeries]) -> Vec<Entry> {
    let series = shown.iter().enumerate().map(|(index, series)| Entry::series(style::series(index), &series.label));
    let any_expected = shown.iter().any(|series| series.expected_duplicates.is_some());
    let expected =
        any_expected.then(|| Entry { key: Key::Line(EXPECTED), name: "duplicates that the topology dictates".into() });
    series.chain(expected).collect()
}
