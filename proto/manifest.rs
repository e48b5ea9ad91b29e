//! The record of a run: what was asked for, what ran, and how each round ended. Written by the driver, read by the
//! analysis and by whoever repeats the run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// Every option as resolved: what `--repeat` runs again.
    pub options: Options,
    /// `sha256:` and the digest of the run's topology.json.
    pub topology_sha256: String,
    /// Whether every two nodes are neighbours.
    pub topology_complete: bool,
    /// Where it ran: `local`, later `kubernetes`.
    pub backend: String,
    /// What the backend says of itself: processor count, kernel, image digests, ….
    pub backend_facts: BTreeMap<String, serde_json::Value>,
    /// Every node.
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
    pub link_delay: Option<LinkDelay>,
    /// The limits that its pods were meant to run under, and what was found.
    #[serde(default)]
    pub limits: Limits,
    /// What befell processes while the run lasted: why deliveries or records may be missing.
    #[serde(default)]
    pub incidents: Vec<Incident>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its version.
    pub version: String,
    /// The revision it was built from; `unknown` where the build had none.
    pub revision: String,
}

/// The options of `cnsim run`, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Number of nodes.
    pub nodes: u32,
    /// Scored rounds; round 0 is extra.
    pub rounds: u32,
    /// The experiment's condition; may be empty.
    pub condition: String,
    /// As typed: `flood`, `push:3:8`, `seed-h`.
    pub protocol: String,
    /// `shuffled` or `listed`.
    pub order: String,
    /// Sends of one node at once.
    pub in_flight: u32,
    /// `after-ack` or `before-ack`.
    pub forward: String,
    /// `reuse` or `per-send`.
    pub connections: String,
    /// None: no deadline.
    pub deadline_ms: Option<u64>,
    /// A spec, or `file` where the run folder's topology.json is the only source.
    pub topology: String,
    /// `random`, `rotate` or a node's id.
    pub initiator: String,
    /// What topology, initiators and permutations follow from.
    pub seed: u64,
    /// Size of the payload.
    pub payload_bytes: u64,
    /// Nodes hosted by one process.
    pub nodes_per_process: u32,
    /// When a round is given up.
    pub round_timeout_ms: u64,
    /// Pause between rounds.
    pub pause_ms: u64,
    /// `none`, `weights` or milliseconds.
    pub link_delay: String,
    /// Largest message a node takes.
    pub max_message: u64,
    /// Whether a topology in several pieces was accepted.
    pub allow_partial: bool,
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

/// One round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number; 0 is warm-up.
    pub round: u32,
    /// Who began it.
    pub initiator: String,
    /// How it ended.
    pub outcome: RoundOutcome,
    /// First receipts when it ended.
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
    /// What the processes used in it; none where it did not end at quiescence.
    #[serde(default)]
    pub resources: Option<Resources>,
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
    /// No send was queued or in flight anywhere.
    Quiescent,
    /// `--round-timeout` came first.
    TimedOut,
    /// A process was lost in it, or nobody could ask one how it does: its numbers are not those of the protocol.
    Disturbed,
    /// The run was stopped in it.
    Interrupted,
}

/// A link delay, intended against achieved, over all copies of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinkDelay {
    /// Copies that were held back.
    pub copies: u64,
    /// Mean of what was asked for.
    pub intended_mean_ms: f64,
    /// Mean of what it was.
    pub achieved_mean_ms: f64,
    /// The largest difference for one copy.
    pub error_max_ms: f64,
}

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

/// Something that befell a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// When the driver learnt of it, RFC 3339 in UTC.
    pub at: String,
    /// The round that was going on; none between rounds.
    pub round: Option<u32>,
    /// The process as it stands in the records; none where it was not known yet.
    pub process: Option<String>,
    /// The pod.
    pub pod: String,
    /// What.
    pub kind: IncidentKind,
    /// In words: exit code, reason, last messages, missing sequence numbers.
    pub detail: String,
}

/// What can befall a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// Its container ended and was started again.
    Restarted,
    /// The kernel killed it for its memory.
    OomKilled,
    /// Its pod was evicted from its host.
    Evicted,
    /// Its pod was deleted, and is perhaps made anew.
    Deleted,
    /// It did not answer for a while.
    Unreachable,
    /// Records that it made are nowhere: `detail` names their sequence numbers.
    RecordsLost,
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
