//! `latency`: from send to receipt over first deliveries of scored rounds, by hop. Those whose hop is not known are the
//! last line, without one.

use crate::measure::{Analysis, Group};
use crate::stats::percentile;
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
    let caption = "Latency of first deliveries of scored rounds by their distance from the initiator";
    Table::new("latency", caption, columns, analysis.groups.iter().flat_map(rows))
}

fn rows(group: &Group) -> impl Iterator<Item = [Cell; 9]> {
    group.deliveries.iter().filter(|at_hop| !at_hop.latencies_ns.is_empty()).map(|at_hop| {
        let [min, median, p90, p99, max] =
            [0, 50, 90, 99, 100].map(|percent| Cell::ms(percentile(&at_hop.latencies_ns, percent)));
        let (hop, count) = (at_hop.hop.into(), at_hop.latencies_ns.len().into());
        [group.condition.as_str().into(), group.nodes.into(), hop, count, min, median, p90, p99, max]
    })
}
