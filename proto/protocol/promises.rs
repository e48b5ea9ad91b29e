//! What a protocol promises of a run without faults: audit, theory and expected numbers ask this, and never for its name.

/// The promises of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promises {
    /// Which nodes hear of a message.
    pub reach: Reach,
    /// How many copies arrive at nodes that hold the message.
    pub duplicates: Duplicates,
    /// Who sends copies.
    pub senders: Senders,
    /// The most copies that a node sends of one message; none: as many as it has neighbours, and any number where it repeats.
    pub copies_max: Option<u32>,
    /// How often a node may send one neighbour the same message.
    pub repeats: Repeats,
    /// How far from the initiator the last node can be.
    pub hops: Hops,
    /// When the initiator sends its first copy.
    pub begins: Begins,
}

/// When the initiator of a message sends its first copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// As soon as it can: what passes before is set-up.
    AtOnce,
    /// When its period comes, or when it is asked: waiting is part of the protocol.
    Later,
}

/// Which nodes hear of a message for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The initiator's neighbours, and nobody else.
    Neighbours,
    /// Every node that edges lead to.
    Everyone,
    /// No node for certain.
    Chance,
}

impl Reach {
    /// Whether a message may miss a node although nothing failed.
    pub fn may_miss(self, topology_complete: bool) -> bool {
        match self {
            Self::Neighbours => !topology_complete,
            Self::Everyone => false,
            Self::Chance => true,
        }
    }
}

/// How many copies arrive at nodes that hold the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// None.
    Never,
    /// Every edge carries a copy in each direction, but for the one that a node first heard over: the number follows from nodes
    /// and edges ([`crate::invariant::Flood`]).
    OfFlood,
    /// Any number.
    Open,
}

/// Who sends copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// Only the initiator.
    Initiator,
    /// Every node that holds the message: then all of them need connections.
    Holders,
}

/// How often a node may send one neighbour the same message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Once.
    Never,
    /// Again and again.
    Allowed,
}

/// How far from the initiator the last node can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hops {
    /// One hop.
    One,
    /// No nearer than the farthest node is along edges.
    Distance,
    /// What follows where each node sends once, to so many others at random, and stops at a distance.
    Push {
        /// To how many.
        fanout: u32,
        /// A node at this distance sends nothing.
        ttl: Option<u32>,
    },
    /// Nothing is known.
    Open,
}

#[cfg(test)]
#[path = "promises_tests.rs"]
mod tests;
