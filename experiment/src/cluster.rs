//! The processes of a run as the driver sees them, whatever backend brought them up: their nodes, and a control client
//! for each. A backend owns how processes start, stop and die.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use cnsim::id::RunId;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{DrainRequest, Peer, WatchReply, WatchRequest};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::{Channel, Endpoint};

/// Every process of a run, in a fixed order.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The processes.
    pub processes: Vec<Process>,
}

/// One process that hosts nodes.
#[derive(Debug, Clone)]
pub struct Process {
    /// As it stands in the event records.
    pub name: String,
    /// The machine or Kubernetes node that it runs on.
    pub host: String,
    /// The cloud zone, where there is one.
    pub zone: Option<String>,
    /// The nodes that it hosts, with the addresses of their gossip listeners.
    pub nodes: Vec<Peer>,
    /// Leads it.
    pub control: ControlClient<Channel>,
    /// How long it may be out of reach before a call fails.
    pub patience: Duration,
    /// How many there were in its place before it, each killed on purpose.
    pub before: u32,
}

/// Whether a process ends once its records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDrain {
    /// It does.
    End,
    /// It stays, for whoever owns it to end.
    Stay,
}

/// A process that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The control address is no address, or nobody answers there.
    #[error("cannot reach process {process} at {address}: {reason}")]
    Connect {
        /// The process.
        process: String,
        /// Its control address.
        address: String,
        /// Why.
        reason: String,
    },
    /// The call came back with an error.
    #[error("process {process} refused {call}: {reason}")]
    Call {
        /// The process.
        process: String,
        /// The control call.
        call: &'static str,
        /// What it said.
        reason: String,
    },
    /// The process runs and does not answer.
    #[error("process {process} did not answer {call} in {} s: it was stopped, or waits for memory", limit.as_secs())]
    Stalled {
        /// The process.
        process: String,
        /// The control call.
        call: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The process answers for another configuration: it was started again.
    #[error("process {process} was restarted: it answers for epoch {found}, not {expected}")]
    Restarted {
        /// The process.
        process: String,
        /// Its epoch.
        found: u64,
        /// The run's.
        expected: u64,
    },
}

impl ClusterError {
    /// The process that it is about.
    pub fn process(&self) -> &str {
        match self {
            Self::Connect { process, .. }
            | Self::Call { process, .. }
            | Self::Stalled { process, .. }
            | Self::Restarted { process, .. } => process,
        }
    }
}

/// What every process said in one pass, in the order of [`Cluster::processes`].
pub type Pass = Vec<WatchReply>;

/// How long a run that ends waits for the answer of a process that may be gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take: a process that has a processor gives its counters in milliseconds.
const ANSWER: Duration = Duration::from_secs(20);
/// How long it may take to read a configuration, or to open the connections of a round.
const LONG_ANSWER: Duration = Duration::from_secs(120);
/// How long a caller waits before it tries a broken connection again.
const RETRY: Duration = Duration::from_millis(200);

/// Opens the control connection to a process that listens at `address`.
pub async fn connect(process: &str, address: &str) -> Result<ControlClient<Channel>, ClusterError> {
    let failed = |error: tonic::transport::Error| ClusterError::Connect {
        process: process.to_owned(),
        address: address.to_owned(),
        reason: format!("{:#}", anyhow::Error::from(error)),
    };
    let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(failed)?;
    let channel =
        endpoint.connect_timeout(Duration::from_secs(10)).tcp_nodelay(true).connect().await.map_err(failed)?;
    Ok(ControlClient::new(channel))
}

impl Cluster {
    /// Asks every process at once and waits for all answers; the first that is an error is returned.
    pub async fn each<T, F>(&self, ask: impl Fn(usize, Process) -> F) -> Result<Vec<T>, ClusterError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ClusterError>> + Send + 'static,
    {
        self.all(ask).await.into_iter().collect()
    }

    /// The counters of every process.
    pub async fn watch(&self) -> Result<Pass, ClusterError> {
        self.each(|_, mut process| async move { process.watch().await }).await
    }

    /// The counters of every process that still answers for its configuration; `known` where one does not, or was started
    /// again and counts from nothing.
    pub async fn watch_alive(&self, known: &Pass) -> Pass {
        let replies = self.all(|_, mut process| async move { timeout(PATIENCE, process.watch()).await }).await;
        replies
            .into_iter()
            .zip(known)
            .map(|(reply, known)| match reply {
                Ok(Ok(reply)) if reply.epoch == known.epoch => reply,
                Ok(Ok(_) | Err(_)) | Err(_) => *known,
            })
            .collect()
    }

    /// Has every process that still answers write out its records; returns their last sequence numbers in `run`.
    pub async fn drain(&self, run: &RunId, then: AfterDrain) -> BTreeMap<String, u64> {
        let exit = then == AfterDrain::End;
        let drained = |_, mut process: Process| async move {
            timeout(PATIENCE, process.control.drain(DrainRequest { exit })).await
        };
        let replies = self.all(drained).await;
        let mut last_seqs = BTreeMap::new();
        for (process, reply) in self.processes.iter().zip(replies) {
            let Ok(Ok(reply)) = reply else { continue };
            let mine = reply.into_inner().last_seqs.into_iter().find(|last| last.run_id == run.as_str());
            last_seqs.extend(mine.map(|last| (process.name.clone(), last.seq)));
        }
        last_seqs
    }

    /// How many nodes its processes host.
    pub fn nodes(&self) -> u64 {
        self.processes.iter().map(|process| process.nodes.len() as u64).sum()
    }

    /// The index of the process that hosts the node.
    pub fn host_of(&self, node: &str) -> Option<usize> {
        self.processes.iter().position(|process| process.nodes.iter().any(|peer| peer.id == node))
    }

    async fn all<T, F>(&self, ask: impl Fn(usize, Process) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut asked = JoinSet::new();
        for (index, process) in self.processes.iter().enumerate() {
            let answer = ask(index, process.clone());
            asked.spawn(async move { (index, answer.await) });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

impl Process {
    /// The counters of this process.
    pub async fn watch(&mut self) -> Result<WatchReply, ClusterError> {
        self.call("Watch", |mut control| async move { control.watch(WatchRequest {}).await }).await
    }

    /// A call that can be repeated without harm: a broken connection is tried again for a while.
    pub async fn call<T, F>(
        &self,
        name: &'static str,
        ask: impl Fn(ControlClient<Channel>) -> F,
    ) -> Result<T, ClusterError>
    where
        F: Future<Output = Result<tonic::Response<T>, tonic::Status>>,
    {
        let begun = Instant::now();
        loop {
            match self.answer(name, ask(self.control.clone())).await? {
                Ok(reply) => return Ok(reply.into_inner()),
                Err(status) if is_broken(&status) && begun.elapsed() < self.patience => sleep(RETRY).await,
                Err(status) => return Err(self.refused(name, &status)),
            }
        }
    }

    /// What comes of a call, in the time that its answer may take.
    pub async fn answer<T>(&self, call: &'static str, asked: impl Future<Output = T>) -> Result<T, ClusterError> {
        let limit = match call {
            "Configure" | "Prepare" => LONG_ANSWER,
            _ => ANSWER,
        };
        let stalled = |_| ClusterError::Stalled { process: self.name.clone(), call, limit };
        timeout(limit, asked).await.map_err(stalled)
    }

    /// The error for a call that this process did not answer as asked.
    pub fn refused(&self, call: &'static str, status: &tonic::Status) -> ClusterError {
        ClusterError::Call { process: self.name.clone(), call, reason: reason(status) }
    }
}

/// Whether the connection failed: what a process itself refuses has no cause on this side.
fn is_broken(status: &tonic::Status) -> bool {
    std::error::Error::source(status).is_some()
}

fn reason(status: &tonic::Status) -> String {
    match status.message() {
        "" => status.code().to_string(),
        message => message.to_owned(),
    }
}
