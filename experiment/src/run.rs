//! Carries a plan out: the folder, the processes, the rounds, and an end that is told truly however it came.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use cnsim::manifest::{FORMAT, Manifest, RunOutcome, Tool};
use serde_json::Value;

use crate::backend::Stage;
use crate::driver::Watcher;
use crate::facts;
use crate::folder::{File, FolderError, RunFolder};
use crate::kubernetes::{self, Kubernetes};
use crate::ledger::{Ledger, MANIFEST, now};
use crate::local::{self, Local};
use crate::merge::merge;
use crate::plan::Plan;
use crate::repeat::{TOPOLOGY, digest};
use crate::resume::Resumption;
use crate::session::{Halt, session};

/// The name of the backend on Kubernetes, in manifests.
pub const KUBERNETES: &str = "kubernetes";
/// The merged records' file name in a run folder.
pub const EVENTS: &str = "events.jsonl";

/// Where a run goes, and what it is remembered by.
#[derive(Debug)]
pub struct Place {
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
        /// What happened.
        reason: String,
        /// The run folder.
        folder: PathBuf,
    },
    /// It ended before its first round: there is nothing to keep.
    #[error("{0}; no round had begun, so no run folder is left")]
    NotBegun(String),
    /// The runtime or a signal handler could not be set up.
    #[error("cannot set the run up: {0}")]
    Setup(io::Error),
}

/// Where a run's processes live.
#[derive(Debug, Clone)]
pub enum Where {
    /// On this machine.
    Local,
    /// In the pods of a cluster.
    Kubernetes(kubernetes::Options),
}

/// Runs the plan and returns the run folder.
pub fn run(plan: &Plan, place: Place, at: Where, watcher: &dyn Watcher) -> Result<PathBuf, RunError> {
    let topology = plan.topology.to_json();
    let manifest = Manifest {
        backend: at.name().to_owned(),
        backend_facts: at.facts(plan),
        ..manifest(plan, &topology, place.command_line)
    };
    let files = [File { name: MANIFEST, bytes: &manifest.to_json() }, File { name: TOPOLOGY, bytes: &topology }];
    let folder = RunFolder::create(place.out.join(plan.run_id.as_str()), &files)?;
    watcher.run_begins(plan);
    let mut ledger = Ledger::new(manifest, folder);
    let mut stage = Stage { plan, ledger: &mut ledger, watcher };
    let halt = on_a_runtime(async {
        match at {
            Where::Local => session(Local::default(), &mut stage, 0).await,
            Where::Kubernetes(options) => session(Kubernetes::new(options), &mut stage, 0).await,
        }
    })?;
    match halt {
        // A folder that cannot be removed is closed as any other, so that it says what happened.
        Some(halt) if !ledger.begun() && fs::remove_dir_all(ledger.folder().path()).is_ok() => {
            Err(RunError::NotBegun(halt.told().1))
        }
        halt => closed(&mut ledger, halt, watcher),
    }
}

/// Goes on with a run that was interrupted or failed, where it runs, and returns its folder.
pub fn resume(resumption: Resumption, watcher: &dyn Watcher) -> Result<PathBuf, RunError> {
    let Resumption { plan, manifest, folder, first, lasts, at } = resumption;
    watcher.run_begins(&plan);
    let mut ledger = Ledger::resumed(manifest, folder)?;
    let mut stage = Stage { plan: &plan, ledger: &mut ledger, watcher };
    let halt = on_a_runtime(async {
        match at {
            Where::Local => session(Local::default(), &mut stage, first).await,
            Where::Kubernetes(options) => session(Kubernetes::resumed(options, lasts), &mut stage, first).await,
        }
    })?;
    closed(&mut ledger, halt, watcher)
}

/// One thread is enough to lead: what is measured has the processors.
fn on_a_runtime(work: impl Future<Output = Result<(), Halt>>) -> Result<Option<Halt>, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Setup)?;
    Ok(runtime.block_on(work).err())
}

/// Merges the records and tells in the manifest how the run ended.
fn closed(ledger: &mut Ledger, halt: Option<Halt>, watcher: &dyn Watcher) -> Result<PathBuf, RunError> {
    let folder = ledger.folder().clone();
    let halt = collect(&folder, watcher).err().map(Halt::from).or(halt);
    match halt {
        None => ledger.finish(RunOutcome::Complete, None)?,
        Some(halt) => {
            let (outcome, reason) = halt.told();
            ledger.finish(outcome, Some(reason.clone()))?;
            return Err(RunError::Broken { reason, folder: folder.path().to_owned() });
        }
    }
    Ok(folder.path().to_owned())
}

impl Where {
    /// As the manifest names it.
    fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Kubernetes(_) => KUBERNETES,
        }
    }

    /// What can be said of it before the run.
    fn facts(&self, plan: &Plan) -> BTreeMap<String, Value> {
        let mut facts = match self {
            Self::Local => facts::machine(),
            Self::Kubernetes(_) => BTreeMap::new(),
        };
        facts.insert("processes".to_owned(), plan.processes().into());
        facts.insert("nodes_per_process".to_owned(), plan.options.nodes_per_process.into());
        facts
    }
}

/// Merges what the processes recorded, then takes their own files away.
fn collect(folder: &RunFolder, watcher: &dyn Watcher) -> Result<(), FolderError> {
    let parts = folder.parts();
    let records = local::records(&parts).map_err(crate::folder::at(&parts))?;
    let merged = merge(&records, &folder.path().join(EVENTS))?;
    for torn in &merged.torn {
        watcher.warn(&format!("the last record in {} was cut off and is left out", torn.display()));
    }
    fs::remove_dir_all(&parts).map_err(crate::folder::at(&parts))
}

/// The manifest of a plan on no backend yet.
pub(crate) fn manifest(plan: &Plan, topology: &[u8], command_line: Vec<String>) -> Manifest {
    let nodes = plan.topology.nodes.len();
    Manifest {
        format: FORMAT,
        run_id: plan.run_id.to_string(),
        tool: tool(),
        command_line,
        options: plan.options.clone(),
        topology_sha256: digest(topology),
        topology_complete: plan.links.iter().all(|links| links.len() + 1 == nodes),
        backend: String::new(),
        backend_facts: BTreeMap::new(),
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
        incidents: Vec::new(),
    }
}

/// This program.
pub(crate) fn tool() -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), revision: env!("CNSIM_REVISION").to_owned() }
}
