//! The graphs without chance. Each gives every edge once, as a pair of node numbers.

use super::pairs::Pairs;

/// Every two nodes.
pub(super) fn complete(nodes: u32) -> Pairs {
    (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).collect()
}

/// Each node and the next, and the last and the first.
pub(super) fn ring(nodes: u32) -> Pairs {
    (0..nodes).map(|node| (node, (node + 1) % nodes)).collect()
}

/// Each node and the next.
pub(super) fn line(nodes: u32) -> Pairs {
    (1..nodes).map(|node| (node - 1, node)).collect()
}

/// The first node and each other.
pub(super) fn star(nodes: u32) -> Pairs {
    (1..nodes).map(|node| (0, node)).collect()
}

/// Nodes in rows of ceil(sqrt(n)), the last row as long as the nodes last; each beside its neighbours in row and column.
pub(super) fn grid(nodes: u32) -> Pairs {
    let root = nodes.isqrt();
    let columns = if root * root == nodes { root } else { root + 1 };
    let beside = (1..nodes).filter(|node| node % columns != 0).map(|node| (node - 1, node));
    beside.chain((columns..nodes).map(|node| (node - columns, node))).collect()
}

/// The first node is the root, and each node has `children` children until the nodes end, level by level.
pub(super) fn tree(nodes: u32, children: u32) -> Pairs {
    (1..nodes).map(|node| ((node - 1) / children, node)).collect()
}
