//! What a machine says happened, with names in place of numbers: what a record is made of.

use crate::id::{Hop, MessageId, NodeId, SendId};
use crate::machine::Failure;
use crate::time::Timestamp;

/// Facts of one received copy, as its host saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When the handler began.
    pub received: Timestamp,
    /// When the sender sent it, by the sender's clock.
    pub sent: Timestamp,
    /// The sender's name for the copy; empty where it gave none.
    pub send_id: String,
    /// Size of the encoded message.
    pub bytes: u64,
}

/// Something that the record wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedEvent {
    /// This node began a message.
    Initiated {
        /// Which.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// A copy arrived.
    Received {
        /// Of which message.
        message: MessageId,
        /// From whom.
        from: NodeId,
        /// Over how many hops, where it is known.
        hop: Option<Hop>,
        /// When and how.
        receipt: Receipt,
        /// Whether the node held the message already.
        duplicate: bool,
    },
    /// A send ended without an acknowledgment.
    Failed {
        /// Of which message.
        message: MessageId,
        /// To whom.
        to: NodeId,
        /// Which hop the copy would have been, where it is known.
        hop: Option<Hop>,
        /// The send's name.
        send: SendId,
        /// When it was sent.
        sent: Timestamp,
        /// When it was given up.
        at: Timestamp,
        /// Size of the encoded message.
        bytes: u64,
        /// Why.
        reason: Failure,
    },
}
