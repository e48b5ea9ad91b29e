//! The backend on this machine: each process is this program run again as a node, on loopback ports of the system's
//! choice.
//!
//! A child writes its records and its messages into files of its own, so that nobody reads pipes while it measures. It
//! leads a process group of its own, so that a Ctrl-C reaches only the driver, and it ends when its standard input
//! closes, which happens however the driver ends.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use cnsim::id::NodeId;
use cnsim::wire::control::Peer;
use serde::Deserialize;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::backend::{Backend, BackendError, RunContext, Undertaker};
use crate::cluster::{AfterDrain, Cluster, ClusterError, Process, connect};
use crate::machine;
use crate::plan::Plan;
use crate::watcher::Watcher;

/// How long processes may take until they listen, besides a while for each of them.
const STARTING: Duration = Duration::from_secs(30);
const STARTING_EACH: Duration = Duration::from_millis(250);
/// How long a process may take to end after it was asked to.
const ENDING: Duration = Duration::from_secs(5);
/// How long a broken connection waits for the news that its process has died: the news says more.
const NEWS: Duration = Duration::from_secs(2);
/// How many of its last messages are shown of a process that died.
const LAST_MESSAGES: usize = 5;

/// The processes of a local run. Dropped, it kills them.
#[derive(Debug, Default)]
pub struct Local {
    places: Places,
    /// None before the first was started.
    command: Option<Arc<NodeCommand>>,
}

/// In the order of the plan's processes.
type Places = Arc<Mutex<Vec<Place>>>;

/// Where a child of the plan is.
#[derive(Debug, Default)]
struct Place {
    /// None between two of them.
    child: Option<NodeProcess>,
    /// How many there were before it.
    lives: u32,
}

/// Kills children on purpose, and starts others in their places.
#[derive(Debug)]
pub struct LocalUndertaker {
    places: Places,
    command: Arc<NodeCommand>,
    /// The nodes in each place.
    hosted: Vec<Vec<NodeId>>,
}

/// Why the processes did not come up.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A file for a child could not be made or read.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The program could not be started.
    #[error("cannot start node process {index}: {reason}")]
    Spawn {
        /// Its number.
        index: usize,
        /// Why.
        reason: io::Error,
    },
    /// A child could not be killed.
    #[error("cannot kill {name}: {reason}")]
    Kill {
        /// The child.
        name: String,
        /// Why.
        reason: io::Error,
    },
    /// A child ended before it listened.
    #[error("{0}")]
    Died(String),
    /// A child does not listen.
    #[error("{name} does not listen after {seconds} s")]
    Late {
        /// The child.
        name: String,
        /// How long was waited.
        seconds: u64,
    },
    /// What a child announced is not what was asked for.
    #[error("{} is no announcement: {reason}", path.display())]
    Announcement {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A child's control service does not answer.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// What is the same for every child.
#[derive(Debug)]
struct NodeCommand {
    program: PathBuf,
    parts: PathBuf,
    host: String,
    workers: u32,
    max_message: u64,
}

/// One child.
#[derive(Debug)]
struct NodeProcess {
    index: usize,
    child: Child,
    /// Kept apart from the child: waiting for a child would close it, and it ends when this closes.
    stdin: Option<ChildStdin>,
    files: Files,
}

/// The files of one child.
#[derive(Debug)]
struct Files {
    ids: PathBuf,
    announcement: PathBuf,
    records: PathBuf,
    messages: PathBuf,
}

/// What a child says when it listens.
#[derive(Debug, Deserialize)]
struct Announcement {
    process: String,
    host: String,
    control: String,
    nodes: Vec<Announced>,
}

#[derive(Debug, Deserialize)]
struct Announced {
    id: String,
    address: String,
}

impl Local {
    async fn spawn_all(&mut self, plan: &Plan, parts: &Path) -> Result<Cluster, LocalError> {
        let command = Arc::new(NodeCommand::new(plan, parts)?);
        self.command = Some(Arc::clone(&command));
        for (index, ids) in plan.hosted().enumerate() {
            let place = Place { child: Some(command.spawn(index, 0, ids)?), lives: 1 };
            places(&self.places).push(place);
        }
        let deadline = Instant::now() + STARTING + STARTING_EACH * plan.processes();
        let mut processes = Vec::with_capacity(plan.processes() as usize);
        for (index, ids) in plan.hosted().enumerate() {
            let mut child = take(&self.places, index)?;
            let announced = child.enter(ids, deadline).await;
            put(&self.places, index, child);
            processes.push(announced?);
        }
        Ok(Cluster { processes })
    }

    /// A process that does not answer has perhaps died: then that is what happened.
    async fn explain(&mut self, error: ClusterError) -> LocalError {
        match timeout(NEWS, self.death()).await {
            Ok(death) => LocalError::Died(death),
            Err(_) => error.into(),
        }
    }
}

fn places(places: &Places) -> MutexGuard<'_, Vec<Place>> {
    places.lock().expect("no holder of this lock panics")
}

/// The child in a place, which is empty from now on; whoever drops it kills it.
fn take(of: &Places, place: usize) -> Result<NodeProcess, LocalError> {
    let child = places(of).get_mut(place).and_then(|place| place.child.take());
    child.ok_or_else(|| LocalError::Died(format!("node process {place} is not there")))
}

fn put(of: &Places, place: usize, child: NodeProcess) {
    if let Some(place) = places(of).get_mut(place) {
        place.child = Some(child);
    }
}

impl Undertaker for LocalUndertaker {
    async fn kill(&self, place: usize, _: &Process) -> Result<String, BackendError> {
        let mut process = take(&self.places, place).map_err(BackendError::own)?;
        let id = process.child.id().map(|id| format!("pid {id}")).unwrap_or_default();
        // By SIGKILL; returns when it has ended.
        let killed = process.child.kill().await;
        killed.map_err(|reason| BackendError::own(LocalError::Kill { name: process.name(), reason }))?;
        Ok(id)
    }

    async fn raise(&self, place: usize) -> Result<Process, BackendError> {
        let ids = &self.hosted[place];
        let life = places(&self.places)[place].lives;
        let mut child = self.command.spawn(place, life, ids).map_err(BackendError::own)?;
        let process = child.enter(ids, Instant::now() + STARTING).await.map_err(BackendError::own)?;
        places(&self.places)[place].lives += 1;
        put(&self.places, place, child);
        Ok(process)
    }
}

impl Backend for Local {
    type Undertaker = LocalUndertaker;

    async fn start(&mut self, run: &mut RunContext<'_>) -> Result<Cluster, BackendError> {
        let parts = run.ledger.folder().parts();
        match self.spawn_all(run.plan, &parts).await {
            Err(LocalError::Cluster(error)) => Err(BackendError::own(self.explain(error).await)),
            started => started.map_err(BackendError::own),
        }
    }

    fn undertaker(&self, run: &RunContext<'_>) -> LocalUndertaker {
        let command = self.command.clone().expect("a run has an undertaker once its processes are up");
        let hosted = run.plan.hosted().map(<[NodeId]>::to_vec).collect();
        LocalUndertaker { places: Arc::clone(&self.places), command, hosted }
    }

    /// One that was killed on purpose is in no place any more.
    async fn death(&mut self) -> String {
        poll_fn(|context| {
            for process in places(&self.places).iter_mut().filter_map(|place| place.child.as_mut()) {
                let ended = pin!(process.child.wait()).poll(context);
                if let Poll::Ready(Ok(status)) = ended {
                    return Poll::Ready(process.describe_end(status));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// A process on one machine is lost for a reason that the next one would be lost for too.
    async fn recover(
        &mut self,
        _: &mut RunContext<'_>,
        _: &Cluster,
        error: ClusterError,
    ) -> Result<Cluster, BackendError> {
        Err(BackendError::own(self.explain(error).await))
    }

    /// Each child writes into its own file.
    async fn round_ended(&mut self, _: &mut RunContext<'_>, _: &Cluster) -> Result<(), BackendError> {
        Ok(())
    }

    async fn rounds_ended(&mut self, _: &mut RunContext<'_>, _: &Cluster) -> Result<(), BackendError> {
        Ok(())
    }

    async fn close(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        run.ledger.close_records(cluster.drain(&run.plan.run_id, AfterDrain::End).await);
        Ok(())
    }

    /// Waits for the children to end, and kills those that do not.
    async fn stop(self, watcher: &dyn Watcher) {
        let deadline = Instant::now() + ENDING;
        let mut children: Vec<NodeProcess> =
            places(&self.places).iter_mut().filter_map(|place| place.child.take()).collect();
        children.iter_mut().for_each(|process| drop(process.stdin.take()));
        for process in &mut children {
            if timeout_at(deadline, process.child.wait()).await.is_err() {
                watcher.warn(&format!("{} did not end when asked and was killed", process.name()));
            }
            // Killing waits for the end; a child that has ended is only reaped.
            if let Err(error) = process.child.kill().await {
                tracing::debug!(%error, child = process.index, "no child to kill");
            }
        }
    }
}

impl NodeCommand {
    fn new(plan: &Plan, parts: &Path) -> Result<Self, LocalError> {
        let program = std::env::current_exe().map_err(|reason| LocalError::Spawn { index: 0, reason })?;
        Ok(Self {
            program,
            parts: parts.to_owned(),
            host: machine::host(),
            workers: (machine::processors() / plan.processes()).max(1),
            max_message: plan.options.max_message,
        })
    }

    /// The process of a place; `life` is how many there were before it.
    fn spawn(&self, index: usize, life: u32, ids: &[NodeId]) -> Result<NodeProcess, LocalError> {
        let files = Files::new(&self.parts, index, life);
        let list: String = ids.iter().map(|id| format!("{id}\n")).collect();
        fs::write(&files.ids, list).map_err(|reason| LocalError::File { path: files.ids.clone(), reason })?;
        // A run that is resumed has what the processes before said, which listen no more.
        match fs::remove_file(&files.announcement) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(reason) => return Err(LocalError::File { path: files.announcement, reason }),
        }
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_node_flag(name)) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["node", "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--exit-with-stdin"])
            .arg("--ids-file")
            .arg(&files.ids)
            .arg("--announce")
            .arg(&files.announcement)
            .args(["--max-message", &self.max_message.to_string()])
            .args(["--workers", &self.workers.to_string()])
            .args(["--host", &self.host, "--pod", &format!("local-{index}")])
            .stdin(Stdio::piped())
            .stdout(create(&files.records)?)
            .stderr(create(&files.messages)?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|reason| LocalError::Spawn { index, reason })?;
        let stdin = child.stdin.take();
        Ok(NodeProcess { index, child, stdin, files })
    }
}

impl Files {
    fn new(parts: &Path, index: usize, life: u32) -> Self {
        let name = if life == 0 { format!("{index:05}") } else { format!("{index:05}-{life}") };
        let file = |extension: &str| parts.join(format!("{name}.{extension}"));
        Self { ids: file("ids"), announcement: file("json"), records: file("jsonl"), messages: file("log") }
    }
}

impl NodeProcess {
    /// Waits until it listens, and connects to it.
    async fn enter(&mut self, ids: &[NodeId], deadline: Instant) -> Result<Process, LocalError> {
        let announcement = self.announcement(deadline).await?;
        announcement.into_process(ids, &self.files.announcement).await
    }

    async fn announcement(&mut self, deadline: Instant) -> Result<Announcement, LocalError> {
        let begun = Instant::now();
        loop {
            let path = &self.files.announcement;
            match fs::read(path) {
                Ok(bytes) => {
                    return serde_json::from_slice(&bytes)
                        .map_err(|error| LocalError::Announcement { path: path.clone(), reason: error.to_string() });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(reason) => return Err(LocalError::File { path: path.clone(), reason }),
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(LocalError::Died(self.describe_end(status)));
            }
            if Instant::now() > deadline {
                return Err(LocalError::Late { name: self.name(), seconds: begun.elapsed().as_secs() });
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn name(&self) -> String {
        format!("node process {}", self.index)
    }

    /// How a child ended, with its last messages.
    fn describe_end(&self, status: ExitStatus) -> String {
        let messages = fs::read(&self.files.messages).unwrap_or_default();
        let text = String::from_utf8_lossy(&messages);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LAST_MESSAGES)..].join(" | ");
        let messages = if last.is_empty() { String::new() } else { format!(": {last}") };
        format!("{} ended with {status}{messages}", self.name())
    }
}

impl Announcement {
    async fn into_process(self, ids: &[NodeId], path: &Path) -> Result<Process, LocalError> {
        let mut addresses: BTreeMap<String, String> =
            self.nodes.into_iter().map(|node| (node.id, node.address)).collect();
        let mut nodes = Vec::with_capacity(ids.len());
        for id in ids {
            let address = addresses.remove(id.as_str()).ok_or_else(|| LocalError::Announcement {
                path: path.to_owned(),
                reason: format!("node {id} is not in it"),
            })?;
            nodes.push(Peer { id: id.to_string(), address, number: 0 });
        }
        let control = connect(&self.process, &self.control).await?;
        // A connection on one machine breaks only when the process at its other end has ended.
        Ok(Process {
            name: self.process,
            host: self.host,
            zone: None,
            nodes,
            control,
            patience: Duration::ZERO,
            before: 0,
        })
    }
}

/// A node takes flags from the environment too; what is set for the driver must not change its nodes, but for the amount
/// of their messages.
fn is_node_flag(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with("CNSIM_") && name != "CNSIM_LOG"
}

fn create(path: &Path) -> Result<File, LocalError> {
    File::create(path).map_err(|reason| LocalError::File { path: path.to_owned(), reason })
}
