//! What a study remembers of itself: its plan in `study.json`, which is written once, and a line for each attempt at a run.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use cnsim::manifest::{FactorLevel, StudySeeds, Tool};
use cnsim_files::{WriteError, at};
use serde::{Deserialize, Serialize};

use super::error::StudyError;
use super::plan::StudyPlan;
use super::settings::Graphs;
use crate::scenario::file::ScenarioFile;

/// The version of the form of `study.json`.
pub const FORMAT: u32 = 1;

/// `study.json` of a study's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// [`FORMAT`].
    pub format: u32,
    /// The study's name.
    pub name: String,
    /// The program that planned it.
    pub tool: Tool,
    /// What everything is drawn from.
    pub seed: u64,
    /// How often every cell runs.
    pub blocks: u32,
    /// Which runs share their seed.
    pub seeds: StudySeeds,
    /// Which graphs runs of a cell have.
    pub topologies: Graphs,
    /// The backend that was typed, where one was.
    pub backend: Option<String>,
    /// The number of nodes that was typed, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// Its cells.
    pub cells: Vec<CellRecord>,
    /// The study's file as it was, so that the plan can be made again without it.
    pub file: String,
}

/// What `study.json` says of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRecord {
    /// From 1 on.
    pub cell: u32,
    /// What its runs are compared by.
    pub condition: String,
    /// The level of each factor.
    pub levels: Vec<FactorLevel>,
    /// What would be typed for it, and its faults.
    pub scenario: Vec<String>,
}

/// A line of `attempts.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The run.
    pub run_id: String,
    /// When it began, RFC 3339 in UTC.
    pub began_at: String,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Bytes of its folder.
    pub bytes: u64,
    /// Why it failed; none of one that is complete.
    pub failed: Option<String>,
}

impl StudyRecord {
    /// What is remembered of a plan.
    pub fn of(plan: &StudyPlan, file: &str) -> Self {
        let cells = plan.cells.iter().map(|cell| CellRecord {
            cell: cell.number,
            condition: cell.condition.clone(),
            levels: cell.levels.clone(),
            scenario: words(&cell.scenario),
        });
        Self {
            format: FORMAT,
            name: plan.name.clone(),
            tool: crate::version::tool(),
            seed: plan.seed,
            blocks: plan.blocks,
            seeds: plan.seeds,
            topologies: plan.graphs,
            backend: plan.backend().map(|backend| backend.word().to_owned()),
            nodes: plan.nodes(),
            cells: cells.collect(),
            file: file.to_owned(),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// Where there is none, or one of another form.
    pub fn read(path: &Path) -> Result<Self, StudyError> {
        let bytes = fs::read(path).map_err(|reason| StudyError::Read { path: path.to_owned(), reason })?;
        let wrong = |reason: String| StudyError::Record { path: path.to_owned(), reason };
        let form: Form = serde_json::from_slice(&bytes).map_err(|error| wrong(format!("no study: {error}")))?;
        if form.format != FORMAT {
            let Form { format, .. } = form;
            return Err(wrong(format!(
                "the study was made by another version of cnsim (format {format}, this one reads {FORMAT}): go on with \
                 that version, or give the study another --name"
            )));
        }
        serde_json::from_slice(&bytes).map_err(|error| wrong(format!("no study: {error}")))
    }

    /// As the file has it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a study's fields are texts and numbers");
        bytes.push(b'\n');
        bytes
    }

    /// What is not as it was, in words; none where a plan goes on with this study. More blocks are only more runs.
    pub fn difference(&self, planned: &Self) -> Option<String> {
        let settings = [
            ("its seed", self.seed != planned.seed),
            ("[study] independent", self.seeds != planned.seeds),
            ("[study] topologies", self.topologies != planned.topologies),
            ("--backend", self.backend != planned.backend),
            ("--nodes", self.nodes != planned.nodes),
        ];
        if let Some((name, _)) = settings.iter().find(|(_, is_other)| *is_other) {
            return Some(format!("{name} is not what the study began with; another --name begins another study"));
        }
        let touched = self.touched(&planned.cells);
        if touched.is_empty() && planned.cells.len() == self.cells.len() {
            return None;
        }
        let advice = "put the file back, or give the study another --name";
        if planned.cells.len() != self.cells.len() {
            let (were, are) = (self.cells.len(), planned.cells.len());
            return Some(format!("the study began with {were} cells, and the file now makes {are}: {advice}"));
        }
        Some(format!("the file was changed since the study began, which touches {}: {advice}", touched.join("; ")))
    }

    /// Cells that are not what they were, each with its first difference.
    fn touched(&self, planned: &[CellRecord]) -> Vec<String> {
        let differ = self.cells.iter().zip(planned).filter(|(old, new)| old != new);
        let words = |(old, new): (&CellRecord, &CellRecord)| {
            let before = old.scenario.iter().find(|word| !new.scenario.contains(word));
            let after = new.scenario.iter().find(|word| !old.scenario.contains(word));
            let name = super::label::cell(&old.levels);
            match (before, after) {
                (Some(before), Some(after)) => format!("cell {} ({name}: {before} is now {after})", old.cell),
                (Some(gone), None) => format!("cell {} ({name}: {gone} is gone)", old.cell),
                (None, Some(new)) => format!("cell {} ({name}: {new} is new)", old.cell),
                (None, None) => format!("cell {} ({name})", old.cell),
            }
        };
        let mut told: Vec<String> = differ.map(words).collect();
        if told.len() > TOLD_MAX {
            let more = told.len() - TOLD_MAX;
            told.truncate(TOLD_MAX);
            told.push(format!("{more} cells more"));
        }
        told
    }
}

/// So many changed cells are told one by one.
const TOLD_MAX: usize = 3;

/// What every version of `study.json` has.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// A scenario as words that are the same where the runs are.
fn words(scenario: &ScenarioFile) -> Vec<String> {
    let mut keys: Vec<String> = scenario.entries.iter().flat_map(|entry| entry.arguments.iter().cloned()).collect();
    keys.sort();
    let faults = scenario.faults().into_iter();
    keys.extend(faults.map(|fault| serde_json::to_string(&fault).expect("a fault has text keys")));
    keys
}

/// Adds a line for an attempt.
///
/// # Errors
/// Where the system refuses.
pub fn note(path: &Path, attempt: &Attempt) -> Result<(), WriteError> {
    let mut line = serde_json::to_vec(attempt).expect("an attempt's fields are texts and numbers");
    line.push(b'\n');
    let append = || OpenOptions::new().create(true).append(true).open(path)?.write_all(&line);
    append().map_err(at(path))
}

/// Every attempt that was noted. A line that a killed program did not finish says nothing.
pub fn attempts(path: &Path) -> Vec<Attempt> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file::StudyFile;
    use super::super::plan::Typed;
    use super::*;

    fn record(text: &str) -> StudyRecord {
        let file = StudyFile::parse(text, Path::new("relay.toml")).unwrap();
        StudyRecord::of(&StudyPlan::of(&file, &Typed { limit: 500, ..Typed::default() }).unwrap(), text)
    }

    const FILE: &str = "nodes = 20\ntopology = \"ring\"\nseed = 7\n[vary]\nprotocol = [\"flood\", \"push:4\"]\n";

    #[test]
    fn a_study_comes_back_from_its_file_and_goes_on_with_more_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.json");
        let record = record(FILE);
        std::fs::write(&path, record.to_json()).unwrap();
        assert_eq!(StudyRecord::read(&path).unwrap(), record);
        let more = self::record(&format!("# A remark.\n{FILE}[study]\nrepeats = 40\n"));
        assert_eq!(record.difference(&more), None);
    }

    #[test]
    fn a_changed_file_is_told_with_the_cells_that_it_touches() {
        let before = record(FILE);
        for (from, to, said) in [
            (
                "push:4",
                "push:5",
                "the file was changed since the study began, which touches cell 2 (push:4: --protocol=push:4 is now --protocol=push:5): \
                 put the file back, or give the study another --name",
            ),
            (
                "\"push:4\"]",
                "\"push:4\", \"pull\"]",
                "the study began with 2 cells, and the file now makes 3: put the file back, or give the study another --name",
            ),
            ("seed = 7", "seed = 8", "its seed is not what the study began with; another --name begins another study"),
        ] {
            assert_eq!(before.difference(&record(&FILE.replace(from, to))).as_deref(), Some(said));
        }
        let touched = before.difference(&record(&FILE.replace("nodes = 20", "nodes = 22"))).unwrap();
        assert!(touched.contains("cell 1 (flood: --nodes=20 is now --nodes=22); cell 2 (push:4: "), "{touched}");
    }

    #[test]
    fn a_study_of_another_version_is_refused_as_that() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.json");
        std::fs::write(&path, "{\"format\": 99, \"shape\": \"new\"}").unwrap();
        let said = StudyRecord::read(&path).unwrap_err().to_string();
        assert!(said.contains("another version of cnsim (format 99, this one reads 1)"), "{said}");
    }

    #[test]
    fn a_line_that_was_not_finished_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attempts.jsonl");
        let attempt = Attempt {
            run_id: "a-b01-c01".to_owned(),
            began_at: "2026-01-01T00:00:00Z".to_owned(),
            took_s: 1.5,
            bytes: 10,
            failed: None,
        };
        note(&path, &attempt).unwrap();
        std::fs::write(&path, [std::fs::read(&path).unwrap(), b"{\"run_id\": \"a-b0".to_vec()].concat()).unwrap();
        assert_eq!(attempts(&path), [attempt]);
    }
}
