//! What a simulation was made like: the measured runs whose options and times it took over.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::as_text;

/// The measured runs that a simulation is like, and what was fitted on them. What was typed stands above it: the run's options
/// say what was simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// The runs, in the order in which they were typed; options are those of the first.
    pub runs: Vec<LikeRun>,
    /// Which of their rounds were looked at.
    #[serde(with = "as_text")]
    pub rounds: LikeRounds,
    /// Processors that the nodes of the first run shared; none where its manifest does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
    /// The work on a copy of the simulated payload, in microseconds.
    pub service_us: f64,
    /// How long a copy is on its way that waits for nothing, besides the work on it, in microseconds.
    pub wire_us: f64,
}

/// What one measured run says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LikeRun {
    /// Its name.
    pub run_id: String,
    /// Hex digest of its file of records.
    pub records_sha256: String,
    /// How many rounds were looked at.
    pub rounds: u32,
    /// Copies that were received in them.
    pub copies: u64,
    /// The size of its payload.
    pub payload_bytes: u64,
    /// Processor time for each of these copies, in microseconds.
    pub copy_cpu_us: f64,
    /// How much longer its work took because its processes waited for processors; 1: they never waited.
    pub waiting: f64,
    /// How long a copy was on its way that waited for nothing, besides the work on it, in microseconds.
    pub wire_us: f64,
}

/// Which rounds of a measured run are looked at; the warm-up never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LikeRounds {
    /// All.
    #[default]
    All,
    /// Those of even numbers, so that the others can be predicted.
    Even,
    /// Those of odd numbers.
    Odd,
}

/// A text that names no such choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of all, even and odd")]
pub struct LikeRoundsError(String);

impl LikeRounds {
    /// Whether a round is looked at.
    pub fn has(self, round: u32) -> bool {
        round > 0
            && match self {
                Self::All => true,
                Self::Even => round.is_multiple_of(2),
                Self::Odd => !round.is_multiple_of(2),
            }
    }
}

impl fmt::Display for LikeRounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "all",
            Self::Even => "even",
            Self::Odd => "odd",
        })
    }
}

impl FromStr for LikeRounds {
    type Err = LikeRoundsError;

    fn from_str(text: &str) -> Result<Self, LikeRoundsError> {
        match text {
            "all" => Ok(Self::All),
            "even" => Ok(Self::Even),
            "odd" => Ok(Self::Odd),
            _ => Err(LikeRoundsError(text.to_owned())),
        }
    }
}
