//! How many bytes a copy, an ask, an answer or a control message has on the wire: computed, so that a simulated one is as
//! large as a real one.
//!
//! The encoding is that of protocol buffers for `gossip.proto`: a field has its tag, a text its length before it, and a field
//! that is empty or 0 is left out, but for `hop`, which is left out where it is unknown.

use crate::id::{Epoch, Hop, Message, SendId};
use crate::protocol::Body;
use crate::time::Timestamp;

/// What the size of a copy depends on.
#[derive(Debug, Clone, Copy)]
pub struct CopyParts {
    /// Length of the message's name.
    pub text_bytes: u32,
    /// Length of the sender's name.
    pub name_bytes: u32,
    /// When it is sent.
    pub sent: Timestamp,
    /// The sender's distance from the initiator.
    pub hop: Option<Hop>,
    /// The sender's configuration; 0: none.
    pub epoch: Epoch,
    /// Its name.
    pub send: SendId,
    /// Length of the payload.
    pub payload_bytes: usize,
}

impl CopyParts {
    /// The encoded size in bytes.
    pub fn encoded_bytes(&self) -> u64 {
        // Fields 1-3 have a tag of one byte, fields from 16 on one of two.
        let send_id_bytes = u64::from(self.name_bytes) + 2 + digits(self.epoch.0) + digits(self.send.0);
        text(1, u64::from(self.text_bytes))
            + text(1, u64::from(self.name_bytes))
            + number(1, self.sent.0)
            + self.hop.map_or(0, |hop| 2 + varint(u64::from(hop.0)))
            + number(2, self.epoch.0)
            + text(2, send_id_bytes)
            + text(2, self.payload_bytes as u64)
    }
}

/// What the size of an ask or a control message depends on.
#[derive(Debug, Clone, Copy)]
pub struct WordsParts<'a> {
    /// Length of the sender's name.
    pub name_bytes: u32,
    /// The sender's configuration; 0: none.
    pub epoch: Epoch,
    /// Which one it is.
    pub nth: u32,
    /// What it says.
    pub body: &'a Body,
}

impl WordsParts<'_> {
    /// The encoded size in bytes.
    pub fn encoded_bytes(&self) -> u64 {
        text(1, u64::from(self.name_bytes))
            + number(1, self.epoch.0)
            + number(1, u64::from(self.nth))
            + number(1, u64::from(self.body.kind))
            + numbers(1, &self.body.messages)
    }
}

/// The encoded size in bytes of an answer with copies of these sizes.
pub fn answer_bytes(body: &Body, copies: impl Iterator<Item = u64>) -> u64 {
    let of_copies: u64 = copies.map(|bytes| 1 + varint(bytes) + bytes).sum();
    number(1, u64::from(body.kind)) + numbers(1, &body.messages) + of_copies
}

/// Packed: one behind the other, with the length of all before them.
fn numbers(tag: u64, messages: &[Message]) -> u64 {
    text(tag, messages.iter().map(|message| varint(u64::from(message.0))).sum())
}

fn text(tag: u64, bytes: u64) -> u64 {
    if bytes == 0 { 0 } else { tag + varint(bytes) + bytes }
}

fn number(tag: u64, value: u64) -> u64 {
    if value == 0 { 0 } else { tag + varint(value) }
}

/// Seven bits to a byte.
fn varint(value: u64) -> u64 {
    u64::from((64 - (value | 1).leading_zeros()).div_ceil(7))
}

fn digits(value: u64) -> u64 {
    u64::from(value.checked_ilog10().unwrap_or(0)) + 1
}
