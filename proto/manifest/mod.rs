//! The record of a run: what was asked for, what ran, and how each round ended. Written by the driver, read by the
//! analysis and by whoever repeats the run.

mod backend;
mod factors;
mod incident;
mod like;
mod limits;
mod options;
mod records;
mod round;
mod run;
mod study;

pub use backend::{Backend, KubernetesFacts, LocalFacts, PodFacts, ProcessFacts, SimFacts};
pub use factors::Factors;
pub use incident::{Incident, IncidentKind};
pub use like::{LikeRounds, LikeRoundsError, LikeRun, Likeness};
pub use limits::{Bandwidth, Limits, Memory, Probe};
pub use options::Options;
pub use records::{Records, RecordsError};
pub use round::{AchievedDelay, Begin, Resources, Round, RoundOutcome};
pub use run::{FORMAT, Manifest, RosterNode, RunOutcome, Tool, VIRTUAL_EPOCH_NS, VIRTUAL_GAP_NS};
pub use study::{FactorLevel, StudyPlace, StudySeeds};

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
