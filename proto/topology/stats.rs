//! What a topology looks like in numbers: degrees, pieces, path lengths, clustering.

use std::collections::BTreeMap;

use super::Topology;

/// Up to this many steps, path lengths and clustering are computed; beyond, they are left out. A search from every node
/// takes n (n + 2E) steps: 10 000 nodes of degree 8 stay below, and so do 1000 nodes with all edges.
pub const PATH_STEPS_MAX: u64 = 1_000_000_000;

/// A topology in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologyStats {
    /// Number of nodes.
    pub nodes: usize,
    /// Number of edges.
    pub edges: usize,
    /// Whether an edge can be used from its source only.
    pub directed: bool,
    /// How many nodes a node may send to.
    pub degree: Degrees,
    /// From how many nodes a node may hear; none in an undirected graph, where it is `degree`.
    pub in_degree: Option<Degrees>,
    /// Pieces that no edge joins; in a directed graph the weakly connected ones.
    pub components: usize,
    /// Whether every node reaches every other along edges.
    pub connected: bool,
    /// Whether no edge is a self-loop or listed twice.
    pub simple: bool,
    /// How far nodes are from each other, in edges.
    pub paths: Paths,
    /// The mean over nodes of the share of a node's pairs of neighbours that are neighbours themselves, 0 at a node
    /// with fewer than two (Watts and Strogatz 1998; networkx's `average_clustering`). Edges count without their
    /// direction. None where it takes more than [`PATH_STEPS_MAX`] steps.
    pub clustering: Option<f64>,
}

/// The degrees of all nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Degrees {
    /// The lowest.
    pub min: u32,
    /// The mean.
    pub mean: f64,
    /// The highest.
    pub max: u32,
    /// The number of nodes of each degree that occurs.
    pub distribution: BTreeMap<u32, u32>,
}

/// Path lengths over all ordered pairs of nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Paths {
    /// The longest and the mean shortest path, in edges.
    Known {
        /// The longest.
        diameter: u32,
        /// The mean.
        average: f64,
    },
    /// Some node does not reach some other: neither is defined.
    NotConnected,
    /// They take more than [`PATH_STEPS_MAX`] steps.
    TooLarge,
}

impl TopologyStats {
    /// The numbers of `topology`.
    pub fn of(topology: &Topology) -> Self {
        let out = Adjacency::of(topology, Direction::Out);
        let connected = topology.is_connected();
        Self {
            nodes: topology.nodes.len(),
            edges: topology.edges.len(),
            directed: topology.directed,
            degree: out.degrees(),
            in_degree: topology.directed.then(|| Adjacency::of(topology, Direction::In).degrees()),
            components: topology.components(),
            connected,
            simple: topology.is_simple(),
            paths: if connected { paths(&out) } else { Paths::NotConnected },
            clustering: clustering(&Adjacency::of(topology, Direction::Either)),
        }
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Out,
    In,
    Either,
}

/// The neighbours of all nodes in one list, each node's sorted.
struct Adjacency {
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl Adjacency {
    fn of(topology: &Topology, direction: Direction) -> Self {
        let mut arcs = Vec::with_capacity(2 * topology.edges.len());
        for edge in &topology.edges {
            let (forth, back) = ((edge.source, edge.target), (edge.target, edge.source));
            match direction {
                Direction::Out if topology.directed => arcs.push(forth),
                Direction::In if topology.directed => arcs.push(back),
                Direction::Out | Direction::In | Direction::Either => arcs.extend([forth, back]),
            }
        }
        arcs.sort_unstable();
        if let Direction::Either = direction {
            arcs.retain(|(from, to)| from != to);
            arcs.dedup();
        }
        let mut starts = vec![0; topology.nodes.len() + 1];
        for (from, _) in &arcs {
            starts[*from as usize + 1] += 1;
        }
        for node in 0..topology.nodes.len() {
            starts[node + 1] += starts[node];
        }
        Self { starts, targets: arcs.into_iter().map(|(_, to)| to).collect() }
    }

    fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    fn of_node(&self, node: usize) -> &[u32] {
        &self.targets[self.starts[node]..self.starts[node + 1]]
    }

    fn degrees(&self) -> Degrees {
        let mut distribution = BTreeMap::new();
        for node in 0..self.nodes() {
            *distribution.entry(self.of_node(node).len() as u32).or_insert(0) += 1;
        }
        Degrees {
            min: distribution.keys().next().copied().unwrap_or(0),
            mean: self.targets.len() as f64 / self.nodes().max(1) as f64,
            max: distribution.keys().next_back().copied().unwrap_or(0),
            distribution,
        }
    }
}

/// Searches breadth first from every node of a connected graph.
fn paths(adjacency: &Adjacency) -> Paths {
    let nodes = adjacency.nodes();
    if nodes as u64 * (nodes + adjacency.targets.len()) as u64 > PATH_STEPS_MAX {
        return Paths::TooLarge;
    }
    let mut diameter = 0;
    let mut total = 0;
    let mut distance = vec![u32::MAX; nodes];
    let mut queue = Vec::with_capacity(nodes);
    for start in 0..nodes {
        distance.fill(u32::MAX);
        queue.clear();
        distance[start] = 0;
        queue.push(start as u32);
        let mut next = 0;
        while queue.len() < nodes
            && let Some(node) = queue.get(next).copied()
        {
            next += 1;
            let farther = distance[node as usize] + 1;
            for neighbour in adjacency.of_node(node as usize) {
                if distance[*neighbour as usize] == u32::MAX {
                    distance[*neighbour as usize] = farther;
                    queue.push(*neighbour);
                }
            }
        }
        total += distance.iter().map(|steps| u64::from(*steps)).sum::<u64>();
        diameter = distance.iter().copied().max().unwrap_or(0).max(diameter);
    }
    Paths::Known { diameter, average: total as f64 / (nodes as u64 * (nodes as u64 - 1).max(1)) as f64 }
}

fn clustering(adjacency: &Adjacency) -> Option<f64> {
    let nodes = adjacency.nodes();
    let steps = (0..nodes).map(|node| (adjacency.of_node(node).len() as u64).pow(2)).sum::<u64>();
    if steps > PATH_STEPS_MAX || nodes == 0 {
        return None;
    }
    let mut sum = 0.0;
    let mut near = vec![false; nodes];
    for node in 0..nodes {
        let neighbours = adjacency.of_node(node);
        neighbours.iter().for_each(|neighbour| near[*neighbour as usize] = true);
        let ends = neighbours.iter().flat_map(|neighbour| adjacency.of_node(*neighbour as usize));
        let joined = ends.filter(|end| near[**end as usize]).count();
        neighbours.iter().for_each(|neighbour| near[*neighbour as usize] = false);
        let ordered_pairs = neighbours.len() * neighbours.len().saturating_sub(1);
        sum += joined as f64 / ordered_pairs.max(1) as f64;
    }
    Some(sum / nodes as f64)
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, default_ids};
    use super::*;

    fn stats(spec: &str, nodes: u32) -> TopologyStats {
        TopologyStats::of(&spec.parse::<super::super::TopologySpec>().unwrap().generate(default_ids(nodes), 1).unwrap())
    }

    #[test]
    fn the_numbers_of_graphs_that_are_known_by_heart() {
        let ring = stats("ring", 6);
        assert_eq!(ring.paths, Paths::Known { diameter: 3, average: 9.0 / 5.0 });
        assert_eq!(ring.degree.distribution, BTreeMap::from([(2, 6)]));
        assert_eq!(ring.clustering, Some(0.0));

        let star = stats("star", 5);
        assert_eq!((star.degree.min, star.degree.mean, star.degree.max), (1, 1.6, 4));
        assert_eq!(star.paths, Paths::Known { diameter: 2, average: 1.6 });

        let complete = stats("complete", 5);
        assert_eq!((complete.edges, complete.clustering), (10, Some(1.0)));
        assert_eq!(complete.paths, Paths::Known { diameter: 1, average: 1.0 });
    }

    #[test]
    fn clustering_is_the_mean_of_the_local_ones() {
        // A triangle with a tail: 1, 1, 1/3 and 0.
        let edges = [(0, 1), (1, 2), (2, 0), (2, 3)].map(|(source, target)| Edge { source, target, weight: None });
        let graph =
            Topology { nodes: default_ids(4), edges: edges.to_vec(), directed: false, model: None, node_weights: None };
        let expected = (1.0 + 1.0 + 2.0 / 6.0) / 4.0;
        assert_eq!(TopologyStats::of(&graph).clustering, Some(expected));
        // Directions, and edges in both of them, change nothing.
        let mut directed = Topology { directed: true, ..graph };
        directed.edges.push(Edge { source: 1, target: 0, weight: None });
        assert_eq!(TopologyStats::of(&directed).clustering, Some(expected));
    }

    #[test]
    fn a_directed_graph_has_degrees_of_both_kinds() {
        let edges = [(0, 1), (0, 2), (1, 2)].map(|(source, target)| Edge { source, target, weight: None });
        let graph =
            Topology { nodes: default_ids(3), edges: edges.to_vec(), directed: true, model: None, node_weights: None };
        let stats = TopologyStats::of(&graph);
        assert_eq!(stats.degree.distribution, BTreeMap::from([(0, 1), (1, 1), (2, 1)]));
        assert_eq!(stats.in_degree.unwrap().distribution, BTreeMap::from([(0, 1), (1, 1), (2, 1)]));
        assert_eq!((stats.components, stats.connected, stats.paths), (1, false, Paths::NotConnected));
    }

    #[test]
    fn what_would_take_too_long_is_left_out() {
        assert_eq!(stats("line", 20_000).paths, Paths::TooLarge);
        assert_eq!(stats("star", 40_000).clustering, None);
    }
}
