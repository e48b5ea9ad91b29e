//! What a node knows when it decides whom to send a message to: how it came to hold it, and its own random source.

use crate::id::{Hop, MessageId, NodeId};
use crate::random::Random;

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

/// All neighbours but the one that the message was heard from, as indices into `neighbours`.
pub(super) fn all_but_sender(neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
    let heard_from = match origin {
        Origin::Initiated => None,
        Origin::Heard { sender, .. } => Some(sender),
    };
    (0..neighbours.len()).filter(|i| Some(&neighbours[*i]) != heard_from).collect()
}
