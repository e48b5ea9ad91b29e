//! `clocks`: how far the clocks of machines are apart, as far as copies both ways say.

use crate::measure::{Analysis, Group, HostPair};
use crate::stats::Drift;
use crate::table::{Cell, Table, count, ms, number, text};

pub(super) fn table(analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        count("nodes"),
        text("run_id"),
        text("host_a"),
        text("host_b"),
        count("copies_ab"),
        count("copies_ba"),
        ms("least_ab_ms"),
        ms("least_ba_ms"),
        ms("offset_ms"),
        ms("offset_low_ms"),
        ms("offset_high_ms"),
        count("loops"),
        ms("loop_residual_ms"),
        ms("uncertainty_ms"),
        number("drift_ppm", 3),
        number("drift_low_ppm", 3),
        number("drift_high_ppm", 3),
        number("span_s", 1),
    ];
    let of_group = |group: &Group| -> Vec<[Cell; 19]> {
        let runs = group.clocks.iter();
        runs.flat_map(|run| run.pairs.iter().map(|pair| row(group, &run.run_id, pair))).collect()
    };
    let rows: Vec<[Cell; 19]> = analysis.groups.iter().flat_map(of_group).collect();
    let caption = "How far the clock of host_b is ahead of that of host_a; no number of this report is corrected by it";
    (!rows.is_empty()).then(|| Table::new("clocks", caption, columns, rows))
}

fn row(group: &Group, run_id: &str, pair: &HostPair) -> [Cell; 19] {
    let (drift, ppm) = (pair.drift, |drift: f64| drift * 1e6);
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        run_id.into(),
        (&*pair.a).into(),
        (&*pair.b).into(),
        pair.there.copies.into(),
        pair.back.copies.into(),
        Cell::whole_ms(Some(pair.there.least_ns)),
        Cell::whole_ms(Some(pair.back.least_ns)),
        Cell::ms(Some(pair.offset.value)),
        Cell::ms(Some(pair.offset.low)),
        Cell::ms(Some(pair.offset.high)),
        pair.offset.loops.into(),
        Cell::ms(pair.offset.residual),
        Cell::ms(pair.offset.uncertainty()),
        drift.and_then(Drift::value).map(ppm).into(),
        drift.map(|drift| ppm(drift.low)).into(),
        drift.map(|drift| ppm(drift.high)).into(),
        (pair.span_ns as f64 / 1e9).into(),
    ]
}
