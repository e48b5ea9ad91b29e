//! What goes into a machine and what comes out of it.

use bytes::Bytes;

use crate::id::{DeliveryId, Epoch, Hop, MessageId, NodeId, SendId};
use crate::protocol::Protocol;
use crate::time::{Interval, Timestamp};

/// What a node is told at the start of a run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who the node is from now on.
    pub id: NodeId,
    /// Names this configuration.
    pub epoch: Epoch,
    /// The nodes it may send to, in listed order.
    pub neighbours: Vec<Neighbour>,
    /// What it does with a message.
    pub protocol: Protocol,
    /// What its random choices are keyed by, beside its name and the message's.
    pub seed: u64,
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Whom it leads to.
    pub id: NodeId,
    /// How long each copy is held back before it is sent: a latency that the network does not have by itself.
    pub hold: Interval,
}

/// What travels between nodes. Digests, pulls, grafts and prunes will join it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A whole message.
    Gossip(Gossip),
}

/// One copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gossip {
    /// Which message it is.
    pub message: MessageId,
    /// The sender's distance from the initiator, where it knows it.
    pub hop: Option<Hop>,
    /// The sender's configuration, where it has one.
    pub epoch: Option<Epoch>,
    /// What the message carries.
    pub payload: Bytes,
}

/// Facts of one received copy that the machine passes on into its event.
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

/// What the host tells the machine.
#[derive(Debug, Clone)]
pub enum Input {
    /// Take this configuration and forget every message of the one before. Replies that are owed are given.
    Configure(Config),
    /// Begin a message here.
    Initiate {
        /// Its name.
        message: MessageId,
        /// What it carries.
        payload: Bytes,
    },
    /// A copy has arrived.
    Deliver {
        /// What the reply will name.
        delivery: DeliveryId,
        /// Who sent it. The node's own id: whoever started it asks this node to initiate.
        from: NodeId,
        /// What arrived.
        body: Body,
        /// When and how.
        receipt: Receipt,
    },
    /// A send has ended.
    SendDone {
        /// Which one.
        send: SendId,
        /// When it was sent, by the host's clock.
        sent: Timestamp,
        /// Size of the encoded message.
        bytes: u64,
        /// How it ended.
        result: Result<(), Failure>,
    },
    /// The instant of [`super::Machine::poll_timeout`] has come.
    Timeout,
    /// The host will send nothing more: what waits is given up, replies that are owed are given.
    Stop,
}

/// Why a send has no acknowledgment. The text goes into the event record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No acknowledgment came in time.
    #[error("deadline exceeded")]
    Deadline,
    /// No address is known for the peer.
    #[error("no address for this peer")]
    NoPeer,
    /// The peer could not be reached, or the connection broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The peer refused the copy.
    #[error("refused: {0}")]
    Refused(String),
    /// The message is larger than this node may send.
    #[error("message of {bytes} bytes is above the limit of {limit}")]
    TooLarge {
        /// Its encoded size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The node was stopped or configured anew before the copy was sent.
    #[error("not sent: the node was {0}")]
    Abandoned(&'static str),
    /// The node was configured anew after the copy was sent and before it was acknowledged: it may have arrived.
    #[error("sent and not waited for: the node was {0}")]
    CutShort(&'static str),
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Sender and receiver are configured for different runs.
    #[error("epoch {theirs} is not this node's epoch {mine}", theirs = .theirs.0, mine = .mine.0)]
    Epoch {
        /// The copy's.
        theirs: Epoch,
        /// The node's.
        mine: Epoch,
    },
}

/// The reply to one delivery; the texts are the published system's.
pub type Ack = Result<String, Refusal>;

/// What the machine asks the host to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a copy.
    Send(Send),
    /// Answer a delivery.
    Reply {
        /// Which one.
        delivery: DeliveryId,
        /// With what.
        ack: Ack,
    },
    /// Something happened that the record wants.
    Event(Event),
}

/// One copy to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its name.
    pub send: SendId,
    /// To whom.
    pub to: NodeId,
    /// What.
    pub body: Body,
    /// How long it may take; none: as long as it takes.
    pub deadline: Option<Interval>,
    /// Where a link delay held the copy back: since when, and for how long it was meant to be. It counts as sent then.
    pub held: Option<Held>,
}

/// A copy that a link delay has held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// When it would have been sent without the delay.
    pub since: Timestamp,
    /// The delay that was asked for.
    pub intended: Interval,
}

/// What is written down; the host adds run, process and sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
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
