//! Carries a plan out: the folder, the processes, the rounds, and an end that is told truly however it came.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use cnsim::id::NodeIx;
use cnsim::manifest::{FORMAT, Manifest, RunOutcome};
use cnsim::time::Clock;

use crate::backend::RunContext;
use crate::backend_choice::{BackendChoice, Start};
use crate::control_file::{CONTROL, CONTROL_HEADER};
use crate::fault_files;
use crate::folder::{EVENTS, File, FolderError, MANIFEST, RunFolder, TOPOLOGY, put, record_files};
use crate::ledger::{Ledger, now};
use crate::merge::merge;
use crate::motion_plan::CONTACTS;
use crate::plan::Plan;
use crate::resume::Resumption;
use crate::session::Halt;
use crate::topology_source::write_topology;
use crate::version;
use crate::watcher::Watcher;
use cnsim_files::{WriteError, at};

/// Where a run goes, and what it is remembered by.
#[derive(Debug)]
pub struct Destination {
    /// The folder that the run folder is made in.
    pub out: PathBuf,
    /// The command line as typed.
    pub command_line: Vec<String>,
}

/// Why a run did not complete.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The run folder could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The run folder stands, and its manifest says the same.
    #[error("{reason}; what was recorded is in {0}: cnsim run --resume {0} goes on with it", folder.display())]
    Broken {
        /// How it ended.
        outcome: RunOutcome,
        /// What happened.
        reason: String,
        /// The run folder.
        folder: PathBuf,
    },
    /// The same of a simulation, which is not gone on with.
    #[error("{reason}; the rounds that were finished are in {}", folder.display())]
    Cut {
        /// How it ended.
        outcome: RunOutcome,
        /// What happened.
        reason: String,
        /// The run folder.
        folder: PathBuf,
    },
    /// It ended before its first round: there is nothing to keep.
    #[error("{reason}; no round had begun, so no run folder is left")]
    NotBegun {
        /// How it ended.
        outcome: RunOutcome,
        /// What happened.
        reason: String,
    },
    /// The runtime or a signal handler could not be set up.
    #[error("cannot set the run up: {0}")]
    Setup(io::Error),
}

impl RunError {
    /// Whether the user stopped it, so that nothing else is to begin.
    pub fn is_interruption(&self) -> bool {
        match self {
            Self::Broken { outcome, .. } | Self::Cut { outcome, .. } | Self::NotBegun { outcome, .. } => {
                *outcome == RunOutcome::Interrupted
            }
            Self::Folder(_) | Self::Setup(_) => false,
        }
    }
}

/// Runs the plan and returns the run folder.
pub fn run(
    plan: &Plan,
    destination: Destination,
    backend: BackendChoice,
    watcher: &dyn Watcher,
) -> Result<PathBuf, RunError> {
    let mut manifest = new_manifest(plan, &backend, destination.command_line);
    let folder = RunFolder::create(destination.out.join(plan.run_id.as_str()), |staged| {
        manifest.topology_sha256 = write_topology(&plan.topology, &staged.join(TOPOLOGY))?;
        let manifest_bytes = manifest.to_json();
        let mut files = vec![File { name: MANIFEST, bytes: &manifest_bytes }];
        files.push(File { name: CONTROL, bytes: CONTROL_HEADER });
        files.extend(plan.delay_files.kept());
        files.extend(fault_files::empty(plan));
        put(staged, &files)?;
        put_contacts(plan, staged)
    })?;
    watcher.run_begins(plan);
    let mut ledger = Ledger::new(manifest, folder);
    let mut context = RunContext { plan, ledger: &mut ledger, watcher };
    let halt = block_on(backend.drive(&mut context, Start::Anew))?;
    match halt {
        // A folder that cannot be removed is closed as any other, so that it says what happened.
        Some(halt) if !ledger.begun() && fs::remove_dir_all(ledger.folder().path()).is_ok() => {
            let (outcome, reason) = halt.into_outcome();
            Err(RunError::NotBegun { outcome, reason })
        }
        halt => close(plan, &mut ledger, halt, watcher),
    }
}

/// Goes on with a run that was interrupted or failed, where it runs, and returns its folder.
pub fn resume(resumption: Resumption, watcher: &dyn Watcher) -> Result<PathBuf, RunError> {
    let Resumption { plan, manifest, folder, start, backend } = resumption;
    watcher.run_begins(&plan);
    let mut ledger = Ledger::resumed(manifest, folder)?;
    let mut context = RunContext { plan: &plan, ledger: &mut ledger, watcher };
    let halt = block_on(backend.drive(&mut context, start))?;
    close(&plan, &mut ledger, halt, watcher)
}

/// One thread is enough to lead: what is measured has the processors.
fn block_on(work: impl Future<Output = Result<(), Halt>>) -> Result<Option<Halt>, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Setup)?;
    Ok(runtime.block_on(work).err())
}

/// Merges the records and tells in the manifest how the run ended.
fn close(plan: &Plan, ledger: &mut Ledger, halt: Option<Halt>, watcher: &dyn Watcher) -> Result<PathBuf, RunError> {
    let folder = ledger.folder().clone();
    let collected = match ledger.manifest().clock {
        Clock::Wall => collect(&folder, watcher).and_then(|()| note_receipts(plan, ledger)),
        // There are no processes with records of their own.
        Clock::Virtual => remove_parts(&folder),
    };
    let halt = collected.err().map(Halt::from).or(halt);
    match halt {
        None => ledger.finish(RunOutcome::Complete, None)?,
        Some(halt) => {
            let (outcome, reason) = halt.into_outcome();
            ledger.finish(outcome, Some(reason.clone()))?;
            let folder = folder.path().to_owned();
            return Err(match ledger.manifest().clock {
                Clock::Wall => RunError::Broken { outcome, reason, folder },
                Clock::Virtual => RunError::Cut { outcome, reason, folder },
            });
        }
    }
    Ok(folder.path().to_owned())
}

/// When links are up, where the network moves.
fn put_contacts(plan: &Plan, staged: &Path) -> Result<(), WriteError> {
    let Some(contacts) = &plan.contacts else { return Ok(()) };
    let path = staged.join(CONTACTS);
    let write = || {
        let mut out = BufWriter::new(fs::File::create(&path)?);
        contacts.write(&mut out).map_err(io::Error::other)?;
        out.flush()
    };
    write().map_err(at(&path))
}

/// Holds the records of both ends against what was meant.
fn note_receipts(plan: &Plan, ledger: &mut Ledger) -> Result<(), FolderError> {
    if !plan.options.faults.is_empty() {
        let receipts = fault_files::read_receipts(plan, ledger.folder().path())?;
        ledger.set_receipts(receipts);
    }
    Ok(())
}

/// Merges what the processes recorded, then takes their own files away.
fn collect(folder: &RunFolder, watcher: &dyn Watcher) -> Result<(), FolderError> {
    let parts = folder.parts();
    let merged = merge(&record_files(&parts)?, &folder.path().join(EVENTS))?;
    for torn in &merged.torn {
        watcher.warn(&format!("the last record in {} was cut off and is left out", torn.display()));
    }
    remove_parts(folder)
}

fn remove_parts(folder: &RunFolder) -> Result<(), FolderError> {
    let parts = folder.parts();
    Ok(fs::remove_dir_all(&parts).map_err(at(&parts))?)
}

/// The manifest of a run that has not begun; its topology has no digest yet.
pub(crate) fn new_manifest(plan: &Plan, backend: &BackendChoice, command_line: Vec<String>) -> Manifest {
    let nodes = plan.topology.nodes.len();
    Manifest {
        format: FORMAT,
        run_id: plan.run_id.to_string(),
        tool: version::tool(),
        command_line,
        study: plan.study.clone(),
        options: plan.options.clone(),
        topology_sha256: String::new(),
        topology_complete: (0..nodes as u32).all(|node| plan.neighbours.neighbours(NodeIx(node)).len() + 1 == nodes),
        backend: backend.facts(plan),
        clock: backend.clock(),
        roster: Vec::new(),
        started_at: now(),
        finished_at: None,
        outcome: RunOutcome::Running,
        reason: None,
        rounds: Vec::new(),
        last_seqs: Default::default(),
        expected_events: 0,
        link_delay: None,
        limits: Default::default(),
        receipts: Vec::new(),
        incidents: Vec::new(),
    }
}
