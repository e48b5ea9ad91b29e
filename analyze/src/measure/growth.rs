//! Growth: convergence times by the number of nodes.

use super::{Group, Origin};
use crate::stats::censored_ms;

/// The times of scored rounds in ms at each number of nodes of one condition; infinite where a round never converged.
pub(crate) fn times(groups: &[Group], origin: Origin) -> Vec<(f64, Vec<f64>)> {
    let at = |group: &Group| {
        let times = group.scored().map(|round| censored_ms(round.complete_ns(origin))).collect();
        (f64::from(group.nodes), times)
    };
    groups.iter().map(at).filter(|(_, times): &(f64, Vec<f64>)| !times.is_empty()).collect()
}
