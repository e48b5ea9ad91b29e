//! Who may send to whom, laid out for nodes that are numbered: all lists one behind the other.

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

impl Adjacency {
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
}
