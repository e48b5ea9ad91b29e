//! Whether a limit on the memory of pods is that of their control groups.

use cnsim::manifest::Memory;

use super::limit::{Limit, LimitKind, LimitVerdict};
use super::scope::RunKey;

/// A control group's limit is a whole number of pages, rounded down: they have up to this size, in bytes.
const PAGE_MAX: u64 = 64 << 10;

/// What processes say of their limits.
enum Found<'a> {
    /// Nobody said anything.
    Nothing,
    /// Every process has the limit.
    Everywhere,
    /// So many of all have another limit or none; of the one that is furthest off, the process and its limit in bytes.
    Other { others: usize, all: usize, process: &'a str, limit: Option<u64> },
}

/// Judges a run's limit.
pub(super) fn judge_memory((condition, run_id): RunKey<'_>, limit: &Memory) -> Limit {
    let found = Found::of(limit);
    let achieved = match found {
        Found::Nothing | Found::Everywhere => limit.found.values().next().copied().flatten(),
        Found::Other { limit, .. } => limit,
    };
    Limit {
        condition: condition.to_owned(),
        run_id: run_id.to_owned(),
        kind: LimitKind::Memory,
        intended: limit.intended_bytes,
        achieved: achieved.map(|bytes| bytes as f64),
        burst_bytes: None,
        busiest: None,
        verdict: found.verdict(),
        detail: found.describe(limit.intended_bytes),
    }
}

impl<'a> Found<'a> {
    fn of(limit: &'a Memory) -> Self {
        let intended = limit.intended_bytes;
        let is_it = |found: &Option<u64>| found.is_some_and(|found| found <= intended && intended - found < PAGE_MAX);
        let others: Vec<(&String, &Option<u64>)> = limit.found.iter().filter(|(_, found)| !is_it(found)).collect();
        let furthest = others.iter().max_by_key(|(_, found)| found.map_or(u64::MAX, |found| found.abs_diff(intended)));
        match furthest {
            _ if limit.found.is_empty() => Self::Nothing,
            Some((process, found)) => {
                Self::Other { others: others.len(), all: limit.found.len(), process, limit: **found }
            }
            None => Self::Everywhere,
        }
    }

    fn verdict(&self) -> LimitVerdict {
        match self {
            Self::Nothing => LimitVerdict::NotProven,
            Self::Everywhere => LimitVerdict::Effective,
            Self::Other { .. } => LimitVerdict::NotEffective,
        }
    }

    fn describe(&self, intended_bytes: u64) -> String {
        let intended = format!("{intended_bytes} bytes of memory a pod were intended");
        match self {
            Self::Nothing => format!("{intended} and no process said what its limit is"),
            Self::Everywhere => format!("{intended} and every control group has that limit"),
            Self::Other { others, all, process, limit } => {
                let limit = limit.map_or("none".to_owned(), |limit| format!("{limit} bytes"));
                format!("{intended} and {others} of {all} processes have another limit or none ({process}: {limit})")
            }
        }
    }
}
