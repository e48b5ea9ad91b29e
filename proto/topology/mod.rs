//! Who may send to whom: an undirected or directed graph over named nodes, with optional weights.
//!
//! A topology is generated from a [`TopologySpec`] or read from JSON ([`Topology::from_json`]); both end in
//! [`Topology::checked`]. There are deliberately no files here: callers read and write bytes.

mod adjacency;
mod check;
mod lattice;
mod outbound;
mod pairs;
mod probability;
mod random_graph;
mod read;
mod regular;
mod shape;
mod source;
mod spec;
mod stats;
mod write;

pub use adjacency::{Adjacency, EdgeWeights, NoDelay};
pub use check::TopologyError;
pub use probability::Probability;
pub use read::ReadError;
pub(crate) use regular::completed;
pub use source::TopologySource;
pub use spec::{EDGES_MAX, GenerateError, NODES_MAX, SpecError, TopologySpec, default_ids};
pub use stats::{Degrees, PATH_STEPS_MAX, Paths, TopologyStats};

use crate::id::NodeId;

/// A graph over named nodes. Nodes are numbered in the order of their list; an edge names them by number.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    /// Every node, each once.
    pub nodes: Vec<NodeId>,
    /// Every edge once; in an undirected graph in either direction.
    pub edges: Vec<Edge>,
    /// Whether an edge can be used from its source only.
    pub directed: bool,
    /// The word that the file or the generator gives for its kind: `Full`, `BA`, `ER`, …
    pub model: Option<String>,
    /// How much each node counts, as its stake does, in the order of their list; none where the file says nothing of it.
    pub node_weights: Option<Vec<f64>>,
}

/// One edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// Index of the node it leaves.
    pub source: u32,
    /// Index of the node it reaches.
    pub target: u32,
    /// Latency in milliseconds, where the file gives one (`weight`, else `latency`).
    pub weight: Option<f64>,
}

/// One way out of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Index of the neighbour.
    pub node: u32,
    /// The weight of the edge that leads there.
    pub weight: Option<f64>,
}

impl Topology {
    /// The neighbours of every node, in the order of the nodes' list.
    pub fn neighbours(&self) -> Vec<Vec<Neighbour>> {
        let mut neighbours = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            neighbours[edge.source as usize].push(Neighbour { node: edge.target, weight: edge.weight });
            if !self.directed {
                neighbours[edge.target as usize].push(Neighbour { node: edge.source, weight: edge.weight });
            }
        }
        for list in &mut neighbours {
            list.sort_by_key(|neighbour| neighbour.node);
        }
        neighbours
    }
}
