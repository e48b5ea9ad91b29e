//! Rounds that a run's manifest has and no record names: measured as what is known of them, which is nothing.

use cnsim::manifest::{Round, RoundOutcome};

use super::scored::ScoredRounds;
use super::{PERCENTS, RoundLoad, RoundMetrics, control, resources};
use crate::inputs::RunFacts;

/// A round without a single record. Statistics count it as one that never converged, unless the run was cut off before
/// the driver saw anything of it: then perhaps nobody began it.
pub(super) fn metrics(facts: &RunFacts, round: &Round, warm_up: u32) -> RoundMetrics {
    let manifest = &facts.manifest;
    RoundMetrics {
        run_id: manifest.run_id.clone(),
        round: round.round,
        scored: ScoredRounds::contains_silent(manifest, round.round, warm_up) && !is_unbegun(round),
        initiator: Some(round.initiator.clone()),
        initiate_ns: None,
        expected: manifest.options.nodes.saturating_sub(1),
        delivered: 0,
        setup_ns: None,
        from_initiate: [None; PERCENTS.len()],
        from_first_send: [None; PERCENTS.len()],
        duplicates: Some(0),
        failed: 0,
        sends: Some(0),
        transmissions: Some(0),
        moved: None,
        rmr: None,
        hops_max: None,
        hops_mean: None,
        hops_derived: false,
        latency_median_ns: None,
        path: None,
        shape: None,
        critical: Vec::new(),
        load: RoundLoad { gini: None, max: 0, busiest: None },
        resources: resources::of_round(manifest, round),
        control: control::of_silent(facts, round.round),
        clock_open_ns: None,
        lasts_ns: None,
        under_faults: None,
        reachable: None,
        weighted: None,
        reached_ns: Vec::new(),
    }
}

/// Whether a round without records may never have begun.
pub(crate) fn is_unbegun(round: &Round) -> bool {
    round.outcome == RoundOutcome::Interrupted && round.delivered == 0
}
