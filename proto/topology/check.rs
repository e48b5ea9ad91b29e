//! What makes lists of nodes and edges a topology: the one check behind the generators and the reader.

use std::collections::{BTreeMap, HashSet};

use super::{Edge, Topology};
use crate::id::NodeId;

/// Nodes and edges that are no topology.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TopologyError {
    /// Two nodes have one name.
    #[error("the node {0} is listed twice")]
    DuplicateNode(NodeId),
    /// Nobody can send anything.
    #[error("there are no edges")]
    NoEdges,
    /// A node that would send to itself.
    #[error("the node {0} has an edge to itself")]
    SelfLoop(NodeId),
    /// A weight that is no latency.
    #[error("the edge from {from} to {to} has the weight {weight}: use a number of milliseconds from 0 on")]
    Weight {
        /// One end.
        from: NodeId,
        /// The other.
        to: NodeId,
        /// Its weight.
        weight: f64,
    },
    /// A node that counts less than nothing, or no number.
    #[error("the node {node} has the weight {weight}: use a number from 0 on")]
    NodeWeight {
        /// The node.
        node: NodeId,
        /// Its weight.
        weight: f64,
    },
    /// Nodes that count nothing, all of them.
    #[error("all nodes have the weight 0: give one a weight above it, or leave weights out")]
    NoWeight,
    /// An edge that is listed again with another weight.
    #[error("the edge from {from} to {to} is listed with two weights, {} and {}", shown(*.first), shown(*.second))]
    Conflict {
        /// One end.
        from: NodeId,
        /// The other.
        to: NodeId,
        /// The weight that was listed first.
        first: Option<f64>,
        /// The weight that was listed later.
        second: Option<f64>,
    },
}

impl Topology {
    /// Checks that names are unique, that there is an edge, that no edge is a self-loop and that weights are finite and
    /// not negative. An edge that is listed again, in an undirected graph also from its other end, is merged into the
    /// first if the weights agree. Weights, of nodes too, are kept to 15 significant digits, as many as every reader gives back.
    ///
    /// # Panics
    /// When an edge names a node by a number that is none: whoever numbers the nodes knows them.
    pub fn checked(self) -> Result<Self, TopologyError> {
        let mut names = HashSet::with_capacity(self.nodes.len());
        if let Some(again) = self.nodes.iter().find(|id| !names.insert(id.as_str())) {
            return Err(TopologyError::DuplicateNode(again.clone()));
        }
        if self.edges.is_empty() {
            return Err(TopologyError::NoEdges);
        }
        drop(names);
        self.check_node_weights()?;
        let node_weights = self.node_weights.as_ref().map(|weights| weights.iter().copied().map(rounded).collect());
        let edges = if self.is_in_order() { self.each_checked()? } else { self.merged()? };
        Ok(Self { edges, node_weights, ..self })
    }

    fn check_node_weights(&self) -> Result<(), TopologyError> {
        let Some(weights) = &self.node_weights else { return Ok(()) };
        let is_wrong = |(_, weight): &(&NodeId, &f64)| !(weight.is_finite() && **weight >= 0.0);
        if let Some((node, weight)) = self.nodes.iter().zip(weights).find(is_wrong) {
            return Err(TopologyError::NodeWeight { node: node.clone(), weight: *weight });
        }
        if weights.iter().all(|weight| *weight == 0.0) { Err(TopologyError::NoWeight) } else { Ok(()) }
    }

    /// Whether edges are in the order of their ends, so that none can be listed twice: those of generators and of files that were
    /// written by this program are.
    fn is_in_order(&self) -> bool {
        let is_upward = |edge: &Edge| self.directed || edge.source < edge.target;
        let ends = |edge: &Edge| (edge.source, edge.target);
        self.edges.iter().all(is_upward) && self.edges.is_sorted_by(|a, b| ends(a) < ends(b))
    }

    fn each_checked(&self) -> Result<Vec<Edge>, TopologyError> {
        self.edges.iter().map(|edge| self.checked_edge(*edge)).collect()
    }

    fn merged(&self) -> Result<Vec<Edge>, TopologyError> {
        let mut seen: BTreeMap<(u32, u32), Option<f64>> = BTreeMap::new();
        let mut edges = Vec::with_capacity(self.edges.len());
        for edge in &self.edges {
            let edge = self.checked_edge(*edge)?;
            let (source, target) = (edge.source, edge.target);
            let key = if self.directed { (source, target) } else { (source.min(target), source.max(target)) };
            match seen.insert(key, edge.weight) {
                None => edges.push(edge),
                Some(first) if first == edge.weight => {}
                Some(first) => {
                    let [from, to] = self.ends(edge);
                    return Err(TopologyError::Conflict { from, to, first, second: edge.weight });
                }
            }
        }
        Ok(edges)
    }

    fn checked_edge(&self, edge: Edge) -> Result<Edge, TopologyError> {
        let [from, to] = [edge.source, edge.target].map(|node| &self.nodes[node as usize]);
        if edge.source == edge.target {
            return Err(TopologyError::SelfLoop(from.clone()));
        }
        match edge.weight {
            Some(weight) if !(weight.is_finite() && weight >= 0.0) => {
                Err(TopologyError::Weight { from: from.clone(), to: to.clone(), weight })
            }
            Some(weight) => Ok(Edge { weight: Some(rounded(weight)), ..edge }),
            None => Ok(edge),
        }
    }

    fn ends(&self, edge: Edge) -> [NodeId; 2] {
        [edge.source, edge.target].map(|node| self.nodes[node as usize].clone())
    }
}

/// The float64 nearest to the number's first 15 significant digits. A decimal of so many digits survives the way
/// through a float64 and through JSON readers that round twice.
fn rounded(weight: f64) -> f64 {
    format!("{weight:.14e}").parse().expect("what a float64 is written as is a number")
}

fn shown(weight: Option<f64>) -> String {
    weight.map_or("none".to_owned(), |weight| weight.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology(edges: &[(u32, u32, Option<f64>)], directed: bool) -> Topology {
        let edges = edges.iter().map(|&(source, target, weight)| Edge { source, target, weight }).collect();
        Topology { nodes: super::super::default_ids(3), edges, directed, model: None, node_weights: None }
    }

    fn error(edges: &[(u32, u32, Option<f64>)]) -> String {
        topology(edges, false).checked().unwrap_err().to_string()
    }

    #[test]
    fn both_directions_of_an_undirected_edge_are_one_edge() {
        let edges = [(0, 1, Some(5.0)), (1, 0, Some(5.0)), (1, 2, None), (1, 2, None)];
        assert_eq!(topology(&edges, false).checked(), Ok(topology(&[(0, 1, Some(5.0)), (1, 2, None)], false)));
        assert_eq!(topology(&edges[..2], true).checked(), Ok(topology(&edges[..2], true)));
    }

    #[test]
    fn what_is_no_topology_is_told_in_one_line() {
        assert_eq!(error(&[]), "there are no edges");
        assert_eq!(error(&[(0, 1, None), (2, 2, None)]), "the node gossip-statefulset-2 has an edge to itself");
        assert_eq!(
            error(&[(0, 1, Some(-2.5))]),
            "the edge from gossip-statefulset-0 to gossip-statefulset-1 has the weight -2.5: use a number of milliseconds \
             from 0 on"
        );
        assert_eq!(
            error(&[(0, 1, Some(5.0)), (1, 0, None)]),
            "the edge from gossip-statefulset-1 to gossip-statefulset-0 is listed with two weights, 5 and none"
        );
        let twice = Topology { nodes: [default_id(), default_id()].to_vec(), ..topology(&[(0, 1, None)], false) };
        assert_eq!(twice.checked().unwrap_err().to_string(), "the node gossip-statefulset-0 is listed twice");
    }

    #[test]
    fn a_weight_keeps_fifteen_digits() {
        let long = "54.239871239874123".parse().unwrap();
        let checked = topology(&[(0, 1, Some(long))], false).checked().unwrap();
        assert_eq!(checked.edges[0].weight, Some(54.239_871_239_874_1));
    }

    fn default_id() -> NodeId {
        super::super::default_ids(1).remove(0)
    }
}
