//! Where a run's topology comes from, as its manifest says it.

use std::fmt;
use std::str::FromStr;

use super::spec::{SpecError, TopologySpec};

/// What stands for a topology that was read from a file.
const FILE: &str = "file";

/// Where a topology comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TopologySource {
    /// It was generated.
    Spec(TopologySpec),
    /// It was read from a file: the run folder's topology.json is all that is left of it.
    File,
}

impl fmt::Display for TopologySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(spec) => spec.fmt(f),
            Self::File => f.write_str(FILE),
        }
    }
}

impl FromStr for TopologySource {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text {
            FILE => Ok(Self::File),
            _ => text.parse().map(Self::Spec),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_round_trips_through_its_text() {
        for text in ["file", "complete", "ws:4:0.1", "ba:3"] {
            assert_eq!(text.parse::<TopologySource>().unwrap().to_string(), text);
        }
        assert!("mesh".parse::<TopologySource>().is_err());
    }
}
