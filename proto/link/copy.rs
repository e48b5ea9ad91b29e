//! Which copy it is and which way it goes: the key under which its delay and its loss are drawn.

use crate::id::NodeIx;
use crate::time::Interval;

/// One way between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Who sends.
    pub from: NodeIx,
    /// Who receives.
    pub to: NodeIx,
    /// The edge's weight in the topology, as a span of time; none where the topology gives it none.
    pub weight: Option<Interval>,
}

/// Which copy on an edge. Two copies with one key on one edge meet the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyKey {
    /// The round that a message belongs to. Of an ask and its answer, and of a control message: which one it is among
    /// those of the node that asks or tells, counted from its configuration, since they may be about no round or several.
    pub round: u32,
    /// What it carries.
    pub kind: CopyKind,
    /// Which one of its kind on that edge in that round, counted by the sender.
    pub nth: u32,
}

/// What a copy carries. The numbers are part of every result that a seed stands for: they stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum CopyKind {
    /// A message.
    Payload = 1,
    /// The reply to a message, on the reverse edge.
    Acknowledgment = 2,
    /// A question that waits for an answer.
    Request = 3,
    /// The answer to a request, on the reverse edge.
    Answer = 4,
    /// What a protocol says without waiting for an answer.
    Control = 5,
    /// A question that only a fault's witness wants.
    Probe = 6,
}

/// The numbers that a draw for this copy on this edge is keyed by.
pub(crate) fn coordinates(edge: Edge, copy: CopyKey) -> [u64; 5] {
    [edge.from.0.into(), edge.to.0.into(), copy.round.into(), copy.kind as u64, copy.nth.into()]
}
