//! The broadcast workload of Maelstrom: copies of one broadcast on its topologies and, at one constant delay, when all have it.
//!
//! Graphs are built as its `src/maelstrom/workload/broadcast.clj` does; message counts are those of its page
//! `doc/03-broadcast/02-performance.md` at cb7f072. The page's latencies are those of reads that poll and are not reproduced.

use std::collections::VecDeque;

/// A topology of Maelstrom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topology {
    /// Each node with the one before and the one after it.
    Line,
    /// A square as small as it may be, filled row by row; each node with those above, below, left and right of it.
    Grid,
    /// Everybody with everybody.
    Total,
    /// Level by level, so many children each.
    Tree(usize),
}

/// Who answers a copy with a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forwarding {
    /// Each node forwards to all neighbours.
    ToAll,
    /// Each node forwards to all neighbours but the one from whom it has the message.
    NotToSender,
}

/// The neighbours of each node.
pub(crate) fn neighbours(topology: Topology, n: usize) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); n];
    for (one, other) in edges(topology, n) {
        neighbours[one].push(other);
        neighbours[other].push(one);
    }
    neighbours
}

/// The copies that one broadcast takes: the sum of all degrees, less the n - 1 that would go back to a sender.
pub(crate) fn copies(neighbours: &[Vec<usize>], forwarding: Forwarding) -> usize {
    let degrees: usize = neighbours.iter().map(Vec::len).sum();
    match forwarding {
        Forwarding::ToAll => degrees,
        Forwarding::NotToSender => degrees - (neighbours.len() - 1),
    }
}

/// For each node, after how many delays all have what it begins to tell, where all delays are one constant.
///
/// # Panics
/// When the graph is not connected.
pub(crate) fn eccentricities(neighbours: &[Vec<usize>]) -> Vec<usize> {
    (0..neighbours.len()).map(|source| eccentricity(neighbours, source)).collect()
}

fn eccentricity(neighbours: &[Vec<usize>], source: usize) -> usize {
    let mut distances = vec![None; neighbours.len()];
    let mut waiting = VecDeque::from([(source, 0)]);
    distances[source] = Some(0);
    while let Some((node, distance)) = waiting.pop_front() {
        for &next in &neighbours[node] {
            if distances[next].is_none() {
                distances[next] = Some(distance + 1);
                waiting.push_back((next, distance + 1));
            }
        }
    }
    let reached: Option<Vec<usize>> = distances.into_iter().collect();
    reached.expect("Maelstrom's topologies are connected").into_iter().max().unwrap_or(0)
}

fn edges(topology: Topology, n: usize) -> Vec<(usize, usize)> {
    match topology {
        Topology::Line => (1..n).map(|node| (node - 1, node)).collect(),
        Topology::Grid => {
            let side = (1..=n).find(|side| side * side >= n).unwrap_or(1);
            let left = (0..n).filter(|node| node % side > 0).map(|node| (node - 1, node));
            left.chain((side..n).map(|node| (node - side, node))).collect()
        }
        Topology::Total => (0..n).flat_map(|node| (0..node).map(move |other| (other, node))).collect(),
        Topology::Tree(children) => (1..n).map(|node| ((node - 1) / children, node)).collect(),
    }
}
