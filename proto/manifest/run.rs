//! The manifest itself: one run, with its nodes and rounds and how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::backend::Backend;
use super::incident::Incident;
use super::limits::Limits;
use super::options::Options;
use super::round::{AchievedDelay, Round};
use super::study::StudyPlace;
use crate::as_text;
use crate::scenario::Receipt;
use crate::time::Clock;

/// The version of this file's fields, in `format`.
pub const FORMAT: u32 = 1;

/// `manifest.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The run's name.
    pub run_id: String,
    /// Version and revision of the program that drove the run.
    pub tool: Tool,
    /// The command line as typed.
    pub command_line: Vec<String>,
    /// Its place in a study, where it is a run of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<StudyPlace>,
    /// Every option as resolved: what `--repeat` runs again.
    pub options: Options,
    /// `sha256:` and the digest of the run's topology.json.
    pub topology_sha256: String,
    /// Whether every two nodes are neighbours.
    pub topology_complete: bool,
    /// Where it ran, and what is known of that place: `backend` and `backend_facts` in the file.
    #[serde(flatten)]
    pub backend: Backend,
    /// What its times are read from.
    #[serde(with = "as_text", default)]
    pub clock: Clock,
    /// Every node; empty in a simulation, whose nodes are those of the topology.
    pub roster: Vec<RosterNode>,
    /// When the driver began, RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended; none in a run that was cut off.
    pub finished_at: Option<String>,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Why, where it did not complete.
    pub reason: Option<String>,
    /// Every round that was begun.
    pub rounds: Vec<Round>,
    /// Each process's last sequence number in this run, by process name: what proves that no record is missing.
    pub last_seqs: BTreeMap<String, u64>,
    /// Receipts that a complete run has: rounds begun times (nodes - 1).
    pub expected_events: u64,
    /// What a link delay was meant to be and what it was.
    pub link_delay: Option<AchievedDelay>,
    /// The limits that its pods were meant to run under, and what was found.
    #[serde(default)]
    pub limits: Limits,
    /// The receipt of each fault, in the order of the options: whether it was what it was meant to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// What befell processes while the run lasted: why deliveries or records may be missing.
    #[serde(default)]
    pub incidents: Vec<Incident>,
}

/// Where virtual time begins, in ns since the Unix epoch: the first instant of 2030, so that its times are taken for no machine's.
pub const VIRTUAL_EPOCH_NS: i64 = 1_893_456_000_000_000_000;

/// How long virtual time goes on between the end of a round and the begin of the next one, besides the pause that was asked for.
pub const VIRTUAL_GAP_NS: i64 = 1_000_000;

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its version.
    pub version: String,
    /// The revision it was built from; `unknown` where the build had none.
    pub revision: String,
}

/// One node of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterNode {
    /// Its id.
    pub id: String,
    /// HOST:PORT of its gossip listener.
    pub address: String,
    /// The process that hosts it.
    pub process: String,
    /// The machine or Kubernetes node.
    pub host: String,
    /// The cloud zone, where there is one.
    pub zone: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// Still going, or its driver was killed.
    Running,
    /// Every round was driven.
    Complete,
    /// The user stopped it.
    Interrupted,
    /// Something broke.
    Failed,
}

impl Manifest {
    /// Reads a manifest. The error says which field is wrong, and where.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The manifest as indented JSON with a final line end.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a manifest's maps have text keys");
        bytes.push(b'\n');
        bytes
    }
}
