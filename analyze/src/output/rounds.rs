//! `rounds`: one line a round, warm-up too: which round it is, then every metric of the catalogue.

use crate::measure::catalogue::{METRICS, Metric, Value, Values};
use crate::measure::{Analysis, Group, RoundMetrics};
use crate::table::{Cell, Column, Table, count, flag, number, text};

pub(super) fn table(analysis: &Analysis) -> Table {
    let identity = [
        text("condition"),
        text("run_id"),
        count("round"),
        count("nodes"),
        flag("scored"),
        text("initiator"),
        count("expected"),
    ];
    let rounds = analysis.groups.iter().flat_map(|group| group.rounds.iter().map(move |round| row(group, round)));
    Table {
        name: "rounds",
        caption: "Every round; statistics count those that are scored".into(),
        columns: identity.into_iter().chain(METRICS.map(column)).collect(),
        rows: rounds.collect(),
    }
}

fn column(metric: Metric) -> Column {
    match metric.values() {
        Values::Counts => count(metric.column()),
        Values::Numbers { decimals } => number(metric.column(), decimals),
    }
}

fn row(group: &Group, round: &RoundMetrics) -> Vec<Cell> {
    let identity: [Cell; 7] = [
        group.condition.as_str().into(),
        round.run_id.as_str().into(),
        round.round.into(),
        group.nodes.into(),
        round.scored.into(),
        round.initiator.as_deref().into(),
        round.expected.into(),
    ];
    identity.into_iter().chain(METRICS.map(|metric| cell(metric, round))).collect()
}

fn cell(metric: Metric, round: &RoundMetrics) -> Cell {
    match metric.value(round) {
        Some(Value::Count(count)) => count.into(),
        Some(Value::Number(number)) => number.into(),
        None => Cell::None,
    }
}
