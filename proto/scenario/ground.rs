//! What faults are resolved on: a network and its seed, and the round that they befall.

use crate::id::{NodeId, NodeIx};
use crate::time::Interval;
use crate::topology::Adjacency;

/// The network that faults befall.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Every node's id, by its place.
    pub nodes: &'a [NodeId],
    /// Who sends to whom.
    pub neighbours: &'a Adjacency,
    /// The region of a node; none where the delay knows no regions.
    pub region: &'a dyn Fn(NodeIx) -> Option<String>,
    /// What draws are keyed by.
    pub seed: u64,
}

/// What faults befall together: a round, or the whole of an open loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicate {
    /// Its number; 0 for an open loop.
    pub round: u32,
    /// Who begins its message, and is drawn for no fault that stops nodes; none in an open loop.
    pub initiator: Option<NodeIx>,
    /// How long it may last: what goes on and off again and again is drawn so far.
    pub limit: Interval,
}
