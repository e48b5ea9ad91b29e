//! The receipt of a fault: what was intended, what its nodes did, what the copies of both ends witness, and the verdict.

use serde::{Deserialize, Serialize};

use super::fault::FaultSpec;

/// The receipt of one fault, over all rounds that it was in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The fault as typed. Whom it met in each round stands in the run folder.
    pub intended: FaultSpec,
    /// In how many rounds; 1 in an open loop.
    pub rounds: u32,
    /// How many nodes it met, summed over rounds.
    pub nodes: u64,
    /// What its nodes did.
    pub control: Control,
    /// What copies and probes met.
    pub witness: Testimony,
    /// What follows.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
}

/// What nodes, and the driver where it kills processes, say that they did. It proves nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Control {
    /// Steps that nodes took: each fault begins and ends at each node that it meets.
    pub steps: u64,
    /// How late the latest was, in ms.
    pub late_max_ms: f64,
    /// The processes that were killed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<ProcessKill>,
}

/// One process that the driver killed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessKill {
    /// In which round.
    pub round: u32,
    /// As it stands in its records.
    pub process: String,
    /// What it was outside of them: `pid 4711`, or the pod and its uid.
    pub id: String,
    /// Which of the processes in its place it was in this session of the run, counted from 1.
    pub incarnation: u32,
    /// When it did nothing any more, from time 0, in ms.
    pub killed_ms: f64,
    /// The number of its last record; none where it did not answer any more.
    pub last_seq: Option<u64>,
    /// When the one in its place took part, from time 0, in ms; none where that was after the round.
    pub back_ms: Option<f64>,
}

/// What was seen of a fault at work.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Testimony {
    /// Copies and probes that the fault should have met.
    pub attempted: u64,
    /// Those that it met.
    pub affected: u64,
    /// Those that met nothing, though they had to; 0 of faults that meet some by chance.
    pub leaked: u64,
    /// Of these, how many were probes.
    pub probes: u64,
    /// Between what the share of affected ones lies, with 95 % confidence (Wilson).
    pub interval: [f64; 2],
}

/// Whether a fault was what it was meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was seen at work, and nothing was seen that could not be.
    Confirmed,
    /// Something was seen that could not be.
    Contradicted,
    /// Nothing that was seen could tell.
    Unwitnessed,
}
