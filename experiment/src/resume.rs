//! A run that goes on after its driver was stopped: which rounds are left, and which records are already here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use cnsim::event::Record;
use cnsim::id::RunId;
use cnsim::manifest::{Backend, Manifest, Round, RoundOutcome, RunOutcome};
use cnsim::pace::Pace;

use crate::backend_choice::{BackendChoice, Start};
use crate::folder::{EVENTS, FolderError, MANIFEST, RunFolder, record_files};
use crate::kubernetes;
use crate::merge::merge;
use crate::plan::Plan;
use crate::repeat::{self, RepeatError};
use cnsim_files::{WriteError, at};

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
    /// It was simulated.
    #[error("{}: a simulation is not gone on with; run it again with --repeat {}", manifest.display(), manifest.display())]
    Simulated {
        /// Its manifest.
        manifest: PathBuf,
    },
    /// It was an open loop.
    #[error(
        "{}: an open loop is not gone on with, for its rounds would meet another load; run it again with --repeat {}",
        manifest.display(),
        manifest.display()
    )]
    OpenLoop {
        /// Its manifest.
        manifest: PathBuf,
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
    if let Backend::Sim(_) = manifest.backend {
        return Err(ResumeError::Simulated { manifest: file });
    }
    if manifest.options.every != Pace::Closed {
        return Err(ResumeError::OpenLoop { manifest: file });
    }
    if manifest.outcome == RunOutcome::Complete {
        return Err(ResumeError::Complete { folder: path.to_owned() });
    }
    let run_id: Option<RunId> = manifest.run_id.parse().ok();
    let plan = repeat::plan_of(manifest.clone(), &file, run_id)?;
    let folder = RunFolder::reopen(path.to_owned())?;
    let Earlier { last_seqs, rounds } = gather_earlier(&folder)?;
    // Records of a cluster may still be where they were made.
    let recorded = matches!(manifest.backend, Backend::Local(_)).then_some(&rounds);
    let first_round = next_round(&mut manifest, &plan, recorded);
    manifest.backend.processes_mut().resumed_with.push(command_line.to_vec());
    let backend = BackendChoice::of_run(&manifest.backend, typed);
    Ok(Resumption { plan, manifest, folder, start: Start::Resumed { first_round, last_seqs }, backend })
}

/// The round to go on with. One that was cut off cannot be driven again: its message is in the records already. A driver
/// that was killed has not said whether it had begun one: where every record is here (`recorded` are their rounds), they say it;
/// else the next is taken for begun.
fn next_round(manifest: &mut Manifest, plan: &Plan, recorded: Option<&BTreeSet<u32>>) -> u32 {
    let next = manifest.rounds.last().map_or(0, |round| round.round + 1);
    let is_begun = recorded.is_none_or(|rounds| rounds.contains(&next));
    if manifest.outcome != RunOutcome::Running || next > plan.options.rounds || !is_begun {
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
        begin: None,
        resources: None,
    });
    next + 1
}

/// What records of earlier sessions say.
#[derive(Debug, Default)]
struct Earlier {
    /// The last sequence number of each process.
    last_seqs: BTreeMap<String, u64>,
    /// The rounds that they are of.
    rounds: BTreeSet<u32>,
}

/// Brings the records of earlier sessions together as one part.
fn gather_earlier(folder: &RunFolder) -> Result<Earlier, ResumeError> {
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
    read_earlier(&together).map_err(|reason| ResumeError::Records { path: together, reason })
}

/// What the records of a file say.
fn read_earlier(path: &Path) -> io::Result<Earlier> {
    let mut earlier = Earlier::default();
    let mut lines = BufReader::new(fs::File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Ok(Record { process, seq: Some(seq), round, .. }) = Record::read_line(&line) {
            let last = earlier.last_seqs.entry(process.into_owned()).or_default();
            *last = (*last).max(seq);
            earlier.rounds.insert(round);
        }
        line.clear();
    }
    Ok(earlier)
}

#[cfg(test)]
mod tests {
    use cnsim::id::RunId;

    use super::*;

    #[test]
    fn a_round_that_no_record_is_of_was_not_begun() {
        let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../analyze/tests/fixtures/flood-n4/manifest.json"));
        let mut manifest = Manifest::from_json(&fs::read(file).unwrap()).unwrap();
        manifest.outcome = RunOutcome::Running;
        manifest.rounds.truncate(2);
        let run_id: Option<RunId> = manifest.run_id.parse().ok();
        let plan = repeat::plan_of(manifest.clone(), file, run_id);
        let Ok(plan) = plan else { panic!("{plan:?}") };
        let next = |recorded: Option<&BTreeSet<u32>>| {
            let mut manifest = manifest.clone();
            (next_round(&mut manifest, &plan, recorded), manifest.rounds.len())
        };
        assert_eq!(next(Some(&BTreeSet::from([0, 1]))), (2, 2));
        assert_eq!(next(Some(&BTreeSet::from([0, 1, 2]))), (3, 3));
        assert_eq!(next(None), (3, 3), "of a cluster nobody knows");
    }
}
