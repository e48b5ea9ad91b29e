//! Edges while a graph is generated: pairs of node numbers.

/// Edges by the numbers of their ends.
pub(super) type Pairs = Vec<(u32, u32)>;
