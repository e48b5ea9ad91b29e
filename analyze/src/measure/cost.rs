//! What reaching all costs: how often it came about, how long it took, and what each node sent for it.

use super::estimate::{self, ONE_SIMULATION};
use super::{Group, Origin, RoundMetrics};
use crate::stats::{censored_ms, mean};

pub(crate) use super::estimate::Estimate;

/// The place of 99 % among the percentages of a round's convergence.
const P99: usize = 3;

/// Reliability and cost of a condition at one number of nodes, over its scored rounds.
pub(crate) struct Cost {
    /// The share of rounds that reached all nodes.
    pub(crate) reached_all: Estimate,
    /// Deliveries in parts of those of complete rounds, mean.
    pub(crate) delivered_share: Option<f64>,
    /// When 99 % were reached, from `initiate`: the median, infinite where most rounds did not get there.
    pub(crate) t99_ms: Estimate,
    /// Copies sent per node, mean; none where the run did not keep them.
    pub(crate) copies: Option<f64>,
    /// Control messages per node, mean; none where nobody has counted.
    pub(crate) control: Option<f64>,
    /// Their bytes per node, mean.
    pub(crate) control_bytes: Option<f64>,
}

/// None where nothing was scored.
pub(crate) fn cost(group: &Group) -> Option<Cost> {
    let nodes = f64::from(group.nodes.max(1));
    group.scored().next()?;
    let known = |of_round: &dyn Fn(&RoundMetrics) -> Option<f64>| {
        let values: Option<Vec<f64>> = group.scored().map(of_round).collect();
        values.and_then(mean)
    };
    Some(Cost {
        reached_all: estimate::complete_share(group),
        delivered_share: known(&|round| Some(f64::from(round.delivered) / f64::from(round.expected.max(1)))),
        t99_ms: t99(group),
        copies: known(&|round| Some(round.sends? as f64 / nodes)),
        control: known(&|round| Some(round.control.as_ref()?.sent.all.messages as f64 / nodes)),
        control_bytes: known(&|round| Some(round.control.as_ref()?.sent.all.bytes as f64 / nodes)),
    })
}

/// One simulated run has no interval.
fn t99(group: &Group) -> Estimate {
    let in_ms = |round: &&RoundMetrics| censored_ms(round.convergence(Origin::Initiate)[P99]);
    let deployments: Vec<Vec<f64>> =
        group.deployments().iter().map(|rounds| rounds.iter().map(in_ms).collect()).collect();
    let found = estimate::median(&deployments, "t99_p50");
    match deployments.len() {
        1 if !group.simulated.is_empty() => Estimate { interval: None, method: ONE_SIMULATION, ..found },
        _ => found,
    }
}
