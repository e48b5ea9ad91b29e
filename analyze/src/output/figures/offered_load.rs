//! The figure of what networks deliver of the load that they are offered.

use cnsim_charts::data::{LoadPoint, LoadSeries, OfferedLoad};

use super::group::label;
use crate::inputs::About;
use crate::measure::{Analysis, Goodput, goodput};

/// A point for each run that was an open loop.
pub fn offered_load(inputs: &[About], analysis: &Analysis) -> OfferedLoad {
    let series = analysis.groups.iter().map(|group| {
        let of_condition = inputs.iter().filter(|about| about.condition == group.condition);
        let runs = of_condition.flat_map(|about| &about.runs).filter_map(|(run_id, facts)| {
            facts.manifest.options.every.interval()?;
            let found = goodput(group.rounds.iter().filter(|round| round.run_id == *run_id))?;
            let Goodput { begun_per_s, goodput_per_s, delivery_p99_ms: p99_ms, .. } = found;
            Some(LoadPoint { begun_per_s, goodput_per_s, p99_ms })
        });
        LoadSeries { label: label(analysis, group), runs: runs.collect() }
    });
    OfferedLoad { series: series.collect() }
}
