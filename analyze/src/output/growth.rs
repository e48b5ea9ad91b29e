//! `growth`: how convergence time grows with the number of nodes, one line for each law, where a condition has rounds at
//! three numbers of nodes or more.

use crate::measure::estimate::resampling;
use crate::measure::{Analysis, Group, Origin, growth};
use crate::stats::{Fit, growth_fits, slope_interval};
use crate::table::{Cell, Table, count, number, text};

/// Replicates of each slope: every one of them is a fit.
const REPLICATES: usize = 1_999;

pub(super) fn table(analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        text("origin"),
        text("model"),
        text("formula"),
        count("numbers_of_nodes"),
        count("rounds"),
        number("a_ms", 3),
        number("b", 3),
        number("b_low", 3),
        number("b_high", 3),
        number("residual", 4),
        number("r2", 4),
        number("aicc", 1),
        number("aicc_above_best", 1),
    ];
    let conditions = analysis.groups.chunk_by(|a, b| a.condition == b.condition);
    let rows: Vec<_> =
        conditions.flat_map(|groups| Origin::ALL.into_iter().flat_map(|origin| of_condition(groups, origin))).collect();
    let caption = "Time until the last delivery against the number of nodes: laws fitted to scored rounds";
    (!rows.is_empty()).then(|| Table::new("growth", caption, columns, rows))
}

/// No line where a round never converged: a law of what did would be one of the luckier rounds.
fn of_condition(groups: &[Group], origin: Origin) -> Vec<[Cell; 14]> {
    let times = growth::times(groups, origin);
    let fits = growth_fits(&times);
    let best = fits.iter().map(|fit| fit.aicc).fold(f64::INFINITY, f64::min);
    let (resampling, replicates) = (resampling(REPLICATES), growth::replicates(groups, origin));
    let is_known =
        replicates.iter().all(|(_, values)| values.len() > 1) || groups.iter().all(|it| it.simulated.is_empty());
    let row = |fit: &Fit| {
        let slope = is_known.then(|| slope_interval(&replicates, fit.model, &resampling)).flatten();
        let [low, high] = Cell::ends(slope);
        [
            groups[0].condition.as_str().into(),
            origin.as_str().into(),
            fit.model.as_str().into(),
            fit.model.formula().into(),
            times.len().into(),
            times.iter().map(|(_, times)| times.len()).sum::<usize>().into(),
            fit.a.into(),
            fit.b.into(),
            low,
            high,
            fit.residual.into(),
            fit.r2.into(),
            fit.aicc.into(),
            (fit.aicc - best).into(),
        ]
    };
    fits.iter().map(row).collect()
}
