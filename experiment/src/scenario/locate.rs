//! Where in a scenario file stands what a plan refuses.

use super::file::ScenarioFile;
use crate::plan::PlanError;

impl ScenarioFile {
    /// `FILE:LINE` of what an error is about; none where that does not stand in the file.
    pub fn locate(&self, error: &PlanError) -> Option<String> {
        let line = if let PlanError::Faults(error) = of_one(error) {
            self.faults.iter().find(|located| located.fault.name == error.fault()).map(|located| located.line)
        } else {
            self.line_of_key(of_one(error))
        };
        line.map(|line| format!("{}:{line}", self.path.display()))
    }

    /// The line of the key whose flag the error names first.
    fn line_of_key(&self, error: &PlanError) -> Option<usize> {
        let mut text = error.to_string();
        if let Some(flag) = unnamed_flag(error, &text) {
            text = flag.to_owned();
        }
        let named = self.entries.iter().filter_map(|entry| {
            let flag = format!("--{}", entry.key.flag);
            let does_end = |at: usize| !text[at + flag.len()..].starts_with(|c: char| c == '-' || c.is_alphanumeric());
            let at = text.match_indices(&flag).map(|(at, _)| at).find(|at| does_end(*at))?;
            Some((at, entry.line))
        });
        named.min().map(|(_, line)| line)
    }
}

/// The error itself, of whichever of several runs it is.
fn of_one(error: &PlanError) -> &PlanError {
    if let PlanError::Repeat { reason, .. } = error { of_one(reason) } else { error }
}

/// The flag of an error whose words name none.
fn unnamed_flag(error: &PlanError, text: &str) -> Option<&'static str> {
    if matches!(error, PlanError::Protocol(_)) {
        Some("--protocol")
    } else if matches!(error, PlanError::Topology(_)) && !text.contains("--nodes") {
        Some("--topology")
    } else {
        None
    }
}
