//! `load`: how evenly nodes share the work of sending, over scored rounds.

use crate::measure::{Analysis, Group, RoundMetrics};
use crate::stats::{mean, median, sorted};
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        count("rounds"),
        number("sent_mean", 3),
        count("sent_max"),
        text("busiest_node"),
        count("busiest_round"),
        number("gini_round_median", 3),
        number("gini_run_mean", 3),
    ];
    let caption = "Copies that a node sends in a round, and how unequal that is (Gini) in a round and over a run";
    Table::new("load", caption, columns, analysis.groups.iter().map(row))
}

fn row(group: &Group) -> [Cell; 9] {
    let rounds: Vec<&RoundMetrics> = group.scored().collect();
    // Of equals the first.
    let busiest = rounds.iter().rev().max_by_key(|round| round.load.max).filter(|round| round.load.max > 0);
    let per_node = |round: &&RoundMetrics| Some(round.sends? as f64 / f64::from(group.nodes.max(1)));
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        rounds.len().into(),
        mean(rounds.iter().filter_map(per_node)).into(),
        busiest.map(|round| round.load.max).into(),
        busiest.and_then(|round| round.load.busiest.as_deref()).into(),
        busiest.map(|round| round.round).into(),
        median(&sorted(rounds.iter().filter_map(|round| round.load.gini))).into(),
        mean(group.loads.iter().filter_map(|load| load.gini(group.nodes))).into(),
    ]
}
