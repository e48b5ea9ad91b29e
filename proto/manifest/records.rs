//! Which event records a run keeps.

use std::fmt;
use std::str::FromStr;

/// What is typed as `--records`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Records {
    /// Every one.
    #[default]
    All,
    /// Where a message began, each node's first receipt, and sends that failed: no copy that came to a node which held the message.
    First,
    /// None at all: what is known of the run stands in its manifest.
    None,
}

/// A text that names no records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown records {0:?}: use all, first or none")]
pub struct RecordsError(String);

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "all",
            Self::First => "first",
            Self::None => "none",
        })
    }
}

impl FromStr for Records {
    type Err = RecordsError;

    fn from_str(text: &str) -> Result<Self, RecordsError> {
        match text {
            "all" => Ok(Self::All),
            "first" => Ok(Self::First),
            "none" => Ok(Self::None),
            _ => Err(RecordsError(text.to_owned())),
        }
    }
}
