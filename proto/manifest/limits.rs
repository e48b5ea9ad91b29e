//! The limits that the pods of a run were meant to run under, and what was found of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a run was meant to impose on its pods.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Of each pod's traffic, each way; none was asked for.
    pub bandwidth: Option<Bandwidth>,
    /// Of each pod's memory; none was asked for.
    pub memory: Option<Memory>,
}

/// A limit on traffic, and the probe between two pods after the last round that shows whether it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// What was asked for.
    pub intended_bits_per_s: u64,
    /// What the probe found; none where it was not made.
    pub probe: Option<Probe>,
    /// Why there is no probe.
    pub reason: Option<String>,
}

/// One sender that sends as fast as it can to one receiver, until the rate settles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The sending process.
    pub from: String,
    /// The receiving process.
    pub to: String,
    /// What arrived.
    pub bytes: u64,
    /// How long it was sent.
    pub seconds: f64,
    /// The rate that the last windows settled at, above the transport's headers; none where none was met within the
    /// probe's bounds.
    pub achieved_bits_per_s: Option<f64>,
    /// What passed before the limit bound: a round with less traffic never meets it. None where no limit was met.
    pub burst_bytes: Option<u64>,
}

/// A limit on memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What was asked for.
    pub intended_bytes: u64,
    /// Each process's limit as its control group gives it, by process name; none: it has no limit.
    pub found: BTreeMap<String, Option<u64>>,
}
