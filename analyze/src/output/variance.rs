//! `variance`: how much of the spread of delivery times is inside rounds, between rounds and between deployments.

use rayon::prelude::*;

use crate::measure::{Analysis, Group, Origin, RoundMetrics};
use crate::stats::{Components, Moments, components};
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        count("nodes"),
        text("origin"),
        count("deployments"),
        count("rounds"),
        count("deliveries"),
        number("within_rounds_ms2", 3),
        number("between_rounds_ms2", 3),
        number("between_deployments_ms2", 3),
    ];
    let rows: Vec<[Cell; 9]> =
        analysis.groups.par_iter().flat_map_iter(|group| Origin::ALL.map(|origin| row(group, origin))).collect();
    let caption = "Variance of the time until a node has the message, by what it comes from";
    Table::new("variance", caption, columns, rows)
}

fn row(group: &Group, origin: Origin) -> [Cell; 9] {
    let deployments: Vec<Vec<Moments>> = group
        .deployments()
        .iter()
        .map(|rounds| rounds.iter().filter_map(|round| moments(round, origin)).collect())
        .filter(|rounds: &Vec<Moments>| !rounds.is_empty())
        .collect();
    let timed = group.scored().filter(|round| round.origin_ns(origin).is_some());
    let Components { within, rounds: of_rounds, deployments: of_deployments } = components(&deployments);
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        origin.as_str().into(),
        deployments.len().into(),
        deployments.iter().map(Vec::len).sum::<usize>().into(),
        timed.map(|round| round.reached_ns.len()).sum::<usize>().into(),
        within.into(),
        of_rounds.into(),
        of_deployments.into(),
    ]
}

fn moments(round: &RoundMetrics, origin: Origin) -> Option<Moments> {
    let origin_ns = round.origin_ns(origin)?;
    Moments::of(round.reached_ns.iter().map(move |at_ns| at_ns.saturating_sub(origin_ns) as f64 / 1e6))
}
