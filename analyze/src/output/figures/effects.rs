//! The figure of effects: what one condition has more of a metric than another.

use std::collections::BTreeSet;

use cnsim_charts::data::{Effect, Effects};

use crate::compare::Comparison;
use crate::measure::catalogue::Metric;
use crate::stats::Shift;

/// A row for each comparison. Where rounds without an end meet rounds without an end, nothing of one may be known.
pub fn effects(metric: Metric, comparisons: &[&Comparison]) -> Effects {
    let baseline = comparisons.first().map_or("", |comparison| comparison.a.as_str());
    let is_one = comparisons.iter().map(|comparison| comparison.nodes).collect::<BTreeSet<u32>>().len() <= 1;
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let is_partly = comparisons.iter().any(|comparison| comparison.is_simulated())
        && !comparisons.iter().all(|comparison| comparison.simulated_a && comparison.simulated_b);
    let simulated = |is_simulated: bool| if is_partly && is_simulated { " (SIMULATED)" } else { "" };
    let of_baseline = simulated(comparisons.iter().any(|comparison| comparison.simulated_a));
    let row = |comparison: &&Comparison| {
        let nodes = if is_one { String::new() } else { format!(", N={}", comparison.nodes) };
        let label = format!("{}{nodes}{}", comparison.b, simulated(comparison.simulated_b));
        let Shift { shift, low, high } = comparison.shift;
        Effect { label, shift: finite(shift), low: finite(low), high: finite(high) }
    };
    let is_known = |row: &Effect| row.shift.or(row.low).or(row.high).is_some();
    let (rows, unknown): (Vec<Effect>, Vec<Effect>) = comparisons.iter().map(row).partition(is_known);
    Effects {
        words: format!("Shift of {} against {baseline}{of_baseline}", metric.short_name()),
        unit: Some(metric.unit().to_owned()),
        rows,
        left_out: unknown.into_iter().map(|row| row.label).collect(),
    }
}
