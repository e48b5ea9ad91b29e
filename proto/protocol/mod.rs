//! What a node does with a message: the dissemination strategy and the options that every strategy shares.

mod direct_mail;
mod flood;
mod parse;
mod push;

use crate::id::{Hop, MessageId, NodeId};
use crate::random::Random;
use crate::time::Interval;

pub use parse::ParseError;

/// A strategy with all its options: what is typed as `--protocol` and the flags that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// As typed (`flood`, `push:3:8`, `seed-h`): what the event records call it.
    pub name: String,
    /// Whom to send to, and when to stop.
    pub strategy: Strategy,
    /// In which order copies are sent.
    pub order: Order,
    /// How many sends of one node may wait for their acknowledgment at once; at least 1.
    pub in_flight: u32,
    /// Whether a first receipt is acknowledged before or after it has been forwarded.
    pub forward: Forward,
    /// Whether a connection outlives its send.
    pub connections: Connections,
    /// How long a send may take before it has failed.
    pub deadline: Option<Interval>,
}

/// Who tells whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Only the initiator sends, to each of its neighbours (Demers et al. 1987).
    DirectMail,
    /// Every node sends on its first receipt to all neighbours but the one it heard from.
    Flood,
    /// Every node sends on its first receipt to `fanout` random neighbours but the one it heard from.
    Push {
        /// How many neighbours hear from one node; at least 1.
        fanout: u32,
        /// A node at this distance from the initiator no longer forwards; none: every node forwards once.
        ttl: Option<u32>,
    },
}

/// The order of one node's sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A permutation of its own for every seed, node and message.
    Shuffled,
    /// As the neighbours are configured.
    Listed,
}

/// When a first receipt is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// At once; forwarding follows.
    AfterAck,
    /// When every copy has been forwarded and acknowledged, as handlers with blocking sends do.
    BeforeAck,
}

/// How long a connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// Opened in advance and kept.
    Reuse,
    /// Opened for each send and closed after it.
    PerSend,
}

/// How a node came to hold a message.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// It initiated it.
    Initiated,
    /// It first heard it from `sender`.
    Heard {
        /// The neighbour (or stranger) that it heard from.
        sender: &'a NodeId,
        /// Its distance from the initiator; none where the sender did not say its own.
        hop: Option<Hop>,
    },
}

impl Strategy {
    /// The neighbours that get a copy, as indices into `neighbours`, in sending order.
    pub(crate) fn targets(self, me: &Holder<'_>, neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
        match self {
            Self::DirectMail => direct_mail::targets(neighbours, origin),
            Self::Flood => flood::targets(neighbours, origin),
            Self::Push { fanout, ttl } => push::targets(push::Rule { fanout, ttl }, me, neighbours, origin),
        }
    }

    /// Whether nodes that only receive also send: then they need connections too.
    pub fn receivers_send(self) -> bool {
        match self {
            Self::DirectMail => false,
            Self::Flood | Self::Push { .. } => true,
        }
    }

    /// Whether a message may miss a node although nothing failed.
    pub fn may_miss(self, topology_complete: bool) -> bool {
        match self {
            Self::DirectMail => !topology_complete,
            Self::Flood => false,
            Self::Push { .. } => true,
        }
    }
}

/// Who holds which message: what a node's random choices are keyed by.
pub(crate) struct Holder<'a> {
    pub(crate) seed: u64,
    pub(crate) node: &'a NodeId,
    pub(crate) message: &'a MessageId,
}

impl Holder<'_> {
    pub(crate) fn random(&self, purpose: &str) -> Random {
        Random::keyed(self.seed, &[purpose, self.node.as_str(), self.message.as_str()])
    }
}

/// All neighbours but the one that the message was heard from.
fn all_but_sender(neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
    let heard_from = match origin {
        Origin::Initiated => None,
        Origin::Heard { sender, .. } => Some(sender),
    };
    (0..neighbours.len()).filter(|i| Some(&neighbours[*i]) != heard_from).collect()
}
