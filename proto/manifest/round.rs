//! What a manifest says of each round: how it ended, and what its processes used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number; 0 is warm-up.
    pub round: u32,
    /// Who began it.
    pub initiator: String,
    /// How it ended.
    pub outcome: RoundOutcome,
    /// First receipts when it ended; 0 in an open loop.
    pub delivered: u64,
    /// Sends that failed in it.
    pub failed: u64,
    /// Each process's last sequence number when it ended, by process name.
    pub last_seqs: BTreeMap<String, u64>,
    /// From `Start` to quiescence as the driver saw it.
    pub driver_ms: f64,
    /// The longest that one process waited for a processor in the round; none where the system does not say.
    pub scheduling_delay_ms: Option<f64>,
    /// Steps of the wall clock seen by any process during the round.
    pub clock_steps: u64,
    /// When it began, in an open loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<Begin>,
    /// What the processes used in it; none where it did not end at quiescence.
    #[serde(default)]
    pub resources: Option<Resources>,
}

/// When a round of an open loop began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// When it was to, counted from the begin of the first one.
    pub intended_ms: f64,
    /// How much later it did, as the driver saw it.
    pub slip_ms: f64,
}

/// What processes used from just before a round's `Start` to its quiescence, as their own counters tell. A number is none
/// where a process does not say, or where a counter went backwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// How many there were; one hosts one node or many.
    pub processes: u32,
    /// Processor time of all together.
    pub cpu_ms: Option<f64>,
    /// Of the one that used most.
    pub cpu_process_max_ms: Option<f64>,
    /// Which one that was.
    pub cpu_busiest: Option<String>,
    /// Resident memory at the end, summed over processes: pages that several share count in each.
    pub resident_bytes: Option<u64>,
    /// Of the largest one.
    pub resident_process_max_bytes: Option<u64>,
    /// Written to the connections from and to gossip ports, by all processes together: what TCP carried.
    pub sent_bytes: Option<u64>,
    /// Read from them.
    pub received_bytes: Option<u64>,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundOutcome {
    /// No send was queued or in flight anywhere, and no message was to be sent unasked.
    Quiescent,
    /// Every node was reached, and one period has passed since, of a protocol that never rests.
    Horizon,
    /// `--round-timeout` came first.
    TimedOut,
    /// It began in an open loop, where only the run ends: what its records say within `--round-timeout` is its outcome. Nobody
    /// has counted its receipts; `driver_ms` is that limit.
    Open,
    /// A process was lost in it, or nobody could ask one how it does: its numbers are not those of the protocol.
    Disturbed,
    /// The run was stopped in it.
    Interrupted,
}

/// A link delay, intended against achieved, over all copies of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AchievedDelay {
    /// Copies that were held back.
    pub copies: u64,
    /// Mean of what was asked for.
    pub intended_mean_ms: f64,
    /// Mean of what it was.
    pub achieved_mean_ms: f64,
    /// The largest difference for one copy.
    pub error_max_ms: f64,
}
