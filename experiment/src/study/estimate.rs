//! How long runs take and how large they are, by those of the same cell that are complete.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::{StudyPlan, StudyRun};
use super::record::Attempt;

/// What complete runs took, cell by cell.
#[derive(Debug, Default)]
pub(super) struct Estimate {
    of_cells: BTreeMap<u32, Taken>,
}

/// What some runs took in all.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    time: Duration,
    bytes: u64,
    runs: u32,
}

impl Estimate {
    /// By the last complete attempt at each run.
    pub(super) fn of(plan: &StudyPlan, attempts: &[Attempt]) -> Self {
        let complete = attempts.iter().filter(|attempt| attempt.failed.is_none());
        let done: BTreeMap<&str, &Attempt> = complete.map(|attempt| (attempt.run_id.as_str(), attempt)).collect();
        let mut estimate = Self::default();
        for run in plan.runs() {
            if let Some(attempt) = done.get(plan.run_id(run).as_str()) {
                estimate.add(run, attempt);
            }
        }
        estimate
    }

    /// Adds a run that is complete.
    pub(super) fn add(&mut self, run: StudyRun, attempt: &Attempt) {
        let taken = self.of_cells.entry(run.cell).or_default();
        taken.time += Duration::try_from_secs_f64(attempt.took_s).unwrap_or_default();
        taken.bytes += attempt.bytes;
        taken.runs += 1;
    }

    /// How many runs it is by.
    pub(super) fn runs(&self) -> u32 {
        self.of_cells.values().map(|taken| taken.runs).sum()
    }

    /// Time and bytes of these runs if each cell goes on as it did; cells of which no run is complete as the mean of all runs.
    /// None before a run is complete.
    pub(super) fn sum(&self, runs: &[StudyRun]) -> Option<(Duration, u64)> {
        let all = self.of_cells.values().fold(Taken::default(), |sum, taken| Taken {
            time: sum.time + taken.time,
            bytes: sum.bytes + taken.bytes,
            runs: sum.runs + taken.runs,
        });
        let of_run = |run: &StudyRun| self.of_cells.get(&run.cell).unwrap_or(&all).mean();
        (all.runs > 0)
            .then(|| runs.iter().map(of_run).fold((Duration::ZERO, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)))
    }
}

impl Taken {
    fn mean(&self) -> (Duration, u64) {
        (self.time / self.runs.max(1), self.bytes / u64::from(self.runs.max(1)))
    }
}
