//! `hops`: how far first deliveries of scored rounds came. Those whose hop is not known are the last line, without one.

use crate::measure::{Analysis, Group, by_hop};
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [text("condition"), count("nodes"), count("hop"), count("count"), number("share", 4)];
    let caption = "First deliveries of scored rounds by their distance from the initiator";
    Table::new("hops", caption, columns, analysis.groups.iter().flat_map(rows))
}

fn rows(group: &Group) -> impl Iterator<Item = [Cell; 5]> {
    let total = group.deliveries.hop.len() as f64;
    by_hop::counts(&group.deliveries).into_iter().map(move |(hop, count)| {
        let share = count as f64 / total;
        [group.condition.as_str().into(), group.nodes.into(), hop.into(), count.into(), share.into()]
    })
}
