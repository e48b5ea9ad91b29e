//! What goes into a machine and what comes out of it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::ask::{Answer, Answered, Contact, Words};
use super::gossip::Gossip;
use crate::id::{ContactId, DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use crate::link::Links;
use crate::protocol::{Out, ProtocolSettings};
use crate::time::{Interval, Timestamp};
use crate::topology::Adjacency;

/// What a node is told at the start of a run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who the node is from now on.
    pub me: NodeIx,
    /// Length of its name, which every copy that it sends carries.
    pub name_bytes: u32,
    /// The number of its first period; its asks and control messages are counted from there too. Rounds that are simulated apart
    /// draw apart by it.
    pub first_period: u32,
    /// What is the same for every node.
    pub common: Arc<Common>,
}

impl Config {
    /// The number of the first period of nodes that are configured for this round: no round has as many periods as lie between two.
    /// Nodes and the simulator number alike, so that they draw alike.
    pub fn first_period_of(round: u32) -> u32 {
        round.wrapping_mul(1 << 16)
    }
}

/// What a configuration says to all nodes of one process.
#[derive(Debug)]
pub struct Common {
    /// Names this configuration.
    pub epoch: Epoch,
    /// What random choices are keyed by.
    pub seed: u64,
    /// What the nodes do.
    pub settings: ProtocolSettings,
    /// Whom each may send to.
    pub neighbours: Adjacency,
    /// What copies meet on their way.
    pub links: Links,
}

/// What the host tells the machine.
#[derive(Debug, Clone)]
pub enum Input {
    /// Take this configuration and forget every message of the one before. Replies that are owed are given.
    Configure(Config),
    /// Begin a message here.
    Initiate {
        /// Which.
        message: Message,
        /// Length of its name.
        text_bytes: u32,
        /// What it carries.
        payload: Bytes,
    },
    /// A copy has arrived.
    Deliver {
        /// What the reply will name.
        delivery: DeliveryId,
        /// Who sent it. The node itself: whoever started it asks this node to initiate.
        from: NodeIx,
        /// Its encoded size.
        bytes: u64,
        /// What arrived.
        gossip: Gossip,
    },
    /// A send has ended.
    SendDone {
        /// Which one.
        send: SendId,
        /// When it was sent, by the host's clock.
        sent: Timestamp,
        /// How it ended; well, with what the receiver said of its use, where it did.
        result: Result<Option<bool>, Failure>,
    },
    /// A node asks.
    Asked {
        /// What the answer will name.
        asked: DeliveryId,
        /// Who.
        from: NodeIx,
        /// Its encoded size.
        bytes: u64,
        /// What.
        words: Words,
    },
    /// An ask has ended.
    AskDone {
        /// Which one.
        contact: ContactId,
        /// With which answer, or without one.
        result: Result<Answered, Failure>,
    },
    /// A control message has arrived.
    Control {
        /// Who sent it.
        from: NodeIx,
        /// Its encoded size.
        bytes: u64,
        /// What it says.
        words: Words,
    },
    /// A control message of this node has arrived somewhere, or will not.
    ControlDone {
        /// Which one.
        contact: ContactId,
        /// When its receiver said that it had come; none where nobody did.
        answered: Option<Timestamp>,
    },
    /// The instant of [`super::Machine::poll_timeout`] has come.
    Timeout,
    /// The instant of [`super::Machine::poll_access`] has come: no timer is looked at.
    AccessTimeout,
    /// A link of this node has come up; only in a network that moves.
    LinkUp {
        /// To whom.
        peer: NodeIx,
    },
    /// A link of this node has gone down.
    LinkDown {
        /// To whom.
        peer: NodeIx,
    },
    /// The host will send nothing more: what has not left is given up, replies that are owed are given.
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
    /// The network moves, and there is no link to the peer now.
    #[error("no link to this peer")]
    NoLink,
    /// A datagram was lost, and its sender is not told.
    #[error("lost on its way")]
    Lost,
    /// The node was stopped or configured anew before the copy was sent.
    #[error("not sent: the node was {0}")]
    Abandoned(&'static str),
    /// The node was configured anew after the copy was sent and before it was acknowledged: it may have arrived.
    #[error("sent and not waited for: the node was {0}")]
    CutShort(&'static str),
}

impl Failure {
    /// Its kind in one word: what `reason` says in a record.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::NoPeer => "no-peer",
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::TooLarge { .. } => "too-large",
            Self::NoLink => "no-link",
            Self::Lost => "lost",
            Self::Abandoned(_) => "abandoned",
            Self::CutShort(_) => "cut-short",
        }
    }
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
    /// The node was stopped or configured anew before it had come in, or before its answer was out.
    #[error("the node was {0}")]
    CutShort(&'static str),
}

/// What a delivery was to the node that took it; the host has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// The node began the message.
    Initiated,
    /// It had held nothing of it.
    Received,
    /// It held it.
    Duplicate,
}

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
        ack: Result<Ack, Refusal>,
        /// Whether the copy was of use here; none where senders do not want to know.
        useful: Option<bool>,
    },
    /// Carry a question.
    Ask(Contact),
    /// Carry a control message.
    Control(Contact),
    /// Answer a question.
    Answer(Answer),
    /// Refuse a question.
    Refuse {
        /// Which one.
        asked: DeliveryId,
        /// Why.
        refusal: Refusal,
    },
    /// Something happened that the record wants.
    Event(Event),
}

/// One copy to send: the host lets it go when it has been held back for so long, unless a configuration or a stop has come first,
/// and gives the send's end back after the delay of the way back. Once it has left it may take as long as [`super::Machine::deadline`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its name.
    pub send: SendId,
    /// To whom.
    pub to: NodeIx,
    /// What.
    pub gossip: Gossip,
    /// Its encoded size.
    pub bytes: u64,
    /// When it got its permit: it counts as sent then.
    pub since: Timestamp,
    /// How long, from its permit on, the uplink and the link hold it back.
    pub hold: Interval,
    /// How long the way back holds the news of its end.
    pub hold_back: Interval,
    /// Whether it is lost on its way: the host then carries it nowhere, and ends the send well once both times are over.
    pub is_lost: bool,
    /// Whether a fault lets nothing pass: the host then carries it nowhere, and ends the send with [`Failure::Deadline`] once its
    /// deadline is over.
    pub is_cut: bool,
}

/// What is written down; the host adds names, run, process and sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// This node began a message.
    Initiated {
        /// Which.
        message: Message,
        /// When.
        at: Timestamp,
    },
    /// A copy arrived.
    Received {
        /// As which delivery, or as which copy of an answer: the host knows when and how.
        delivery: DeliveryId,
        /// Of which message.
        message: Message,
        /// From whom.
        from: NodeIx,
        /// Over how many hops, where it is known.
        hop: Option<Hop>,
        /// Whether the node held the message already.
        duplicate: bool,
        /// When it was received, where that is the instant at which it was through the downlink, or came to the processor;
        /// none where the host knows.
        at: Option<Timestamp>,
    },
    /// A send ended without an acknowledgment.
    Failed {
        /// Of which message.
        message: Message,
        /// To whom.
        to: NodeIx,
        /// Which hop the copy would have been, where it is known.
        hop: Option<Hop>,
        /// The send's name.
        send: SendId,
        /// When it was sent.
        sent: Timestamp,
        /// When it was given up.
        at: Timestamp,
        /// Size of the encoded message; 0 where it was never made.
        bytes: u64,
        /// Why.
        reason: Failure,
    },
}

/// A reply that is to be given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    pub(super) delivery: DeliveryId,
    pub(super) ack: Ack,
    pub(super) useful: Option<bool>,
}

/// Where a machine puts what follows from an input. The host has one for all its machines.
#[derive(Debug, Default)]
pub struct Outputs {
    pub(super) queue: VecDeque<Output>,
    /// What the protocol says, before the machine has made outputs of it.
    pub(super) out: Out,
}

impl Outputs {
    /// The next thing for the host to do.
    pub fn next_output(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    pub(super) fn reply(&mut self, owed: Owed) {
        let Owed { delivery, ack, useful } = owed;
        self.queue.push_back(Output::Reply { delivery, ack: Ok(ack), useful });
    }

    pub(super) fn event(&mut self, event: Event) {
        self.queue.push_back(Output::Event(event));
    }
}
