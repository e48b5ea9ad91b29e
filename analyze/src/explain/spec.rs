//! What to explain, and how.

use crate::inputs::{Input, TimeScale};
use crate::measure::Origin;

/// What to explain, and how.
#[derive(Debug, Clone)]
pub struct ExplainSpec {
    /// Run folder or file.
    pub input: Input,
    /// What the numbers of its times count.
    pub times: TimeScale,
    /// The round.
    pub round: u32,
    /// The run, where there are several.
    pub run_id: Option<String>,
    /// What time counts from.
    pub origin: Origin,
    /// How the round is written.
    pub format: ExplanationFormat,
    /// Which nodes of a large tree are written for readers.
    pub extent: Extent,
}

/// Which nodes are written for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The critical path and the slowest branches where the tree is large.
    Slowest,
    /// Every node.
    All,
}

/// How the round is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplanationFormat {
    /// For readers.
    Text,
    /// For programs.
    Json,
}
