//! `incidents`: one line for each thing that befell a process, as the driver saw it.

use std::collections::BTreeMap;

use cnsim::manifest::Incident;

use crate::audit::incident_words;
use crate::inputs::About;
use crate::table::{Cell, Table, count, text};

pub(super) fn table(inputs: &[About]) -> Option<Table> {
    // A run that was given twice befell nothing twice.
    let mut runs = BTreeMap::new();
    for input in inputs {
        runs.extend(input.runs.iter().map(|(run_id, facts)| ((&input.condition, run_id), &facts.manifest.incidents)));
    }
    let rows: Vec<[Cell; 7]> = runs
        .into_iter()
        .flat_map(|((condition, run_id), incidents)| {
            incidents.iter().map(move |incident| row(condition, run_id, incident))
        })
        .collect();
    let columns =
        [text("condition"), text("run_id"), count("round"), text("at"), text("pod"), text("incident"), text("detail")];
    let caption = "What befell processes while rounds went on, as the driver saw it";
    (!rows.is_empty()).then(|| Table::new("incidents", caption, columns, rows))
}

fn row(condition: &str, run_id: &str, incident: &Incident) -> [Cell; 7] {
    let pod = match incident.pod.as_str() {
        "" => incident.process.as_deref(),
        pod => Some(pod),
    };
    [
        condition.into(),
        run_id.into(),
        incident.round.into(),
        incident.at.as_str().into(),
        pod.into(),
        incident_words(incident.kind).into(),
        incident.detail.as_str().into(),
    ]
}
