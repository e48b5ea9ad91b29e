//! Carries a plan out: the folder, the processes, the rounds, and an end that is told truly however it came.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use cnsim::manifest::{FORMAT, Manifest, RoundOutcome, RunOutcome, Tool};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cluster::{Cluster, ClusterError};
use crate::driver::{DriveError, Watcher, drive};
use crate::facts;
use crate::folder::{File, FolderError, RunFolder};
use crate::ledger::{Ending, Ledger, MANIFEST, now};
use crate::local::{self, Local, LocalError};
use crate::merge::merge;
use crate::plan::Plan;
use crate::repeat::{TOPOLOGY, digest};

/// The merged records' file name in a run folder.
pub const EVENTS: &str = "events.jsonl";

/// How long a broken connection waits for the news that its process has died: the news says more.
const NEWS: Duration = Duration::from_secs(2);

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
    #[error("{reason}; what was recorded is in {}", folder.display())]
    Broken {
        /// What happened.
        reason: String,
        /// The run folder.
        folder: PathBuf,
    },
    /// The runtime or a signal handler could not be set up.
    #[error("cannot set the run up: {0}")]
    Setup(io::Error),
}

/// What stopped a run.
#[derive(Debug)]
enum Halt {
    Interrupted(&'static str),
    Failed(String),
}

/// Runs the plan and returns the run folder.
pub fn run(plan: &Plan, place: Place, watcher: &dyn Watcher) -> Result<PathBuf, RunError> {
    let topology = plan.topology.to_json();
    let manifest = manifest(plan, &topology, place.command_line);
    let files = [File { name: MANIFEST, bytes: &manifest.to_json() }, File { name: TOPOLOGY, bytes: &topology }];
    let folder = RunFolder::create(place.out.join(plan.run_id.as_str()), &files)?;
    watcher.run_begins(plan);
    let mut ledger = Ledger::new(manifest, folder.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Setup)?;
    let halt = runtime.block_on(session(plan, &mut ledger, watcher)).err();
    let halt = collect(&folder, watcher).err().map(|error| Halt::Failed(error.to_string())).or(halt);
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

/// Brings the processes up, drives them and ends them, whatever happens in between.
async fn session(plan: &Plan, ledger: &mut Ledger, watcher: &dyn Watcher) -> Result<(), Halt> {
    let mut signals = Signals::new().map_err(|error| Halt::Failed(format!("cannot watch for signals: {error}")))?;
    let mut local = Local::default();
    let parts = ledger.folder().parts();
    let started = tokio::select! {
        started = local.start(plan, &parts) => Ok(started),
        name = signals.next() => Err(Halt::Interrupted(name)),
    };
    let started = match started {
        Ok(Ok(cluster)) => Ok(cluster),
        Ok(Err(LocalError::Cluster(error))) => Err(explained(&mut local, &error).await),
        Ok(Err(error)) => Err(Halt::Failed(error.to_string())),
        Err(halt) => Err(halt),
    };
    let result = match started {
        Ok(cluster) => {
            let result = rounds(plan, ledger, watcher, Stage { cluster: &cluster, local: &mut local, signals }).await;
            ledger.close_records(cluster.drain(&plan.run_id).await);
            result
        }
        Err(halt) => Err(halt),
    };
    for name in local.stop().await {
        watcher.warn(&format!("{name} did not end when asked and was killed"));
    }
    result
}

/// What a run goes on with once its processes are up.
struct Stage<'a> {
    cluster: &'a Cluster,
    local: &'a mut Local,
    signals: Signals,
}

/// Drives the rounds, and closes the one that was going on when the run was stopped.
async fn rounds(plan: &Plan, ledger: &mut Ledger, watcher: &dyn Watcher, stage: Stage<'_>) -> Result<(), Halt> {
    ledger.enlist(stage.cluster)?;
    let cluster = stage.cluster;
    let result = watched(stage, drive(cluster, plan, ledger, watcher)).await;
    if let Some((took, before)) = ledger.going_on() {
        let after = cluster.watch_alive(before).await;
        ledger.end_round(cluster, Ending { outcome: RoundOutcome::Interrupted, took, after })?;
    }
    result
}

/// Drives until the rounds are over, a process dies or the user stops it.
async fn watched(mut stage: Stage<'_>, driven: impl Future<Output = Result<(), DriveError>>) -> Result<(), Halt> {
    let result = tokio::select! {
        result = driven => result,
        death = stage.local.death() => return Err(Halt::Failed(death)),
        name = stage.signals.next() => return Err(Halt::Interrupted(name)),
    };
    match result {
        Ok(()) => Ok(()),
        Err(DriveError::Cluster(error)) => Err(explained(stage.local, &error).await),
        Err(DriveError::Folder(error)) => Err(error.into()),
    }
}

/// A process that does not answer has perhaps died: then that is what happened.
async fn explained(local: &mut Local, error: &ClusterError) -> Halt {
    let death = tokio::time::timeout(NEWS, local.death()).await;
    Halt::Failed(death.unwrap_or_else(|_| error.to_string()))
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

pub(crate) fn manifest(plan: &Plan, topology: &[u8], command_line: Vec<String>) -> Manifest {
    let nodes = plan.topology.nodes.len();
    let mut backend_facts = facts::machine();
    backend_facts.insert("processes".to_owned(), plan.processes().into());
    backend_facts.insert("nodes_per_process".to_owned(), plan.options.nodes_per_process.into());
    Manifest {
        format: FORMAT,
        run_id: plan.run_id.to_string(),
        tool: tool(),
        command_line,
        options: plan.options.clone(),
        topology_sha256: digest(topology),
        topology_complete: plan.links.iter().all(|links| links.len() + 1 == nodes),
        backend: "local".to_owned(),
        backend_facts,
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

impl Halt {
    fn told(self) -> (RunOutcome, String) {
        match self {
            Self::Interrupted(name) => (RunOutcome::Interrupted, format!("stopped by {name}")),
            Self::Failed(reason) => (RunOutcome::Failed, reason),
        }
    }
}

impl From<FolderError> for Halt {
    fn from(error: FolderError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The ways in which a user ends a run.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}
