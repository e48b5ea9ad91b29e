//! `comparisons`: conditions against each other in a metric of their rounds, in full and for readers; and `sides`, each
//! condition on its own.

use super::comparison::{Comparison, Design, Side};
use crate::table::{Cell, Table, count, flag, number, text};

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonFormat {
    /// A sentence for each comparison, and columns of text.
    Text,
    /// One array of objects.
    Json,
    /// A header and a line for each.
    Csv,
}

/// A comparison as bytes: the table of comparisons, for readers with a sentence for each and what each side is.
pub(crate) fn printed(comparisons: &[Comparison], sides: &[Side], format: ComparisonFormat) -> Vec<u8> {
    match format {
        ComparisonFormat::Json => full(comparisons).to_json(),
        ComparisonFormat::Csv => full(comparisons).to_csv(),
        ComparisonFormat::Text => {
            let sentences: String =
                comparisons.iter().map(|comparison| format!("{}.\n", comparison.sentence)).collect();
            let parts = [sentences.into_bytes(), for_readers(comparisons).to_text(), of_sides(sides).to_text()];
            parts.join(&b'\n')
        }
    }
}

fn full(comparisons: &[Comparison]) -> Table {
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
    let caption = "Conditions against each other; a shift is b - a";
    marked(Table::new("comparisons", caption, columns, comparisons.iter().map(row)), comparisons)
}

fn row(comparison: &Comparison) -> [Cell; 21] {
    let [delta_low, delta_high] = Cell::ends(comparison.dominance.interval);
    [
        comparison.metric.name().as_ref().into(),
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
        comparison.test.map(|test| test.p).into(),
        comparison.p_holm.into(),
        comparison.dominance.delta.into(),
        delta_low,
        delta_high,
        comparison.sentence.as_str().into(),
    ]
}

/// Fewer columns, and the interval of the ratio.
fn for_readers(comparisons: &[Comparison]) -> Table {
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
        let [ratio_low, ratio_high] = Cell::ends(comparison.ratio.and_then(|ratio| ratio.interval));
        let [delta_low, delta_high] = Cell::ends(comparison.dominance.interval);
        [
            comparison.metric.name().as_ref().into(),
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
            comparison.test.map(|test| Cell::Text(probability(test.p))).into(),
            comparison.p_holm.map(|p| Cell::Text(probability(p))).into(),
            comparison.dominance.delta.into(),
            delta_low,
            delta_high,
        ]
    });
    marked(Table::new("comparisons", "Conditions against each other; a shift is b - a", columns, rows), comparisons)
}

fn of_sides(sides: &[Side]) -> Table {
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
        let [median_low, median_high] = Cell::ends(side.median_interval);
        let [mean_low, mean_high] = Cell::ends(side.mean_interval);
        [
            side.metric.name().as_ref().into(),
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
    let mut table = Table::new("sides", "Each condition on its own", columns, rows);
    if sides.iter().any(|side| side.is_simulated) {
        table.columns.push(flag("simulated"));
        table.rows.iter_mut().zip(sides).for_each(|(row, side)| row.push(side.is_simulated.into()));
    }
    table
}

/// With columns that say which side was simulated, where any was.
fn marked(mut table: Table, comparisons: &[Comparison]) -> Table {
    if comparisons.iter().any(Comparison::is_simulated) {
        table.columns.extend([flag("simulated_a"), flag("simulated_b")]);
        let sides = |comparison: &Comparison| [comparison.simulated_a.into(), comparison.simulated_b.into()];
        table.rows.iter_mut().zip(comparisons).for_each(|(row, comparison)| row.extend(sides(comparison)));
    }
    table
}

/// Four decimals; never a zero that is none.
fn probability(p: f64) -> String {
    if p < 0.000_1 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}
