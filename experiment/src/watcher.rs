//! What a run tells while it goes on, to whoever shows it to the user.

use std::time::Duration;

use cnsim::manifest::RoundOutcome;

use crate::plan::Plan;

/// How far a simulation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headway {
    /// How many things have happened in it.
    pub events: u64,
    /// How many of them in rounds that have ended.
    pub ended: u64,
    /// How many a round has, where that is known before.
    pub a_round: Option<u64>,
    /// How long it has been simulated.
    pub took: Duration,
}

/// What the driver tells while it works.
pub trait Watcher {
    /// The run folder stands; processes come up next.
    fn run_begins(&self, plan: &Plan);
    /// The run waits for something, as `3 of 10 pods: gossip-2 (ContainerCreating), …`.
    fn waits_for(&self, what: &str);
    /// A round begins.
    fn round_begins(&self, round: u32);
    /// A round has ended.
    fn round_ended(&self, round: u32, outcome: RoundOutcome);
    /// A simulation goes on.
    fn simulates(&self, headway: Headway);
    /// Something to look at before the result is trusted.
    fn warn(&self, text: &str);
}
