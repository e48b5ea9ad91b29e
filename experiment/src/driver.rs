//! Leads a cluster through the rounds of a run. It knows processes only by their control clients, so that it drives
//! every backend; it can be dropped at any await, and the ledger then still says which round was going on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cnsim::id::{MessageId, NodeIx};
use cnsim::machine::Config;
use cnsim::manifest::RoundOutcome;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{
    ConfigureRequest, ControlTrafficRequest, Links, Neighbour, NodeConfig, NodeTraffic, Peer, PrepareRequest, Protocol,
    StartRequest, WatchReply,
};
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::cluster::{Cluster, ClusterError, Pass, Process};
use crate::control_file::{self, ControlLine};
use crate::folder::FolderError;
use crate::ledger::{Ending, Ledger};
use crate::open_loop::OpenLoop;
use crate::payload::payload;
use crate::plan::Plan;

type Client = ControlClient<Channel>;

/// How long a driver sleeps between two looks at the cluster: each look takes time away from the process that answers,
/// and a round is not measured by when the driver sees its end.
const SLEEP_MIN: Duration = Duration::from_millis(2);
pub(crate) const SLEEP_MAX: Duration = Duration::from_millis(10);

/// How long a process may be busy before the others are looked at: it may wait for one that was lost.
const LOOK_AT_ALL: Duration = Duration::from_secs(1);

/// Why a run could not be driven to its end.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A process did not do what it was asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The manifest could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// How far a simulation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headway {
    /// How many things have happened in it.
    pub events: u64,
    /// How many of them in rounds that have ended.
    pub ended: u64,
    /// How many a round has, where that is known before.
    pub a_round: Option<u64>,
    /// How long it has been simulated.
    pub took: Duration,
}

/// What the driver tells while it works.
pub trait Watcher {
    /// The run folder stands; processes come up next.
    fn run_begins(&self, plan: &Plan);
    /// The run waits for something, as `3 of 10 pods: gossip-2 (ContainerCreating), …`.
    fn waits_for(&self, what: &str);
    /// A round begins.
    fn round_begins(&self, round: u32);
    /// A round has ended.
    fn round_ended(&self, round: u32, outcome: RoundOutcome);
    /// A simulation goes on.
    fn simulates(&self, headway: Headway);
    /// Something to look at before the result is trusted.
    fn warn(&self, text: &str);
}

/// Leads the processes of a run through its rounds, one after another.
pub struct RoundDriver<'a> {
    plan: &'a Plan,
    epoch: u64,
    is_configured: bool,
    /// The epoch that every process of the cluster confirmed last.
    confirmed: Option<u64>,
    /// The next round; none after the last.
    next: Option<u32>,
    has_begun: bool,
}

impl<'a> RoundDriver<'a> {
    /// The rounds of a plan from `first` on.
    pub fn new(plan: &'a Plan, first: u32) -> Self {
        let next = Some(first).filter(|first| *first <= plan.last_round());
        Self { plan, epoch: plan.epoch, is_configured: false, confirmed: None, next, has_begun: false }
    }

    /// Drives the next round, whose outcome is in the ledger afterwards; false where there is none left.
    pub async fn drive_next(
        &mut self,
        cluster: &Cluster,
        ledger: &mut Ledger,
        watcher: &dyn Watcher,
    ) -> Result<bool, DriveError> {
        let Some(round) = self.next else { return Ok(false) };
        if std::mem::replace(&mut self.has_begun, true) {
            tokio::time::sleep(Duration::from_millis(self.plan.options.pause_ms)).await;
        }
        if !self.is_configured {
            self.configure(cluster, round).await?;
        }
        let driven = DrivenRound { cluster, plan: self.plan, epoch: self.epoch, round };
        if let Some(schedule) = &self.plan.open_loop {
            self.next = None;
            return OpenLoop { first: driven, schedule }.drive(ledger, watcher).await.map(|()| true);
        }
        watcher.round_begins(round);
        let outcome = driven.drive(ledger, watcher).await?;
        self.end_round(round, outcome, watcher);
        Ok(true)
    }

    /// Goes on after the round that the ledger has closed, with another configuration: every node gives up what is left
    /// of the round before, so that it cannot colour the next one.
    pub fn end_round(&mut self, round: u32, outcome: RoundOutcome, watcher: &dyn Watcher) {
        watcher.round_ended(round, outcome);
        self.next = (round < self.plan.last_round()).then(|| round + 1);
        if outcome != RoundOutcome::Quiescent {
            self.epoch += 1;
            self.is_configured = false;
        }
    }

    /// The cluster was made whole again: its processes know nothing of this run.
    pub fn begin_anew(&mut self) {
        self.epoch += 1;
        self.is_configured = false;
        self.confirmed = None;
    }

    /// Configures every node. One that was started again meanwhile would take the configuration too, under an address
    /// that nobody knows.
    async fn configure(&mut self, cluster: &Cluster, round: u32) -> Result<(), ClusterError> {
        if let Some(epoch) = self.confirmed {
            let replies = cluster.watch().await?;
            let pairs = replies.into_iter().zip(&cluster.processes);
            pairs.map(|(reply, process)| of_epoch(epoch, reply, process)).collect::<Result<Pass, _>>()?;
        }
        configure(cluster, self.plan, self.epoch, round).await?;
        self.confirmed = Some(self.epoch);
        self.is_configured = true;
        Ok(())
    }
}

/// Gives every node its neighbours and its protocol, and sees the epoch confirmed by every process.
async fn configure(cluster: &Cluster, plan: &Plan, epoch: u64, round: u32) -> Result<(), ClusterError> {
    let all = Configurations::new(cluster, plan, round);
    let requests: Vec<ConfigureRequest> = (0..cluster.processes.len()).map(|index| all.request(index, epoch)).collect();
    cluster
        .each(|index, process| {
            let request = requests[index].clone();
            async move {
                let configured = |mut control: Client| {
                    let request = request.clone();
                    async move { control.configure(request).await }
                };
                let found = process.call("Configure", configured).await?.epoch;
                match found == epoch {
                    true => Ok(()),
                    false => Err(ClusterError::Restarted { process: process.name, found, expected: epoch }),
                }
            }
        })
        .await?;
    Ok(())
}

/// What the configurations of all processes are made from.
struct Configurations<'a> {
    cluster: &'a Cluster,
    plan: &'a Plan,
    /// Every node by its number in the topology, with its address.
    peers: Vec<&'a Peer>,
    /// The first round that they are for.
    round: u32,
}

impl<'a> Configurations<'a> {
    fn new(cluster: &'a Cluster, plan: &'a Plan, round: u32) -> Self {
        let mut by_id: Vec<&Peer> = cluster.processes.iter().flat_map(|process| &process.nodes).collect();
        by_id.sort_by(|a, b| a.id.cmp(&b.id));
        let peers = plan.topology.nodes.iter().map(|id| {
            let found = by_id.binary_search_by(|peer| peer.id.as_str().cmp(id.as_str()));
            by_id[found.expect("a backend brings up every node of the plan")]
        });
        Self { cluster, plan, peers: peers.collect(), round }
    }

    fn request(&self, process: usize, epoch: u64) -> ConfigureRequest {
        let hosted: BTreeSet<&str> =
            self.cluster.processes[process].nodes.iter().map(|peer| peer.id.as_str()).collect();
        let mut reached = BTreeSet::new();
        let mut configs = Vec::with_capacity(hosted.len());
        for node in (0..self.peers.len()).filter(|node| hosted.contains(&*self.peers[*node].id)) {
            let from = NodeIx(number(node));
            let targets = self.plan.neighbours.neighbours(from);
            reached.extend(targets.iter().map(|to| to.index()));
            let weight = |to| self.plan.neighbours.weight(from, to).unwrap_or_default();
            let neighbour = |to: &NodeIx| Neighbour { id: self.peers[to.index()].id.clone(), weight_ns: weight(*to).0 };
            let neighbours = targets.iter().map(neighbour).collect();
            let Peer { id, address, .. } = self.peers[node];
            configs.push(NodeConfig { id: id.clone(), neighbours, port: port(address), number: number(node) });
        }
        ConfigureRequest {
            epoch,
            run_id: self.plan.run_id.to_string(),
            condition: self.plan.options.condition.clone(),
            nodes: self.plan.options.nodes,
            seed: self.plan.options.seed,
            protocol: Some(Protocol::from(&self.plan.protocol)),
            roster: reached.into_iter().map(|node| Peer { number: number(node), ..self.peers[node].clone() }).collect(),
            configs,
            first_period: Config::first_period_of(self.round),
            links: Some(Links::of(&self.plan.options.links(), self.plan.delay_files.texts())),
        }
    }
}

/// A node's place in the topology, as the wire has it.
fn number(node: usize) -> u32 {
    u32::try_from(node).expect("a topology has fewer than 2^32 nodes")
}

/// The port of HOST:PORT.
fn port(address: &str) -> u32 {
    address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0)
}

/// One round.
#[derive(Clone, Copy)]
pub(crate) struct DrivenRound<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) plan: &'a Plan,
    pub(crate) epoch: u64,
    pub(crate) round: u32,
}

impl<'a> DrivenRound<'a> {
    async fn drive(&self, ledger: &mut Ledger, watcher: &dyn Watcher) -> Result<RoundOutcome, DriveError> {
        let (host, id) = self.initiator();
        let before = self.prepare(id, watcher).await?;
        ledger.begin_round(self.round, id, before.clone());
        let begun = Instant::now();
        let protocol = self.plan.protocol.spec.protocol();
        let quiescence = QuiescenceWait { round: self, before: &before[host], host };
        let round = async {
            self.start(host, id).await?;
            match protocol.settles() {
                true => Ok::<_, ClusterError>((RoundOutcome::Quiescent, quiescence.wait().await?)),
                false => Ok((RoundOutcome::Horizon, self.wait_for_horizon(&before).await?)),
            }
        };
        let limit = Duration::from_millis(self.plan.options.round_timeout_ms);
        let ended = tokio::time::timeout(limit, round).await;
        let took = begun.elapsed();
        let ending = match ended {
            Ok(ended) => {
                let (outcome, after) = ended?;
                Ending { outcome, took, after }
            }
            Err(_) => Ending { outcome: RoundOutcome::TimedOut, took, after: self.cluster.watch_alive(&before).await },
        };
        let outcome = ending.outcome;
        self.keep_control(ledger).await?;
        ledger.end_round(self.cluster, ending)?;
        Ok(outcome)
    }

    /// Writes down what nodes have said to each other besides copies, in the order of the topology.
    async fn keep_control(&self, ledger: &Ledger) -> Result<(), DriveError> {
        let request = ControlTrafficRequest { epoch: self.epoch };
        let told = |_, process: Process| async move {
            process
                .call("ControlTraffic", |mut control: Client| async move { control.control_traffic(request).await })
                .await
        };
        let replies = self.cluster.each(told).await?;
        let of_nodes: BTreeMap<&str, &NodeTraffic> =
            replies.iter().flat_map(|reply| &reply.nodes).map(|of| (of.node.as_str(), of)).collect();
        let in_order = self.plan.topology.nodes.iter().filter_map(|id| of_nodes.get(id.as_str()));
        let lines = in_order.flat_map(|NodeTraffic { node, kinds }| {
            kinds.iter().map(move |of| ControlLine { node, kind: &of.kind, messages: of.messages, bytes: of.bytes })
        });
        Ok(control_file::add_round(ledger.folder().path(), self.round, lines).map_err(FolderError::from)?)
    }

    /// Waits until every node was reached and one period has passed since: a protocol that never rests is given that long.
    async fn wait_for_horizon(&self, before: &[WatchReply]) -> Result<Pass, ClusterError> {
        let delivered = |pass: &[WatchReply]| pass.iter().map(|reply| reply.delivered).sum::<u64>();
        let others = u64::from(self.plan.options.nodes) - 1;
        loop {
            let pass = self.checked(self.cluster.watch().await?)?;
            if delivered(&pass) >= delivered(before) + others {
                break;
            }
            tokio::time::sleep(SLEEP_MAX).await;
        }
        tokio::time::sleep(self.plan.protocol.period.into()).await;
        self.checked(self.cluster.watch().await?)
    }

    /// Opens the connections that the round can use, outside any timing, and returns the counters that it begins with. A
    /// connection that cannot be opened is a failed send later, so it only warns.
    pub(crate) async fn prepare(&self, initiator: &str, watcher: &dyn Watcher) -> Result<Pass, ClusterError> {
        let request = PrepareRequest { epoch: self.epoch, round: self.round, initiator: initiator.to_owned() };
        let replies = self
            .cluster
            .each(|_, process| {
                let request = request.clone();
                async move {
                    let prepared = |mut control: Client| {
                        let request = request.clone();
                        async move { control.prepare(request).await }
                    };
                    process.call("Prepare", prepared).await
                }
            })
            .await?;
        let failed: Vec<&String> = replies.iter().flat_map(|reply| &reply.failed).collect();
        if let Some(first) = failed.first() {
            let round = self.round;
            watcher.warn(&format!("round {round}: {} connections could not be opened, first {first}", failed.len()));
        }
        let counters = replies.into_iter().zip(&self.cluster.processes).map(|(reply, process)| {
            let other =
                || tonic::Status::internal("it gives no counters, so it is of another version than this driver");
            reply.counters.ok_or_else(|| process.refused("Prepare", &other()))
        });
        self.checked(counters.collect::<Result<Pass, _>>()?)
    }

    /// The process that hosts the round's initiator, and its id.
    pub(crate) fn initiator(&self) -> (usize, &'a str) {
        let id = self.plan.topology.nodes[self.plan.initiator(self.round)].as_str();
        (self.cluster.host_of(id).expect("a backend brings up every node of the plan"), id)
    }

    /// Begins the round's message.
    pub(crate) fn start(&self, host: usize, initiator: &str) -> impl Future<Output = Result<(), ClusterError>> + use<> {
        let mut process = self.cluster.processes[host].clone();
        let request = StartRequest {
            epoch: self.epoch,
            node: initiator.to_owned(),
            message: MessageId::of(&self.plan.run_id, self.round).as_str().to_owned(),
            payload: payload(self.plan, self.round),
        };
        async move {
            let asked = process.clone();
            let started = asked.answer("Start", process.control.start(request)).await?;
            started.map(|_| ()).map_err(|status| process.refused("Start", &status))
        }
    }

    /// The pass, where every process still answers for the run's configuration.
    pub(crate) fn checked(&self, pass: Pass) -> Result<Pass, ClusterError> {
        let replies = pass.into_iter().zip(&self.cluster.processes);
        replies.map(|(reply, process)| self.of_this_epoch(reply, process)).collect()
    }

    /// The reply, where the process was not started again since it was configured.
    fn of_this_epoch(&self, reply: WatchReply, process: &Process) -> Result<WatchReply, ClusterError> {
        of_epoch(self.epoch, reply, process)
    }
}

/// The reply, where the process answers for the epoch that it was configured with.
fn of_epoch(expected: u64, reply: WatchReply, process: &Process) -> Result<WatchReply, ClusterError> {
    let found = reply.epoch;
    match found == expected {
        true => Ok(reply),
        false => Err(ClusterError::Restarted { process: process.name.clone(), found, expected }),
    }
}

/// The wait for the end of a round.
///
/// While one process is known to be busy only that one is asked: asking all of them all the time would take the
/// processors away from what is measured.
struct QuiescenceWait<'a> {
    round: &'a DrivenRound<'a>,
    /// The counters of the initiator's process before the start.
    before: &'a WatchReply,
    host: usize,
}

impl QuiescenceWait<'_> {
    /// Waits until two passes over all processes in a row are equal and find nothing queued or in flight.
    async fn wait(&self) -> Result<Pass, ClusterError> {
        let mut suspect = self.host;
        let mut last: Option<Pass> = None;
        let mut sleep = SLEEP_MIN;
        let mut looked = Instant::now();
        loop {
            tokio::time::sleep(sleep).await;
            sleep = (sleep * 2).min(SLEEP_MAX);
            let mut process = self.round.cluster.processes[suspect].clone();
            let reply = self.round.of_this_epoch(process.watch().await?, &process)?;
            if self.busy(suspect, &reply) {
                last = None;
                if looked.elapsed() >= LOOK_AT_ALL {
                    self.round.checked(self.round.cluster.watch().await?)?;
                    looked = Instant::now();
                }
            } else {
                looked = Instant::now();
                let pass = self.round.checked(self.round.cluster.watch().await?)?;
                let busy = (0..pass.len()).find(|index| self.busy(*index, &pass[*index]));
                if let Some(busy) = busy {
                    suspect = busy;
                    last = None;
                } else if last.as_ref().is_some_and(|last| progress(last) == progress(&pass)) {
                    return Ok(pass);
                } else {
                    last = Some(pass).filter(balanced);
                }
            }
        }
    }

    /// Whether a process still has something to do. The initiator's process has, until it has recorded that the message begins.
    fn busy(&self, index: usize, reply: &WatchReply) -> bool {
        let begun = reply.last_seq > self.before.last_seq;
        is_at_work(reply) || (index == self.host && !begun)
    }
}

fn is_at_work(reply: &WatchReply) -> bool {
    reply.queued > 0 || reply.in_flight > 0 || reply.control > 0 || reply.unsettled > 0
}

/// Whether no process has anything to do, and every send that was begun has ended.
pub(crate) fn is_at_rest(pass: &Pass) -> bool {
    !pass.iter().any(is_at_work) && balanced(pass)
}

/// Whether every send that was begun has ended.
fn balanced(pass: &Pass) -> bool {
    let sum = |counter: fn(&WatchReply) -> u64| pass.iter().map(counter).sum::<u64>();
    sum(|reply| reply.started) == sum(|reply| reply.finished)
}

/// What would change between two passes if anything moved.
pub(crate) fn progress(pass: &Pass) -> Vec<(u64, u64, u64, u64)> {
    pass.iter().map(|reply| (reply.started, reply.finished, reply.delivered, reply.last_seq)).collect()
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
