//! `delays`: the link delay of each run, as it was asked for and as it was.

use crate::inputs::About;
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(inputs: &[About]) -> Option<Table> {
    let columns = [
        text("condition"),
        text("run_id"),
        text("link_delay"),
        count("copies"),
        number("intended_mean_ms", 3),
        number("achieved_mean_ms", 3),
        number("error_max_ms", 3),
    ];
    let rows: Vec<[Cell; 7]> = inputs.iter().flat_map(of_input).collect();
    let caption = "How long copies were held back at their senders: as asked for, and as it was";
    (!rows.is_empty()).then(|| Table::new("delays", caption, columns, rows))
}

fn of_input(about: &About) -> Vec<[Cell; 7]> {
    let of_run = |(run_id, facts): (&String, &crate::inputs::RunFacts)| {
        let (manifest, delay) = (&facts.manifest, facts.manifest.link_delay?);
        Some([
            about.condition.as_str().into(),
            run_id.as_str().into(),
            manifest.options.link_delay.to_string().as_str().into(),
            delay.copies.into(),
            delay.intended_mean_ms.into(),
            delay.achieved_mean_ms.into(),
            delay.error_max_ms.into(),
        ])
    };
    about.runs.iter().filter_map(of_run).collect()
}
