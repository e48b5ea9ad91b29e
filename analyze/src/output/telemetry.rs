//! `telemetry`: one line for each run and quantity that telemetry tells of.

use crate::measure::usage::Usage;
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(usages: &[Usage]) -> Option<Table> {
    let columns = [
        text("condition"),
        text("run_id"),
        count("nodes"),
        text("quantity"),
        text("unit"),
        count("pods"),
        number("window_s", 1),
        number("sampling_s", 1),
        count("samples"),
        number("mean", 3),
        number("low", 3),
        number("high", 3),
        number("sample_max", 3),
        text("note"),
    ];
    let caption = "What pods used while the scored rounds went on, as a monitoring system sampled it; mean, low and high \
                   are summed over pods";
    (!usages.is_empty()).then(|| Table::new("telemetry", caption, columns, usages.iter().map(row)))
}

fn row(usage: &Usage) -> [Cell; 14] {
    [
        usage.condition.as_str().into(),
        usage.run_id.as_str().into(),
        usage.nodes.into(),
        usage.quantity.word().into(),
        usage.quantity.unit().into(),
        usage.pods.into(),
        usage.window_s.into(),
        usage.sampling_s.into(),
        usage.samples.into(),
        usage.mean.into(),
        usage.low.into(),
        usage.high.into(),
        usage.sample_max.into(),
        usage.note.as_deref().into(),
    ]
}
