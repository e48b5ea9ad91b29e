//! What every process is configured with: its nodes' neighbours, their addresses and the protocol.

use std::collections::BTreeSet;

use cnsim::id::NodeIx;
use cnsim::machine::Config;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{ConfigureRequest, Links, Neighbour, NodeConfig, Peer, Protocol};
use tonic::transport::Channel;

use crate::cluster::{Cluster, ClusterError, Process};
use crate::plan::Plan;

type Client = ControlClient<Channel>;

/// A configuration of a run's nodes.
#[derive(Clone, Copy)]
pub(crate) struct Configuring<'a> {
    pub(crate) plan: &'a Plan,
    /// What it is called.
    pub(crate) epoch: u64,
    /// The first round that it is for.
    pub(crate) round: u32,
}

impl Configuring<'_> {
    /// Gives every node its neighbours and its protocol, and sees the epoch confirmed by every process.
    pub(crate) async fn configure(&self, cluster: &Cluster) -> Result<(), ClusterError> {
        let all = Configurations::new(cluster, self.plan, self.round);
        let count = cluster.processes.len();
        let requests: Vec<ConfigureRequest> = (0..count).map(|index| all.request(index, self.epoch)).collect();
        let configured = |index: usize, process| confirmed(process, requests[index].clone());
        cluster.each(configured).await.map(drop)
    }

    /// The same of the process in one place.
    pub(crate) async fn configure_one(&self, cluster: &Cluster, place: usize) -> Result<(), ClusterError> {
        let request = Configurations::new(cluster, self.plan, self.round).request(place, self.epoch);
        confirmed(cluster.processes[place].clone(), request).await
    }

    /// The same, where the process is not to take part in what still goes on: its nodes send to nobody.
    pub(crate) async fn configure_apart(&self, cluster: &Cluster, place: usize) -> Result<(), ClusterError> {
        let mut request = Configurations::new(cluster, self.plan, self.round).request(place, self.epoch);
        request.configs.iter_mut().for_each(|node| node.neighbours.clear());
        confirmed(cluster.processes[place].clone(), request).await
    }
}

async fn confirmed(process: Process, request: ConfigureRequest) -> Result<(), ClusterError> {
    let expected = request.epoch;
    let configured = |mut control: Client| {
        let request = request.clone();
        async move { control.configure(request).await }
    };
    let found = process.call("Configure", configured).await?.epoch;
    match found == expected {
        true => Ok(()),
        false => Err(ClusterError::Restarted { process: process.name, found, expected }),
    }
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
