//! `duplicates`: copies that were not needed, over scored rounds.

use crate::measure::{Analysis, Group};
use crate::stats::mean;
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        count("rounds"),
        number("duplicates_mean", 2),
        count("duplicates_min"),
        count("duplicates_max"),
        count("expected"),
        number("rmr_mean", 3),
    ];
    let caption = "Duplicates over scored rounds, what the topology dictates for a complete one, and redundancy";
    Table::new("duplicates", caption, columns, analysis.groups.iter().map(row))
}

fn row(group: &Group) -> [Cell; 8] {
    let duplicates = || group.scored().filter_map(|round| round.duplicates);
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        group.scored().count().into(),
        mean(duplicates().map(|duplicates| duplicates as f64)).into(),
        duplicates().min().into(),
        duplicates().max().into(),
        group.expected_duplicates.into(),
        mean(group.scored().filter_map(|round| round.rmr)).into(),
    ]
}
