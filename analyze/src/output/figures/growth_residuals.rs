//! The figure of what laws of growth leave of the times.

use cnsim_charts::data::{GrowthResiduals, ResidualPanel, ResidualPoint, ResidualSeries};

use super::group::simulated;
use crate::measure::growth::{replicates, times};
use crate::measure::{Analysis, Group, Origin};
use crate::stats::{Fit, LEVEL, Residual, growth_fits};

/// What each law of the table `growth` leaves, a panel for each condition that has a law.
pub fn growth_residuals(analysis: &Analysis, origin: Origin) -> GrowthResiduals {
    let panel = |groups: &[Group]| {
        let times = times(groups, origin);
        let fits = growth_fits(&times);
        let replicates = replicates(groups, origin);
        let laws = fits.iter().map(|fit| law(fit, &replicates)).collect();
        (!fits.is_empty())
            .then(|| ResidualPanel { label: format!("{}{}", groups[0].condition, simulated(analysis, groups)), laws })
    };
    let conditions = analysis.groups.chunk_by(|a, b| a.condition == b.condition);
    GrowthResiduals { panels: conditions.filter_map(panel).collect() }
}

fn law(fit: &Fit, times: &[(f64, Vec<f64>)]) -> ResidualSeries {
    let percent = |log: f64| 100.0 * log.exp_m1();
    let point = |residual: &Residual| ResidualPoint {
        nodes: residual.nodes as u32,
        mean_percent: percent(residual.mean),
        low_percent: residual.interval.map(|interval| percent(interval.low)),
        high_percent: residual.interval.map(|interval| percent(interval.high)),
    };
    let points = fit.residuals(times, LEVEL).iter().map(point).collect();
    ResidualSeries { label: fit.model.formula().to_owned(), points }
}
