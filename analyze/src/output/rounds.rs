//! `rounds`: one line a round, warm-up too.

use super::{Cell, Table, count, flag, ms, number, text};
use crate::measure::{Analysis, Group, RoundMetrics, Shape};

pub(super) fn table(analysis: &Analysis) -> Table {
    let columns = [
        text("condition"),
        text("run_id"),
        count("round"),
        count("nodes"),
        flag("scored"),
        text("initiator"),
        count("expected"),
        count("delivered"),
        number("coverage", 4),
        ms("setup_ms"),
        ms("t50_ms"),
        ms("t90_ms"),
        ms("t95_ms"),
        ms("t99_ms"),
        ms("t100_ms"),
        ms("t50_first_send_ms"),
        ms("t90_first_send_ms"),
        ms("t95_first_send_ms"),
        ms("t99_first_send_ms"),
        ms("t100_first_send_ms"),
        count("duplicates"),
        count("failed"),
        count("sends"),
        number("rmr", 3),
        count("hops_max"),
        number("hops_mean", 3),
        ms("latency_median_ms"),
        count("tree_depth"),
        count("tree_width"),
        number("branching_mean", 3),
        count("branching_max"),
        number("load_gini", 3),
        ms("cpu_ms"),
        ms("cpu_process_max_ms"),
        count("resident_bytes"),
        count("sent_bytes"),
        count("received_bytes"),
        number("sent_per_payload_byte", 3),
    ];
    let rounds = analysis.groups.iter().flat_map(|group| group.rounds.iter().map(move |round| row(group, round)));
    Table::new("rounds", "Every round; statistics count those that are scored", columns, rounds)
}

fn row(group: &Group, round: &RoundMetrics) -> [Cell; 38] {
    let [t50, t90, t95, t99, t100] = round.from_initiate.map(Cell::whole_ms);
    let [s50, s90, s95, s99, s100] = round.from_first_send.map(Cell::whole_ms);
    let shape = round.shape.as_ref();
    let resources = round.resources.as_ref();
    let used = resources.map(|resources| &resources.used);
    [
        group.condition.as_str().into(),
        round.run_id.as_str().into(),
        round.round.into(),
        group.nodes.into(),
        round.scored.into(),
        round.initiator.as_deref().into(),
        round.expected.into(),
        round.delivered.into(),
        round.coverage().into(),
        Cell::whole_ms(round.setup_ns),
        t50,
        t90,
        t95,
        t99,
        t100,
        s50,
        s90,
        s95,
        s99,
        s100,
        round.duplicates.into(),
        round.failed.into(),
        round.sends.into(),
        round.rmr.into(),
        round.hops_max.into(),
        round.hops_mean.into(),
        Cell::ms(round.latency_median_ns),
        shape.map(Shape::depth).into(),
        shape.map(Shape::width).into(),
        shape.map(|shape| shape.branching_mean).into(),
        shape.map(|shape| shape.branching_max).into(),
        round.load.gini.into(),
        used.and_then(|used| used.cpu_ms).into(),
        used.and_then(|used| used.cpu_process_max_ms).into(),
        used.and_then(|used| used.resident_bytes).into(),
        used.and_then(|used| used.sent_bytes).into(),
        used.and_then(|used| used.received_bytes).into(),
        resources.and_then(|resources| resources.sent_per_payload_byte(round.expected)).into(),
    ]
}
