//! A run that goes on after its driver was stopped: which rounds are left, and which records are already here.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use cnsim::event::Record;
use cnsim::id::RunId;
use cnsim::manifest::{Manifest, Round, RoundOutcome, RunOutcome};

use crate::backend_choice::{BackendChoice, Start};
use crate::folder::{EVENTS, FolderError, MANIFEST, RunFolder, record_files};
use crate::kubernetes;
use crate::merge::merge;
use crate::plan::Plan;
use crate::repeat::{self, RepeatError};
use crate::whole_file::{WriteError, at};

/// The records of earlier sessions, among the parts.
const EARLIER: &str = "earlier.jsonl";

/// A run that can go on.
#[derive(Debug)]
pub struct Resumption {
    /// What is run.
    pub plan: Plan,
    /// What has happened so far.
    pub manifest: Manifest,
    /// Where it stands.
    pub folder: RunFolder,
    /// Where it goes on.
    pub start: Start,
    /// Where it runs.
    pub backend: BackendChoice,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The folder's manifest or topology cannot be used.
    #[error(transparent)]
    Repeat(#[from] RepeatError),
    /// The folder cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file of it cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Every round was driven.
    #[error("{}: the run is complete; run it again with --repeat {}", folder.display(), folder.join(MANIFEST).display())]
    Complete {
        /// The run folder.
        folder: PathBuf,
    },
    /// Its records cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Records {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

/// Opens the run in `path`; `typed` are the flags of its backend, `command_line` what was typed.
pub fn open(
    path: &Path,
    typed: kubernetes::KubernetesOptions,
    command_line: &[String],
) -> Result<Resumption, ResumeError> {
    let file = path.join(MANIFEST);
    let mut manifest = repeat::read_manifest(&file)?;
    if manifest.outcome == RunOutcome::Complete {
        return Err(ResumeError::Complete { folder: path.to_owned() });
    }
    let run_id: Option<RunId> = manifest.run_id.parse().ok();
    let plan = repeat::plan_of(manifest.clone(), &file, run_id)?;
    let folder = RunFolder::reopen(path.to_owned())?;
    let first_round = next_round(&mut manifest, &plan);
    manifest.backend.processes_mut().resumed_with.push(command_line.to_vec());
    let backend = BackendChoice::of_run(&manifest.backend, typed);
    let last_seqs = gather_earlier(&folder)?;
    Ok(Resumption { plan, manifest, folder, start: Start::Resumed { first_round, last_seqs }, backend })
}

/// The round to go on with. One that was cut off cannot be driven again: its message is in the records already. A driver
/// that was killed has not said whether it had begun one, so the next is taken for begun.
fn next_round(manifest: &mut Manifest, plan: &Plan) -> u32 {
    let next = manifest.rounds.last().map_or(0, |round| round.round + 1);
    if manifest.outcome != RunOutcome::Running || next > plan.options.rounds {
        return next;
    }
    manifest.expected_events += u64::from(plan.options.nodes) - 1;
    manifest.rounds.push(Round {
        round: next,
        initiator: plan.topology.nodes[plan.initiator(next)].to_string(),
        outcome: RoundOutcome::Interrupted,
        delivered: 0,
        failed: 0,
        last_seqs: BTreeMap::new(),
        driver_ms: 0.0,
        scheduling_delay_ms: None,
        clock_steps: 0,
        resources: None,
    });
    next + 1
}

/// Brings the records of earlier sessions together as one part; the last sequence number of each process.
fn gather_earlier(folder: &RunFolder) -> Result<BTreeMap<String, u64>, ResumeError> {
    let (parts, events) = (folder.parts(), folder.path().join(EVENTS));
    let together = parts.join(EARLIER);
    // Merged records are written whole before their parts are taken away: where they stand, parts say nothing new.
    if events.exists() {
        for part in record_files(&parts)? {
            fs::remove_file(&part).map_err(at(&part))?;
        }
        fs::rename(&events, &together).map_err(at(&events))?;
    } else {
        let old = record_files(&parts)?;
        merge(&old, &together)?;
        for part in old.iter().filter(|part| **part != together) {
            fs::remove_file(part).map_err(at(part))?;
        }
    }
    last_seqs(&together).map_err(|reason| ResumeError::Records { path: together, reason })
}

/// The last sequence number of each process among the records of a file.
fn last_seqs(path: &Path) -> io::Result<BTreeMap<String, u64>> {
    let mut lasts: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = BufReader::new(fs::File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Ok(Record { process, seq: Some(seq), .. }) = Record::read_line(&line) {
            let last = lasts.entry(process.into_owned()).or_default();
            *last = (*last).max(seq);
        }
        line.clear();
    }
    Ok(lasts)
}
