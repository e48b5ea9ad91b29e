//! `convergence`: time until the last delivery over scored rounds, one line for each origin.

use crate::measure::estimate::summary;
use crate::measure::{Analysis, Group, Origin};
use crate::table::{Cell, Table, count, ms, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        count("rounds"),
        count("rounds_complete"),
        text("origin"),
        ms("mean_ms"),
        ms("min_ms"),
        ms("median_ms"),
        ms("max_ms"),
        ms("std_ms"),
        ms("median_low_ms"),
        ms("median_high_ms"),
    ];
    let rows = analysis.groups.iter().flat_map(|group| Origin::ALL.map(|origin| row(group, origin)));
    let caption = "Time until the last delivery over scored rounds, with the 95 % interval of the median";
    Table::new("convergence", caption, columns, rows)
}

/// A round whose origin is not on record counts as one that never converged: nothing is made up for it.
fn row(group: &Group, origin: Origin) -> [Cell; 12] {
    let summary = summary(group, origin);
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        summary.count.into(),
        summary.complete.into(),
        origin.as_str().into(),
        Cell::ms(summary.mean_ns),
        Cell::ms(summary.min_ns),
        Cell::ms(summary.median_ns),
        Cell::ms(summary.max_ns),
        Cell::ms(summary.std_ns),
        Cell::ms(summary.median_low_ns),
        Cell::ms(summary.median_high_ns),
    ]
}
