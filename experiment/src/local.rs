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
use std::task::Poll;
use std::time::Duration;

use cnsim::id::NodeId;
use cnsim::wire::control::Peer;
use serde::Deserialize;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::backend::{Backend, BackendError, RunContext};
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
    children: Vec<NodeProcess>,
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
struct NodeCommand<'a> {
    program: PathBuf,
    parts: &'a Path,
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
        let command = NodeCommand::new(plan, parts)?;
        for (index, ids) in plan.hosted().enumerate() {
            self.children.push(command.spawn(index, ids)?);
        }
        let deadline = Instant::now() + STARTING + STARTING_EACH * plan.processes();
        let mut processes = Vec::with_capacity(self.children.len());
        for (process, ids) in self.children.iter_mut().zip(plan.hosted()) {
            let announcement = process.announcement(deadline).await?;
            processes.push(announcement.into_process(ids, &process.files.announcement).await?);
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

impl Backend for Local {
    async fn start(&mut self, run: &mut RunContext<'_>) -> Result<Cluster, BackendError> {
        let parts = run.ledger.folder().parts();
        match self.spawn_all(run.plan, &parts).await {
            Err(LocalError::Cluster(error)) => Err(BackendError::own(self.explain(error).await)),
            started => started.map_err(BackendError::own),
        }
    }

    async fn death(&mut self) -> String {
        let (index, status) = poll_fn(|context| {
            for (index, process) in self.children.iter_mut().enumerate() {
                if let Poll::Ready(Ok(status)) = pin!(process.child.wait()).poll(context) {
                    return Poll::Ready((index, status));
                }
            }
            Poll::Pending
        })
        .await;
        self.children[index].describe_end(status)
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
    async fn stop(mut self, watcher: &dyn Watcher) {
        let deadline = Instant::now() + ENDING;
        self.children.iter_mut().for_each(|process| drop(process.stdin.take()));
        for process in &mut self.children {
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

impl<'a> NodeCommand<'a> {
    fn new(plan: &Plan, parts: &'a Path) -> Result<Self, LocalError> {
        let program = std::env::current_exe().map_err(|reason| LocalError::Spawn { index: 0, reason })?;
        Ok(Self {
            program,
            parts,
            host: machine::host(),
            workers: (machine::processors() / plan.processes()).max(1),
            max_message: plan.options.max_message,
        })
    }

    fn spawn(&self, index: usize, ids: &[NodeId]) -> Result<NodeProcess, LocalError> {
        let files = Files::new(self.parts, index);
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
    fn new(parts: &Path, index: usize) -> Self {
        let file = |extension: &str| parts.join(format!("{index:05}.{extension}"));
        Self { ids: file("ids"), announcement: file("json"), records: file("jsonl"), messages: file("log") }
    }
}

impl NodeProcess {
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
        Ok(Process { name: self.process, host: self.host, zone: None, nodes, control, patience: Duration::ZERO })
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
