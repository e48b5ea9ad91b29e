//! `hops`: how far first deliveries of scored rounds came. Those whose hop is not known are the last line, without one.

use crate::measure::{Analysis, Group};
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [text("condition"), count("nodes"), count("hop"), count("count"), number("share", 4)];
    let caption = "First deliveries of scored rounds by their distance from the initiator";
    Table::new("hops", caption, columns, analysis.groups.iter().flat_map(rows))
}

fn rows(group: &Group) -> impl Iterator<Item = [Cell; 5]> {
    let total = group.delivered() as f64;
    group.deliveries.iter().map(move |at_hop| {
        let share = at_hop.count as f64 / total;
        [group.condition.as_str().into(), group.nodes.into(), at_hop.hop.into(), at_hop.count.into(), share.into()]
    })
}
