//! A network that finds itself by its pods' names: which nodes a pod hosts, where the others are, and a configuration
//! that every pod derives alike from the same flags.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cnsim::event::Context;
use cnsim::id::{Epoch, IdError, NodeId, NodeIx};
use cnsim::time::Interval;
use cnsim::topology::{GenerateError, ReadError, SpecError, Topology, TopologySpec};
use tokio::net::lookup_host;
use tokio::time::sleep;

use crate::configuration::{Configuration, Parts, Rules, Way};
use crate::host::Host;

/// How long a name that did not resolve waits for the next try: clusters remember a miss for a while.
const RETRY: Duration = Duration::from_secs(1);
/// How many names are named at once.
const NAMED_MAX: usize = 3;

/// Where every node of the network is.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The pods' common name.
    base: String,
    ordinal: u32,
    nodes: u32,
    nodes_per_pod: u32,
    /// The host name of a pod, with `{}` for its ordinal.
    address: String,
    /// The gossip port of a pod's first node.
    port: u16,
}

/// What every pod derives the network from.
#[derive(Debug, Clone)]
pub(crate) struct PodNetwork {
    pub(crate) layout: Layout,
    /// Node `i` of it is node `i` of the layout.
    pub(crate) topology: Topology,
    pub(crate) rules: Rules,
    pub(crate) condition: String,
}

/// Flags that do not make a network.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PodsError {
    /// The pod's name has no ordinal.
    #[error("--pod {0}: a pod of a StatefulSet has a number at its name's end, as gossip-3")]
    NoOrdinal(String),
    /// The pod hosts no node.
    #[error("--pod {pod}: {nodes} nodes of {nodes_per_pod} to a pod leave none for it")]
    Beyond {
        /// The pod.
        pod: String,
        /// In the network.
        nodes: u32,
        /// In a pod.
        nodes_per_pod: u32,
    },
    /// Every pod would be at one address.
    #[error("--pod-address {0:?}: {{}} stands for the pod's number, as gossip-{{}}.gossip.default.svc.cluster.local.")]
    NoPlace(String),
    /// A text that cannot be a name.
    #[error(transparent)]
    Id(#[from] IdError),
    /// No such topology.
    #[error("--topology {text}: {error}")]
    Spec {
        /// As typed.
        text: String,
        /// What is wrong.
        error: SpecError,
    },
    /// It cannot be made.
    #[error("--topology {text}: {error}")]
    Generate {
        /// As typed.
        text: String,
        /// Why not.
        error: GenerateError,
    },
    /// The file cannot be read.
    #[error("cannot read {} (--topology): {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is no topology.
    #[error("{} (--topology): {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Box<ReadError>,
    },
    /// The file has another number of nodes.
    #[error("--total-nodes {asked}: the topology has {found} nodes")]
    NodesDiffer {
        /// By the flag.
        asked: u32,
        /// In the file.
        found: usize,
    },
}

/// The flags of a layout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayoutFlags<'a> {
    pub(crate) pod: &'a str,
    pub(crate) nodes: u32,
    pub(crate) nodes_per_pod: u32,
    pub(crate) address: &'a str,
    pub(crate) port: u16,
}

impl Layout {
    /// The layout as seen from one pod.
    pub(crate) fn new(flags: LayoutFlags<'_>) -> Result<Self, PodsError> {
        let LayoutFlags { pod, nodes, nodes_per_pod, address, port } = flags;
        let no_ordinal = || PodsError::NoOrdinal(pod.to_owned());
        let (base, ordinal) = pod.rsplit_once('-').ok_or_else(no_ordinal)?;
        let ordinal: u32 = ordinal.parse().map_err(|_| no_ordinal())?;
        if ordinal.checked_mul(nodes_per_pod).is_none_or(|first| first >= nodes) {
            return Err(PodsError::Beyond { pod: pod.to_owned(), nodes, nodes_per_pod });
        }
        if !address.contains("{}") && nodes > nodes_per_pod {
            return Err(PodsError::NoPlace(address.to_owned()));
        }
        Ok(Self { base: base.to_owned(), ordinal, nodes, nodes_per_pod, address: address.to_owned(), port })
    }

    /// The names that this pod's nodes have where no topology says otherwise.
    pub(crate) fn own_ids(&self) -> Result<Vec<NodeId>, IdError> {
        self.own().map(|node| self.id(node)).collect()
    }

    /// The topology that is generated from `text`, or read from the file of that name.
    pub(crate) fn topology(&self, text: &str, seed: u64) -> Result<Topology, PodsError> {
        if text.ends_with(".json") || text.contains('/') {
            return self.read(PathBuf::from(text));
        }
        let spec: TopologySpec = text.parse().map_err(|error| PodsError::Spec { text: text.to_owned(), error })?;
        let ids = (0..self.nodes).map(|node| self.id(node)).collect::<Result<_, _>>()?;
        spec.generate(ids, seed).map_err(|error| PodsError::Generate { text: text.to_owned(), error })
    }

    fn read(&self, path: PathBuf) -> Result<Topology, PodsError> {
        let bytes = fs::read(&path).map_err(|error| PodsError::File { path: path.clone(), error })?;
        let topology = Topology::from_json(&bytes).map_err(|error| PodsError::Read { path, error: Box::new(error) })?;
        match topology.nodes.len() {
            found if found == self.nodes as usize => Ok(topology),
            found => Err(PodsError::NodesDiffer { asked: self.nodes, found }),
        }
    }

    /// The numbers of this pod's nodes.
    fn own(&self) -> Range<u32> {
        let first = self.ordinal * self.nodes_per_pod;
        first..self.nodes.min(first.saturating_add(self.nodes_per_pod))
    }

    fn id(&self, node: u32) -> Result<NodeId, IdError> {
        NodeId::new(&format!("{}-{node}", self.base))
    }

    /// HOST:PORT of a node's gossip listener.
    fn address(&self, node: u32) -> String {
        let host = self.address.replace("{}", &(node / self.nodes_per_pod).to_string());
        format!("{host}:{}", u32::from(self.port) + node % self.nodes_per_pod)
    }
}

impl PodNetwork {
    /// Waits until every pod that this one's nodes send to has an address, configures the nodes unless a driver has, and
    /// opens the connections that any first message could use.
    pub(crate) async fn join(self, host: Arc<Host>) {
        let neighbours = self.neighbours();
        let reached: BTreeSet<u32> = neighbours.iter().flatten().copied().collect();
        let mut missing: BTreeSet<String> = reached.iter().map(|node| self.layout.address(*node)).collect();
        loop {
            missing = unresolved(missing).await;
            if missing.is_empty() {
                break;
            }
            let named: Vec<&str> = missing.iter().take(NAMED_MAX).map(String::as_str).collect();
            let awaited = format!("the names of {} pods, first {}", missing.len(), named.join(", "));
            tracing::info!("waiting for {awaited}");
            host.waits_for(&awaited);
            sleep(RETRY).await;
        }
        let configuration = self.configuration(neighbours, &reached);
        match host.configure_unless_driven(configuration).await {
            Ok(()) => host.open_all().await,
            Err(error) => tracing::error!(%error, "the nodes cannot be configured"),
        }
    }

    /// The neighbours of each of this pod's nodes, by their numbers.
    fn neighbours(&self) -> Vec<Vec<u32>> {
        let all = self.topology.neighbours();
        let own = self.layout.own();
        own.map(|node| all[node as usize].iter().map(|neighbour| neighbour.node).collect()).collect()
    }

    fn configuration(&self, neighbours: Vec<Vec<u32>>, reached: &BTreeSet<u32>) -> Configuration {
        let id = |node: u32| self.topology.nodes[node as usize].clone();
        let way = |node: u32| Way { to: id(node), weight: Interval::ZERO };
        let own = || self.layout.own();
        let slots = own().map(|node| self.layout.id(node).expect("the listeners have these names"));
        let names: BTreeMap<NodeId, NodeId> = slots.zip(own().map(id)).collect();
        let ways = own().zip(neighbours).map(|(node, list)| (id(node), list.into_iter().map(way).collect()));
        let numbers = own().chain(reached.iter().copied()).map(|node| (id(node), NodeIx(node)));
        let addresses = reached.iter().map(|node| (id(*node), self.layout.address(*node))).collect();
        let context = Context {
            nodes: self.layout.nodes,
            protocol: self.rules.protocol.spec.to_string(),
            condition: self.condition.clone(),
            epoch: Epoch(0),
        };
        let (run_id, rules) = (String::new(), self.rules.clone());
        let (numbers, ways) = (numbers.collect(), ways.collect());
        Configuration::new(Parts { run_id, context, rules, addresses, names, numbers, ways })
    }
}

/// Those of the addresses that have none yet.
async fn unresolved(addresses: BTreeSet<String>) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for address in addresses {
        let found = lookup_host(&address).await.is_ok_and(|mut found| found.next().is_some());
        if !found {
            missing.insert(address);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(pod: &str, nodes: u32, nodes_per_pod: u32) -> Result<Layout, PodsError> {
        Layout::new(LayoutFlags { pod, nodes, nodes_per_pod, address: "g-{}.g.ns.svc.cluster.local.", port: 5050 })
    }

    #[test]
    fn a_pods_nodes_follow_from_its_number() {
        let names = |pod, nodes, per_pod| {
            let ids = layout(pod, nodes, per_pod).unwrap().own_ids().unwrap();
            ids.iter().map(NodeId::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names("gossip-statefulset-3", 10, 1), ["gossip-statefulset-3"]);
        assert_eq!(names("g-2", 11, 5), ["g-10"]);
    }

    #[test]
    fn a_node_is_reached_at_its_pods_name_and_a_port_of_its_own() {
        let layout = layout("g-0", 20, 5).unwrap();
        assert_eq!(layout.address(0), "g-0.g.ns.svc.cluster.local.:5050");
        assert_eq!(layout.address(13), "g-2.g.ns.svc.cluster.local.:5053");
    }

    #[test]
    fn flags_that_make_no_network_are_refused() {
        let refused = |pod, nodes, per_pod| layout(pod, nodes, per_pod).unwrap_err().to_string();
        assert_eq!(
            refused("gossip", 3, 1),
            "--pod gossip: a pod of a StatefulSet has a number at its name's end, as gossip-3"
        );
        assert_eq!(refused("g-3", 3, 1), "--pod g-3: 3 nodes of 1 to a pod leave none for it");
    }

    #[test]
    fn every_pod_derives_the_same_topology() {
        let of = |pod| layout(pod, 10, 1).unwrap().topology("ba:3", 7).unwrap();
        assert_eq!(of("g-0"), of("g-9"));
        assert_eq!(of("g-0").nodes[4].as_str(), "g-4");
        assert_eq!(layout("g-0", 10, 1).unwrap().topology("bad:3", 7).unwrap_err().to_string().lines().count(), 1);
    }
}
