//! `reliability`: how often messages reached all, how long 99 % took, and what that cost, one line for each condition and number of
//! nodes.

use crate::measure::{Analysis, Cost, Group, cost};
use crate::table::{Cell, Table, count, ms, number, text};

/// None where nothing was scored.
pub(crate) fn table(analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        count("nodes"),
        count("rounds"),
        number("reached_all_share", 4),
        number("reached_all_share_low", 4),
        number("reached_all_share_high", 4),
        number("delivered_share_mean", 6),
        ms("t99_median_ms"),
        ms("t99_median_low_ms"),
        ms("t99_median_high_ms"),
        number("copies_per_node_mean", 3),
        number("control_per_node_mean", 3),
        number("control_per_node_mean_bytes", 1),
    ];
    let rows: Vec<[Cell; 13]> = analysis.groups.iter().filter_map(row).collect();
    let caption = "How often messages reached all nodes, when 99 % had them, and what a round cost each node: copies, and control \
                   messages with their bytes";
    (!rows.is_empty()).then(|| Table::new("reliability", caption, columns, rows))
}

fn row(group: &Group) -> Option<[Cell; 13]> {
    let Cost { reached_all, delivered_share, t99_ms, copies, control, control_bytes } = cost(group)?;
    let [share_low, share_high] = Cell::ends(reached_all.interval);
    let [t99_low, t99_high] = Cell::ends(t99_ms.interval);
    Some([
        group.condition.as_str().into(),
        group.nodes.into(),
        group.scored().count().into(),
        reached_all.value.into(),
        share_low,
        share_high,
        delivered_share.into(),
        t99_ms.value.filter(|value| value.is_finite()).into(),
        t99_low,
        t99_high,
        copies.into(),
        control.into(),
        control_bytes.into(),
    ])
}
