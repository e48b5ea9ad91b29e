//! What befell the processes of a run while it lasted.

use serde::{Deserialize, Serialize};

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
    /// It runs and did not answer its driver in the time that an answer may take: it was stopped, or waits for memory.
    Stalled,
    /// Records that it made are nowhere: `detail` names their sequence numbers.
    RecordsLost,
}
