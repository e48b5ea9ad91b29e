//! What a copy carries.

use bytes::Bytes;

use crate::id::{Epoch, Hop, Message};

/// One copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gossip {
    /// Which message it is.
    pub message: Message,
    /// Length of the message's name.
    pub text_bytes: u32,
    /// The sender's distance from the initiator, where it knows it.
    pub hop: Option<Hop>,
    /// The sender's configuration, where it has one.
    pub epoch: Option<Epoch>,
    /// What the message carries.
    pub payload: Bytes,
}
