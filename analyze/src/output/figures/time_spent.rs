//! The figure of where the time until the last delivery went.

use cnsim_charts::data::{TimeBar, TimeSpent};

use super::group::{label, whole_ms};
use crate::measure::{Analysis, Group, Origin, PathTime};
use crate::stats::mean;

/// Where the time until the last delivery went: means over complete rounds whose path is known.
pub fn time_spent(analysis: &Analysis) -> TimeSpent {
    let mut spent = TimeSpent { bars: Vec::new(), left_out: Vec::new() };
    for group in &analysis.groups {
        match time_bar(group, label(analysis, group)) {
            Some(bar) => spent.bars.push(bar),
            None => spent.left_out.push(label(analysis, group)),
        }
    }
    spent
}

fn time_bar(group: &Group, label: String) -> Option<TimeBar> {
    let complete = group.scored().filter(|round| round.complete_ns(Origin::Initiate).is_some());
    let paths: Vec<PathTime> = complete.filter_map(|round| round.path).collect();
    let part = |part: fn(&PathTime) -> i64| mean(paths.iter().map(|path| whole_ms(part(path))));
    Some(TimeBar {
        label,
        setup_ms: part(|path| path.setup_ns)?,
        waiting_ms: part(|path| path.waiting_ns)?,
        wire_ms: part(|path| path.wire_ns)?,
    })
}
