//! A study's folder: `study.json`, a line for each attempt, the runs that are complete, and what failed runs left.

use std::fs;
use std::path::{Path, PathBuf};

use cnsim::manifest::{Manifest, RunOutcome};
use cnsim_files::at;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::StudyError;
use super::plan::{StudyPlan, StudyRun};
use super::record::{Attempt, StudyRecord, attempts, note};
use crate::folder::MANIFEST;

/// The study's plan.
const RECORD: &str = "study.json";
/// A line for each attempt at a run.
const ATTEMPTS: &str = "attempts.jsonl";
/// The folder of its runs.
const RUNS: &str = "runs";
/// Where folders of runs go that are not complete.
const UNFINISHED: &str = "unfinished";

/// A study's folder.
#[derive(Debug)]
pub struct StudyFolder {
    path: PathBuf,
    /// Held as long as runs are made in it.
    _lock: Option<fs::File>,
}

impl StudyFolder {
    /// The folder of a study that is to be run: a new one, or one of the same plan, which is this program's alone until it is
    /// dropped.
    ///
    /// # Errors
    /// Where another study stands there, or another program works in it.
    pub fn open(out: &Path, planned: &StudyRecord) -> Result<Self, StudyError> {
        let path = out.join(&planned.name);
        let runs = path.join(RUNS);
        fs::create_dir_all(&runs).map_err(at(&runs))?;
        let folder = Self { _lock: lock(&path)?, path };
        folder.remove_staged();
        let file = folder.path.join(RECORD);
        if !file.exists() {
            cnsim_files::replace(&file, &planned.to_json())?;
            return Ok(folder);
        }
        let before = StudyRecord::read(&file)?;
        if let Some(changed) = before.difference(planned) {
            return Err(StudyError::Changed { folder: folder.path, changed });
        }
        // More blocks or another place of the same cells in the file: what is asked for now is what is remembered.
        if before != *planned {
            cnsim_files::replace(&file, &planned.to_json())?;
        }
        Ok(folder)
    }

    /// Takes away what a program that was killed had begun to make: run folders are made under a temporary name. Nobody else works
    /// here, and what cannot be removed does no harm.
    fn remove_staged(&self) {
        for entry in fs::read_dir(self.runs()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') && name.ends_with(".tmp") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// The folder of a study that is only looked at: a path, or a name among `out`.
    ///
    /// # Errors
    /// Where there is no study.
    pub fn find(name: &Path, out: &Path) -> Result<Self, StudyError> {
        let places = [name.to_owned(), out.join(name)];
        let found = places.iter().find(|path| path.join(RECORD).is_file());
        let path = found.cloned().ok_or_else(|| StudyError::None(places[1].clone()))?;
        Ok(Self { path, _lock: None })
    }

    /// What it remembers of the study's plan.
    ///
    /// # Errors
    /// Where that cannot be read.
    pub fn record(&self) -> Result<StudyRecord, StudyError> {
        StudyRecord::read(&self.path.join(RECORD))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of its runs.
    pub fn runs(&self) -> PathBuf {
        self.path.join(RUNS)
    }

    /// The folder of one run.
    pub fn run(&self, plan: &StudyPlan, run: StudyRun) -> PathBuf {
        self.runs().join(plan.run_id(run).as_str())
    }

    /// Whether a run is complete: its folder stands, and its manifest says so.
    pub fn is_complete(&self, plan: &StudyPlan, run: StudyRun) -> bool {
        let bytes = fs::read(self.run(plan, run).join(MANIFEST)).unwrap_or_default();
        Manifest::from_json(&bytes).is_ok_and(|manifest| manifest.outcome == RunOutcome::Complete)
    }

    /// Takes away what an attempt left that was not complete; nothing of it is lost.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn clear(&self, plan: &StudyPlan, run: StudyRun) -> Result<(), StudyError> {
        let left = self.run(plan, run);
        if left.symlink_metadata().is_err() {
            return Ok(());
        }
        let unfinished = self.path.join(UNFINISHED);
        fs::create_dir_all(&unfinished).map_err(at(&unfinished))?;
        let id = plan.run_id(run);
        let free = (1..).map(|number: u32| unfinished.join(format!("{id}.{number}"))).find(|path| !path.exists());
        let place = free.expect("there are numbers enough");
        Ok(fs::rename(&left, &place).map_err(at(&place))?)
    }

    /// Adds a line for an attempt.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn note(&self, attempt: &Attempt) -> Result<(), StudyError> {
        Ok(note(&self.path.join(ATTEMPTS), attempt)?)
    }

    /// Every attempt so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        attempts(&self.path.join(ATTEMPTS))
    }

    /// Bytes of a run's files.
    pub fn bytes(&self, plan: &StudyPlan, run: StudyRun) -> u64 {
        bytes_below(&self.run(plan, run))
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => bytes_below(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

fn lock(path: &Path) -> Result<Option<fs::File>, StudyError> {
    let file = fs::File::open(path).map_err(|reason| StudyError::Read { path: path.to_owned(), reason })?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Err(StudyError::Busy(path.to_owned())),
        Err(error) => {
            tracing::debug!(%error, "the study's folder cannot be locked");
            Ok(None)
        }
    }
}
