//! `conditions`: one line for each limit that a run was meant to run under.

use crate::audit::Limit;
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(limits: &[Limit]) -> Option<Table> {
    let columns = [
        text("condition"),
        text("run_id"),
        text("limit"),
        text("unit"),
        count("intended"),
        number("achieved", 0),
        count("burst_bytes"),
        text("busiest_node"),
        count("busiest_round"),
        count("busiest_bytes"),
        text("verdict"),
    ];
    let caption = "Limits that runs were meant to run under, what was found, and whether any round met them";
    (!limits.is_empty()).then(|| Table::new("conditions", caption, columns, limits.iter().map(row)))
}

fn row(limit: &Limit) -> [Cell; 11] {
    let busiest = limit.busiest.as_ref();
    [
        limit.condition.as_str().into(),
        limit.run_id.as_str().into(),
        limit.kind.as_str().into(),
        limit.kind.unit().into(),
        limit.intended.into(),
        limit.achieved.into(),
        limit.burst_bytes.into(),
        busiest.map(|busiest| busiest.node.as_str()).into(),
        busiest.map(|busiest| busiest.round).into(),
        busiest.map(|busiest| busiest.bytes).into(),
        limit.verdict.as_str().into(),
    ]
}
