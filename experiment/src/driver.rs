//! Leads a cluster through the rounds of a run. It knows processes only by their control clients, so that it drives
//! every backend; it can be dropped at any await, and the ledger then still says which round was going on.

use std::collections::BTreeSet;
use std::time::Duration;

use cnsim::id::NodeIx;
use cnsim::machine::Config;
use cnsim::manifest::RoundOutcome;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{ConfigureRequest, Links, Neighbour, NodeConfig, Peer, Protocol};
use tonic::transport::Channel;

use crate::cluster::{Cluster, ClusterError, Pass};
use crate::drive_error::DriveError;
use crate::driven_round::{DrivenRound, of_epoch};
use crate::ledger::Ledger;
use crate::open_loop::OpenLoop;
use crate::plan::Plan;
use crate::watcher::Watcher;

type Client = ControlClient<Channel>;

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
        // What befell a round's nodes is undone by a configuration.
        if outcome != RoundOutcome::Quiescent || self.plan.is_under_conditions() {
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

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
