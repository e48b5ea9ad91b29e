//! `goodput`: what each run of an open loop delivered of the load that it was offered.

use crate::inputs::About;
use crate::measure::{Analysis, RoundMetrics, goodput};
use crate::table::{Cell, Table, count, ms, number, text};

pub(super) fn table(inputs: &[About], analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        text("run_id"),
        count("nodes"),
        count("rounds"),
        text("every"),
        number("offered_per_s", 3),
        number("begun_per_s", 3),
        number("goodput_per_s", 3),
        ms("delivery_p50_ms"),
        ms("delivery_p99_ms"),
        number("undelivered_share", 4),
        ms("slip_max_ms"),
    ];
    let rows: Vec<[Cell; 12]> = inputs.iter().flat_map(|about| of_input(about, analysis)).collect();
    let caption = "What each run of an open loop delivered of the load that it was offered, in messages a second, and how long \
                   deliveries took from their initiate";
    (!rows.is_empty()).then(|| Table::new("goodput", caption, columns, rows))
}

fn of_input(about: &About, analysis: &Analysis) -> Vec<[Cell; 12]> {
    let of_run = |(run_id, facts): (&String, &crate::inputs::RunFacts)| {
        let (manifest, interval) = (&facts.manifest, facts.manifest.options.every.interval()?);
        let groups = analysis.groups.iter().filter(|group| group.condition == about.condition);
        let rounds = groups.flat_map(|group| &group.rounds).filter(|round: &&RoundMetrics| round.run_id == *run_id);
        let found = goodput(rounds)?;
        let slips = manifest.rounds.iter().filter_map(|round| Some(round.begin?.slip_ms));
        Some([
            about.condition.as_str().into(),
            run_id.as_str().into(),
            manifest.options.nodes.into(),
            found.rounds.into(),
            manifest.options.every.to_string().as_str().into(),
            (1e9 / interval.0 as f64).into(),
            found.begun_per_s.into(),
            found.goodput_per_s.into(),
            found.delivery_p50_ms.into(),
            found.delivery_p99_ms.into(),
            found.undelivered_share.into(),
            slips.reduce(f64::max).into(),
        ])
    };
    about.runs.iter().filter_map(of_run).collect()
}
