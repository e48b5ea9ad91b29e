//! `ecdf`: the empirical distribution of convergence time over scored rounds with its band, one line for each time that a round
//! took and origin.

use crate::measure::{Analysis, Group, Origin};
use crate::stats::{LEVEL, dkw_half_width};
use crate::table::{Cell, Table, count, ms, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        text("origin"),
        ms("t100_ms"),
        number("share", 4),
        number("share_low", 4),
        number("share_high", 4),
    ];
    let origins = |group| Origin::ALL.into_iter().flat_map(move |origin| of_group(group, origin));
    let caption = "Share of scored rounds that took at most as long, with the 95 % band of the whole distribution";
    Table::new("ecdf", caption, columns, analysis.groups.iter().flat_map(origins))
}

/// Rounds that never converged have no line, and are in every share's denominator.
fn of_group(group: &Group, origin: Origin) -> Vec<[Cell; 7]> {
    let rounds = group.scored().count();
    let mut times: Vec<i64> = group.scored().filter_map(|round| round.complete_ns(origin)).collect();
    times.sort_unstable();
    let band = dkw_half_width(group.replicates(), LEVEL).filter(|_| !group.is_one_simulation());
    let row = |(place, time_ns): (usize, &i64)| {
        let share = (place + 1) as f64 / rounds as f64;
        [
            group.condition.as_str().into(),
            group.nodes.into(),
            origin.as_str().into(),
            Cell::whole_ms(Some(*time_ns)),
            share.into(),
            band.map(|half_width| (share - half_width).max(0.0)).into(),
            band.map(|half_width| (share + half_width).min(1.0)).into(),
        ]
    };
    let is_last_of_its_time = |place: &usize| times.get(place + 1) != Some(&times[*place]);
    (0..times.len()).filter(is_last_of_its_time).map(|place| row((place, &times[place]))).collect()
}
