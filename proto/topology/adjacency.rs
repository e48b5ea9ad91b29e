//! Who may send to whom, laid out for nodes that are numbered: all lists one behind the other.

use super::{Edge, Topology};
use crate::id::NodeIx;
use crate::time::Interval;

/// The ways out of every node, in compressed sparse rows: 4 bytes for a node and for an edge, and 8 more for an edge where one has a
/// weight.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjacency {
    /// Where the list of node `i` begins; one more than nodes. Empty: no node has a way out.
    starts: Vec<u32>,
    targets: Vec<NodeIx>,
    /// One for each target; empty where none has a weight.
    weights: Vec<Interval>,
}

/// What the weights of a topology's edges are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeWeights {
    /// Nothing.
    Ignored,
    /// They are delays in milliseconds.
    Delays,
}

/// An edge whose weight is no delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the edge from node {from} to node {to} has no weight from 0 ms to an hour")]
pub struct NoDelay {
    /// One end, by its place.
    pub from: u32,
    /// The other.
    pub to: u32,
}

impl Topology {
    /// The ways out of every node, those of one node by the number of the neighbour.
    ///
    /// # Errors
    /// Where weights are delays and one is none.
    pub fn adjacency(&self, weights: EdgeWeights) -> Result<Adjacency, NoDelay> {
        let delay = |edge: &Edge| match weights {
            EdgeWeights::Ignored => Ok(Interval::ZERO),
            EdgeWeights::Delays => {
                edge.weight.and_then(Interval::from_fractional_ms).ok_or(NoDelay { from: edge.source, to: edge.target })
            }
        };
        let mut all = self.unordered();
        if weights == EdgeWeights::Delays {
            all.weights = vec![Interval::ZERO; all.targets.len()];
        }
        let mut next = all.starts.clone();
        let mut put = |from: u32, to: u32, delay: Interval| {
            let place = next[from as usize] as usize;
            next[from as usize] += 1;
            all.targets[place] = NodeIx(to);
            if let Some(weight) = all.weights.get_mut(place) {
                *weight = delay;
            }
        };
        for edge in &self.edges {
            let delay = delay(edge)?;
            put(edge.source, edge.target, delay);
            if !self.directed {
                put(edge.target, edge.source, delay);
            }
        }
        all.order();
        Ok(all)
    }

    /// Lists of the right lengths, with nothing in them.
    fn unordered(&self) -> Adjacency {
        let mut starts = vec![0; self.nodes.len() + 1];
        for edge in &self.edges {
            starts[edge.source as usize + 1] += 1;
            if !self.directed {
                starts[edge.target as usize + 1] += 1;
            }
        }
        let mut ways = 0_u32;
        for start in &mut starts {
            ways = ways.checked_add(*start).expect("a topology has fewer than 2^32 edges");
            *start = ways;
        }
        Adjacency { starts, targets: vec![NodeIx(0); ways as usize], weights: Vec::new() }
    }
}

impl Adjacency {
    /// How many ways out all nodes have together.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether no node has a way out.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Lists for nodes 0, 1, 2, … as they come: whom each may send to, and the weight of the edge as a span of time, 0 where it has
    /// none.
    ///
    /// # Panics
    /// Where there are more than 2^32 edges.
    pub fn of(lists: impl IntoIterator<Item = impl IntoIterator<Item = (NodeIx, Interval)>>) -> Self {
        let mut all = Self { starts: vec![0], ..Self::default() };
        for list in lists {
            for (target, weight) in list {
                all.targets.push(target);
                all.weights.push(weight);
            }
            all.starts.push(u32::try_from(all.targets.len()).expect("a topology has fewer than 2^32 edges"));
        }
        if all.weights.iter().all(|weight| *weight == Interval::ZERO) {
            all.weights = Vec::new();
        }
        all
    }

    /// Whom a node may send to, in listed order; nobody where it has no list.
    pub fn neighbours(&self, node: NodeIx) -> &[NodeIx] {
        let (start, end) = self.bounds(node);
        &self.targets[start..end]
    }

    /// The weight of an edge; none where no edge has one, or this one is not listed.
    pub fn weight(&self, from: NodeIx, to: NodeIx) -> Option<Interval> {
        if self.weights.is_empty() {
            return None;
        }
        let (start, end) = self.bounds(from);
        let place = self.targets[start..end].iter().position(|target| *target == to);
        place.map(|place| self.weights[start + place])
    }

    /// Puts each list into the order of its targets.
    fn order(&mut self) {
        for node in 0..self.starts.len() - 1 {
            let (start, end) = self.bounds(NodeIx(node as u32));
            let targets = &mut self.targets[start..end];
            if self.weights.is_empty() {
                targets.sort_unstable();
                continue;
            }
            let weights = &mut self.weights[start..end];
            let mut ways: Vec<(NodeIx, Interval)> = targets.iter().copied().zip(weights.iter().copied()).collect();
            ways.sort_by_key(|(target, _)| *target);
            for (place, (target, weight)) in ways.into_iter().enumerate() {
                (targets[place], weights[place]) = (target, weight);
            }
        }
        if self.weights.iter().all(|weight| *weight == Interval::ZERO) {
            self.weights = Vec::new();
        }
    }

    fn bounds(&self, node: NodeIx) -> (usize, usize) {
        match self.starts.get(node.index()..node.index() + 2) {
            Some(bounds) => (bounds[0] as usize, bounds[1] as usize),
            None => (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_list_and_a_stranger_has_none() {
        let edge = |to, ms| (NodeIx(to), Interval::from_ms(ms));
        let all = Adjacency::of([vec![edge(1, 5), edge(2, 0)], vec![], vec![edge(0, 7)]]);
        assert_eq!(all.neighbours(NodeIx(0)), [NodeIx(1), NodeIx(2)]);
        assert_eq!((all.neighbours(NodeIx(1)), all.neighbours(NodeIx(3))), (&[][..], &[][..]));
        assert_eq!(all.weight(NodeIx(0), NodeIx(1)), Some(Interval::from_ms(5)));
        assert_eq!(all.weight(NodeIx(2), NodeIx(0)), Some(Interval::from_ms(7)));
        assert_eq!(all.weight(NodeIx(1), NodeIx(0)), None);
        assert_eq!(Adjacency::default().neighbours(NodeIx(0)), []);
    }

    #[test]
    fn the_ways_of_a_topology_are_its_neighbours_and_a_weight_that_is_no_delay_is_named() {
        let edge = |source, target, weight| Edge { source, target, weight };
        let edges = vec![edge(2, 0, Some(1.5)), edge(1, 0, Some(2.0))];
        let mut topology =
            Topology { nodes: super::super::default_ids(3), edges, directed: false, model: None, node_weights: None };
        let ways = topology.adjacency(EdgeWeights::Delays).unwrap();
        assert_eq!(ways.neighbours(NodeIx(0)), [NodeIx(1), NodeIx(2)]);
        assert_eq!(ways.neighbours(NodeIx(1)), [NodeIx(0)]);
        assert_eq!(ways.weight(NodeIx(0), NodeIx(2)), Some(Interval(1_500_000)));
        assert_eq!(topology.adjacency(EdgeWeights::Ignored).unwrap().weight(NodeIx(0), NodeIx(2)), None);
        for weight in [None, Some(-1.0), Some(f64::NAN), Some(1e9)] {
            topology.edges[1].weight = weight;
            assert_eq!(topology.adjacency(EdgeWeights::Delays), Err(NoDelay { from: 1, to: 0 }), "{weight:?}");
        }
    }
}
