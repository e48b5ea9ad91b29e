//! Questions that a run and its audit ask of a topology before they trust a number that depends on it.

use std::collections::BTreeSet;

use super::Topology;

impl Topology {
    /// Whether every node reaches every other along edges; in a directed graph along their direction.
    pub fn is_connected(&self) -> bool {
        match self.directed {
            false => self.components() == 1,
            true => self.reaches_all(Along::Edges) && self.reaches_all(Along::Reversed),
        }
    }

    /// Whether every node is every other's neighbour.
    pub fn is_complete(&self) -> bool {
        let nodes = self.nodes.len();
        let mut pairs = BTreeSet::new();
        for edge in self.edges.iter().filter(|edge| edge.source != edge.target) {
            pairs.insert(self.pair(edge.source, edge.target));
        }
        let ordered = nodes * nodes.saturating_sub(1);
        pairs.len() == if self.directed { ordered } else { ordered / 2 }
    }

    /// Whether no edge is a self-loop or listed twice. An undirected edge is the same from both ends.
    pub fn is_simple(&self) -> bool {
        let mut pairs = BTreeSet::new();
        self.edges.iter().all(|edge| edge.source != edge.target && pairs.insert(self.pair(edge.source, edge.target)))
    }

    /// The number of pieces that no edge joins. In a directed graph they are the weakly connected ones: an edge joins
    /// its ends whatever its direction.
    pub fn components(&self) -> usize {
        components(self.nodes.len(), self.edges.iter().map(|edge| (edge.source, edge.target)))
    }

    fn pair(&self, source: u32, target: u32) -> (u32, u32) {
        if self.directed { (source, target) } else { (source.min(target), source.max(target)) }
    }

    /// Whether the first node reaches all others; over reversed edges: whether all others reach it.
    fn reaches_all(&self, along: Along) -> bool {
        let mut neighbours = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            let (from, to) = match along {
                Along::Edges => (edge.source, edge.target),
                Along::Reversed => (edge.target, edge.source),
            };
            neighbours[from as usize].push(to);
        }
        let mut reached = vec![false; self.nodes.len()];
        let mut open: Vec<u32> = (0..self.nodes.len().min(1) as u32).collect();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut reached[node as usize], true) {
                open.extend(&neighbours[node as usize]);
            }
        }
        !reached.is_empty() && reached.iter().all(|reached| *reached)
    }
}

#[derive(Clone, Copy)]
enum Along {
    Edges,
    Reversed,
}

/// The number of pieces of a graph, whatever the direction of its edges.
pub(super) fn components(nodes: usize, edges: impl Iterator<Item = (u32, u32)>) -> usize {
    let mut parents: Vec<u32> = (0..nodes as u32).collect();
    let mut pieces = nodes;
    for (a, b) in edges {
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        if a != b {
            parents[a.max(b) as usize] = a.min(b);
            pieces -= 1;
        }
    }
    pieces
}

/// The representative of a node's piece; the path to it is halved on the way.
fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        parents[node as usize] = parents[parents[node as usize] as usize];
        node = parents[node as usize];
    }
    node
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, default_ids};
    use super::*;

    fn graph(nodes: u32, edges: &[(u32, u32)]) -> Topology {
        let edges = edges.iter().map(|&(source, target)| Edge { source, target, weight: None }).collect();
        Topology { nodes: default_ids(nodes), edges, directed: false, model: None, node_weights: None }
    }

    fn digraph(nodes: u32, edges: &[(u32, u32)]) -> Topology {
        Topology { directed: true, ..graph(nodes, edges) }
    }

    #[test]
    fn a_directed_line_is_in_one_piece_but_not_connected() {
        let line = digraph(3, &[(0, 1), (1, 2)]);
        assert_eq!((line.components(), line.is_connected()), (1, false));
        assert!(!digraph(3, &[(1, 0), (2, 1)]).is_connected());
        assert!(digraph(3, &[(0, 1), (1, 2), (2, 0)]).is_connected());
    }

    #[test]
    fn a_node_without_edges_is_a_piece_of_its_own() {
        let pair_and_one = graph(3, &[(0, 2)]);
        assert_eq!((pair_and_one.components(), pair_and_one.is_connected()), (2, false));
        assert!(graph(3, &[(0, 2), (1, 2)]).is_connected());
        assert!(!graph(0, &[]).is_connected());
    }

    #[test]
    fn complete_counts_every_pair_once() {
        assert!(graph(3, &[(0, 1), (1, 2), (2, 0)]).is_complete());
        assert!(!graph(3, &[(0, 1), (1, 0), (1, 2)]).is_complete());
        assert!(!digraph(3, &[(0, 1), (1, 2), (2, 0)]).is_complete());
        assert!(digraph(2, &[(0, 1), (1, 0)]).is_complete());
    }

    #[test]
    fn an_edge_from_both_ends_is_simple_only_where_edges_have_a_direction() {
        assert!(!graph(2, &[(0, 1), (1, 0)]).is_simple());
        assert!(digraph(2, &[(0, 1), (1, 0)]).is_simple());
        assert!(!graph(2, &[(0, 1), (1, 1)]).is_simple());
    }
}
