//! `latency`: from send to receipt over first deliveries of scored rounds, by hop. Those whose hop is not known are the
//! last line, without one.

use rayon::prelude::*;

use crate::measure::{Analysis, Group, by_hop};
use crate::stats::select_percentile;
use crate::table::{Cell, Table, count, ms, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        count("hop"),
        count("count"),
        ms("min_ms"),
        ms("median_ms"),
        ms("p90_ms"),
        ms("p99_ms"),
        ms("max_ms"),
    ];
    let rows: Vec<[Cell; 9]> = analysis.groups.par_iter().flat_map_iter(rows).collect();
    let caption = "Latency of first deliveries of scored rounds by their distance from the initiator";
    Table::new("latency", caption, columns, rows)
}

fn rows(group: &Group) -> impl Iterator<Item = [Cell; 9]> {
    by_hop::latencies(&group.deliveries).into_iter().map(|(hop, mut values)| {
        let [min, median, p90, p99, max] =
            [0, 50, 90, 99, 100].map(|percent| Cell::ms(select_percentile(&mut values, percent)));
        let count = values.len();
        [group.condition.as_str().into(), group.nodes.into(), hop.into(), count.into(), min, median, p90, p99, max]
    })
}
