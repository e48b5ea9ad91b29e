//! `critical`: what the way to the last node leads over, how often, and what it spends there.

use crate::measure::{Analysis, Bottleneck, Group};
use crate::stats::{LEVEL, wilson_interval};
use crate::table::{Cell, Table, count, ms, number, text};

/// Lines of one kind in a group: behind them follow those that are hardly ever on a path.
const LINES: usize = 10;

pub(super) fn table(analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        count("nodes"),
        text("part"),
        text("name"),
        number("on_path", 3),
        count("rounds"),
        number("share", 3),
        number("share_low", 3),
        number("share_high", 3),
        number("last", 3),
        ms("waiting_mean_ms"),
        ms("wire_mean_ms"),
    ];
    let rows: Vec<[Cell; 12]> = analysis.groups.iter().flat_map(rows).collect();
    let caption = "What the path to the node that was reached last leads over, the most frequent ones of each kind";
    (!rows.is_empty()).then(|| Table::new("critical", caption, columns, rows))
}

fn rows(group: &Group) -> Vec<[Cell; 12]> {
    let (found, rounds) = (group.bottlenecks.parts(), group.bottlenecks.rounds());
    let kinds = found.chunk_by(|a, b| a.part == b.part);
    kinds.flat_map(|kind| kind.iter().take(LINES)).map(|part| row(group, part, rounds)).collect()
}

fn row(group: &Group, part: &Bottleneck, rounds: usize) -> [Cell; 12] {
    // Each simulated run has a graph of its own, in which a name stands for nothing.
    let share = wilson_interval(part.rounds, rounds, LEVEL).filter(|_| group.simulated.is_empty());
    let mean = |sum_ns: f64| Cell::ms(Some(sum_ns / part.rounds));
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        part.part.as_str().into(),
        part.name.as_str().into(),
        shared(part.rounds),
        rounds.into(),
        (part.rounds / rounds as f64).into(),
        share.map(|share| share.low).into(),
        share.map(|share| share.high).into(),
        shared(part.last),
        mean(part.waiting_ns),
        mean(part.wire_ns),
    ]
}

/// A number of rounds, which is whole unless paths share some.
fn shared(rounds: f64) -> Cell {
    if rounds.fract() == 0.0 { (rounds as u64).into() } else { rounds.into() }
}
