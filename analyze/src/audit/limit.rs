//! A limit that a run was meant to run under, and whether it held: a line of the table `conditions`.

use super::finding::{Check, Severity};
use crate::measure::Busiest;

/// One limit of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The run's condition.
    pub condition: String,
    /// The run.
    pub run_id: String,
    /// Of what.
    pub kind: LimitKind,
    /// What was asked for, in the kind's unit.
    pub intended: u64,
    /// What was found, in the kind's unit; of several the one that is furthest off. None: no limit.
    pub achieved: Option<f64>,
    /// What passes before a limit on traffic binds.
    pub burst_bytes: Option<u64>,
    /// The busiest node of the busiest scored round, for a limit on traffic.
    pub busiest: Option<Busiest>,
    /// Whether the condition was what it is called.
    pub verdict: LimitVerdict,
    /// The verdict in a sentence.
    pub detail: String,
}

/// What a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// A pod's traffic, each way.
    Bandwidth,
    /// A pod's memory.
    Memory,
}

/// What is known of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitVerdict {
    /// It is there, and rounds were heavy enough to meet it.
    Effective,
    /// It is there, and no round was heavy enough to meet it.
    NotExercised,
    /// Nobody looked.
    NotProven,
    /// It is not there, or is another.
    NotEffective,
}

impl LimitKind {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bandwidth => "bandwidth",
            Self::Memory => "memory",
        }
    }

    /// What its numbers count.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Bandwidth => "bit/s",
            Self::Memory => "bytes",
        }
    }
}

impl LimitVerdict {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::NotExercised => "effective, not exercised",
            Self::NotProven => "not proven",
            Self::NotEffective => "not effective",
        }
    }

    /// The check that finds it, and how severe that is; none where the condition was what it is called.
    pub(super) fn check(self) -> Option<(Check, Severity)> {
        match self {
            Self::Effective => None,
            Self::NotExercised => Some((Check::ConditionNotExercised, Severity::Caution)),
            Self::NotProven => Some((Check::ConditionNotProven, Severity::Caution)),
            Self::NotEffective => Some((Check::ConditionNotEffective, Severity::Unsound)),
        }
    }
}
