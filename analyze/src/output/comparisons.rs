//! `comparisons`: conditions against each other in a metric of their rounds, in full and for readers; and `sides`, each
//! condition on its own.

use super::{Cell, Table, count, flag, number, text};
use crate::compare::{Comparison, Design, Side};
use crate::stats::Interval;

pub(super) fn table(comparisons: &[Comparison]) -> Table {
    let columns = [
        text("metric"),
        count("nodes"),
        text("a"),
        text("b"),
        count("rounds_a"),
        count("rounds_b"),
        text("unit"),
        text("origin"),
        text("test"),
        flag("paired"),
        number("level", 3),
        number("shift", 3),
        number("shift_low", 3),
        number("shift_high", 3),
        number("median_ratio", 3),
        number("p", 4),
        number("p_holm", 4),
        number("cliffs_delta", 3),
        number("cliffs_delta_low", 3),
        number("cliffs_delta_high", 3),
        text("sentence"),
    ];
    Table::new("comparisons", "Conditions against each other; a shift is b - a", columns, comparisons.iter().map(row))
}

fn row(comparison: &Comparison) -> [Cell; 21] {
    let [delta_low, delta_high] = ends(comparison.dominance.interval);
    [
        comparison.metric.name().into(),
        comparison.nodes.into(),
        comparison.a.as_str().into(),
        comparison.b.as_str().into(),
        comparison.rounds_a.into(),
        comparison.rounds_b.into(),
        comparison.metric.unit().into(),
        comparison.metric.origin().map(|origin| origin.as_str()).into(),
        comparison.test_name().into(),
        (comparison.design == Design::Paired).into(),
        comparison.level.into(),
        comparison.shift.shift.into(),
        comparison.shift.low.into(),
        comparison.shift.high.into(),
        comparison.ratio.map(|ratio| ratio.ratio).into(),
        comparison.test.p.into(),
        comparison.p_holm.into(),
        comparison.dominance.delta.into(),
        delta_low,
        delta_high,
        comparison.sentence.as_str().into(),
    ]
}

/// Fewer columns, and the interval of the ratio.
pub(super) fn for_readers(comparisons: &[Comparison]) -> Table {
    let columns = [
        text("metric"),
        count("nodes"),
        text("a"),
        text("b"),
        number("shift", 3),
        number("low", 3),
        number("high", 3),
        number("ratio", 3),
        number("ratio_low", 3),
        number("ratio_high", 3),
        text("test"),
        text("p"),
        text("p_holm"),
        number("delta", 2),
        number("delta_low", 2),
        number("delta_high", 2),
    ];
    let rows = comparisons.iter().map(|comparison| {
        let [ratio_low, ratio_high] = ends(comparison.ratio.and_then(|ratio| ratio.interval));
        let [delta_low, delta_high] = ends(comparison.dominance.interval);
        [
            comparison.metric.name().into(),
            comparison.nodes.into(),
            comparison.a.as_str().into(),
            comparison.b.as_str().into(),
            comparison.shift.shift.into(),
            comparison.shift.low.into(),
            comparison.shift.high.into(),
            comparison.ratio.map(|ratio| ratio.ratio).into(),
            ratio_low,
            ratio_high,
            comparison.test_name().into(),
            Cell::Text(probability(comparison.test.p)),
            Cell::Text(probability(comparison.p_holm)),
            comparison.dominance.delta.into(),
            delta_low,
            delta_high,
        ]
    });
    Table::new("comparisons", "Conditions against each other; a shift is b - a", columns, rows)
}

pub(super) fn sides(sides: &[Side]) -> Table {
    let columns = [
        text("metric"),
        count("nodes"),
        text("condition"),
        count("rounds"),
        count("censored"),
        number("median", 3),
        number("median_low", 3),
        number("median_high", 3),
        number("mean", 3),
        number("mean_low", 3),
        number("mean_high", 3),
    ];
    let rows = sides.iter().map(|side| {
        let [median_low, median_high] = ends(side.median_interval);
        let [mean_low, mean_high] = ends(side.mean_interval);
        [
            side.metric.name().into(),
            side.nodes.into(),
            side.condition.as_str().into(),
            side.rounds.into(),
            side.censored.into(),
            side.median.into(),
            median_low,
            median_high,
            side.mean.into(),
            mean_low,
            mean_high,
        ]
    });
    Table::new("sides", "Each condition on its own", columns, rows)
}

/// Four decimals; never a zero that is none.
fn probability(p: f64) -> String {
    if p < 0.000_1 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}

/// Both ends; none where there is no interval or an end is infinite.
pub(super) fn ends(interval: Option<Interval>) -> [Cell; 2] {
    let finite = |end: f64| Cell::from(Some(end).filter(|end| end.is_finite()));
    interval.map_or([Cell::None, Cell::None], |interval| [finite(interval.low), finite(interval.high)])
}
