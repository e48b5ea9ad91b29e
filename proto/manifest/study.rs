//! The place of a run in a study: which of the study's cells it is, in which block, and with which levels of what varies.

use serde::{Deserialize, Serialize};

/// The place of a run in a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyPlace {
    /// The study's name.
    pub study: String,
    /// How many cells the study has.
    pub cells: u32,
    /// How many blocks it has; each holds every cell once.
    pub blocks: u32,
    /// This run's cell, from 1 on.
    pub cell: u32,
    /// This run's block, from 1 on.
    pub block: u32,
    /// The run's place in the order of its block, from 1 on.
    pub position: u32,
    /// Whether the runs of one block share their seed.
    pub seeds: StudySeeds,
    /// The level of each factor in this cell, in the order of the study's file.
    pub levels: Vec<FactorLevel>,
}

/// A factor and its level in one cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactorLevel {
    /// The key that varies, as `protocol` or `fault.split.for`.
    pub factor: String,
    /// Its value in the words of the file.
    pub level: String,
}

/// Which runs of a study have the same seed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StudySeeds {
    /// Those of one block: common random numbers, so that cells of a block are compared in pairs.
    #[default]
    Common,
    /// None.
    Independent,
}
