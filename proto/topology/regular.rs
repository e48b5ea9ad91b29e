//! Random graphs in which every node has as many neighbours, or as many ways out, as every other.

use std::collections::{BTreeSet, HashSet};

use super::pairs::Pairs;
use crate::random::Random;

/// Shuffles after which a graph that has not come together is given up.
const SHUFFLES_MAX: u32 = 1000;

/// A simple graph in which every node has `degree` neighbours, or none where this attempt failed. `nodes * degree` is
/// even and `degree` is below `nodes`.
///
/// Stubs are paired as in Steger and Wormald 1999, "Generating random regular graphs quickly": asymptotically uniform
/// for small degrees. A degree of 2 gives one ring through all nodes, each ring equally likely; above half of the nodes
/// the complement is drawn.
pub(super) fn regular(nodes: u32, degree: u32, random: &mut Random) -> Option<Pairs> {
    if degree == 2 {
        return Some(one_ring(nodes, random));
    }
    let missing = nodes - 1 - degree;
    if missing < degree {
        return paired(nodes, missing, random).map(|edges| complement(nodes, &edges));
    }
    paired(nodes, degree, random).map(|edges| edges.pairs)
}

/// Every node has one neighbour: pairs of nodes, whose number is even.
pub(super) fn matching(nodes: u32, random: &mut Random) -> Pairs {
    let mut order: Vec<u32> = (0..nodes).collect();
    random.shuffle(&mut order);
    order.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Directed: every node may send to `degree` others, each set of them equally likely.
pub(super) fn out(nodes: u32, degree: u32, random: &mut Random) -> Pairs {
    let mut pairs = Vec::with_capacity(nodes as usize * degree as usize);
    for node in 0..nodes {
        // The others are numbered without the node itself.
        let others = subset(nodes - 1, degree, random).into_iter();
        pairs.extend(others.map(|other| (node, if other < node { other } else { other + 1 })));
    }
    pairs
}

fn one_ring(nodes: u32, random: &mut Random) -> Pairs {
    let mut order: Vec<u32> = (0..nodes).collect();
    random.shuffle(&mut order);
    let next = order.iter().cycle().skip(1);
    order.iter().copied().zip(next.copied()).collect()
}

/// Edges, each once, as they came.
struct Edges {
    known: HashSet<(u32, u32)>,
    pairs: Pairs,
}

impl Edges {
    fn with_room_for(count: usize) -> Self {
        Self { known: HashSet::with_capacity(count), pairs: Vec::with_capacity(count) }
    }

    /// Whether it was not there yet.
    fn insert(&mut self, edge: (u32, u32)) -> bool {
        let is_new = self.known.insert(edge);
        if is_new {
            self.pairs.push(edge);
        }
        is_new
    }

    fn contains(&self, edge: (u32, u32)) -> bool {
        self.known.contains(&edge)
    }
}

/// `kept` and edges that give each node in `stubs` as many further ones as it stands there, or none where this attempt failed. Sorted,
/// lower number first, if `kept` is so ordered.
pub(crate) fn completed(kept: &[(u32, u32)], stubs: Vec<u32>, random: &mut Random) -> Option<Pairs> {
    let mut edges = Edges::with_room_for(kept.len() + stubs.len() / 2);
    for edge in kept {
        edges.insert(*edge);
    }
    let mut pairs = joined(edges, stubs, random)?.pairs;
    pairs.sort_unstable();
    Some(pairs)
}

fn paired(nodes: u32, degree: u32, random: &mut Random) -> Option<Edges> {
    let edges = Edges::with_room_for(nodes as usize * degree as usize / 2);
    joined(edges, (0..nodes).flat_map(|node| (0..degree).map(move |_| node)).collect(), random)
}

fn joined(mut edges: Edges, mut stubs: Vec<u32>, random: &mut Random) -> Option<Edges> {
    for _ in 0..SHUFFLES_MAX {
        if stubs.is_empty() {
            return Some(edges);
        }
        random.shuffle(&mut stubs);
        let mut left = Vec::new();
        for pair in stubs.chunks_exact(2) {
            let (low, high) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            if low == high || !edges.insert((low, high)) {
                left.extend([low, high]);
            }
        }
        if !left.is_empty() && !can_go_on(&edges, &left) {
            return None;
        }
        stubs = left;
    }
    None
}

/// Whether two of the nodes that are left are not neighbours yet.
fn can_go_on(edges: &Edges, left: &[u32]) -> bool {
    let nodes: Vec<u32> = left.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut pairs = nodes.iter().enumerate().flat_map(|(i, low)| nodes[i + 1..].iter().map(move |high| (*low, *high)));
    pairs.any(|pair| !edges.contains(pair))
}

fn complement(nodes: u32, edges: &Edges) -> Pairs {
    super::lattice::complete(nodes).into_iter().filter(|pair| !edges.contains(*pair)).collect()
}

/// `count` different numbers below `bound` (Floyd; in Bentley 1987, "Programming Pearls: a sample of brilliance").
fn subset(bound: u32, count: u32, random: &mut Random) -> BTreeSet<u32> {
    let mut chosen = BTreeSet::new();
    for last in bound - count..bound {
        let number = random.below(u64::from(last) + 1) as u32;
        if !chosen.insert(number) {
            chosen.insert(last);
        }
    }
    chosen
}
