//! What to compare, and how.

use super::gate::Gate;
use crate::inputs::{Input, TimeScale};
use crate::measure::catalogue::Metric;

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct CompareSpec {
    /// Run folders and files.
    pub inputs: Vec<Input>,
    /// What the numbers of their times count.
    pub times: TimeScale,
    /// What of each round; not empty.
    pub metrics: Vec<Metric>,
    /// Whether several numbers of nodes are welcome.
    pub grouping: Grouping,
    /// The condition that others are compared with; none: the first.
    pub baseline: Option<String>,
    /// Which rounds belong together.
    pub pairing: Pairing,
    /// The level of every interval.
    pub level: f64,
    /// What repeats the resampling.
    pub seed: u64,
    /// Rounds below it are in no statistic.
    pub warm_up: u32,
    /// What becomes of unsound data.
    pub unsound: Unsound,
    /// What makes the comparison fail.
    pub gates: Vec<Gate>,
}

/// Which rounds are compared with which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// All conditions have one number of nodes, the same.
    OneNumberOfNodes,
    /// At every number of nodes that both have.
    ByNodes,
}

/// Which rounds belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Those of one block of a study, where its blocks share their seeds and there are enough of them; else none.
    OfBlocks,
    /// Rounds of one number and initiator.
    OfRounds,
    /// None: every round on its own.
    Independent,
}

/// What becomes of unsound data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// They are not compared.
    Refuse,
    /// They are, with a warning.
    Force,
}
