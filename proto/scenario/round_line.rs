//! What a run folder says of the faults of one round: a line of its `faults.jsonl`.

use serde::{Deserialize, Serialize};

use super::timeline::Timeline;

/// One line of `faults.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundLine {
    /// Which round; 0 of an open loop, whose rounds are one replicate.
    pub round: u32,
    /// Its time 0, in ns since the Unix epoch.
    pub origin_ns: u64,
    /// What befell whom.
    pub timeline: Timeline,
}
