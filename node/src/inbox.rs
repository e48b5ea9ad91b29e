//! What others say to a node, and how they reach it.

use std::sync::{Arc, Mutex, RwLock};

use bytes::Bytes;
use cnsim::id::{Hop, MessageId, NodeId};
use cnsim::machine::{Config, ControlCount, FaultLog, Load, Refusal, RoundFaults, Words};
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::Arrived;
use tokio::sync::{mpsc, oneshot};

use crate::exchange::Answering;
use crate::network::Network;

/// What handlers put into a node's bounded queue.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A copy arrived.
    Deliver {
        /// As it came from the wire.
        arrived: Arrived,
        /// When the handler began.
        received: Timestamp,
        /// Where the reply goes: the acknowledgment, or why it is refused.
        reply: oneshot::Sender<Result<Taken, Refusal>>,
    },
    /// A node asks.
    Asked {
        /// Who.
        from: NodeId,
        /// Its encoded size.
        bytes: u64,
        /// What.
        words: Words,
        /// Where the answer goes, or why there is none.
        reply: oneshot::Sender<Result<Answering, Refusal>>,
    },
    /// A node says something that it wants no answer to.
    Told {
        /// Who.
        from: NodeId,
        /// Its encoded size.
        bytes: u64,
        /// What.
        words: Words,
        /// Told when the core has taken it, so that its sender counts it until then.
        done: oneshot::Sender<()>,
    },
    /// Does the node hold a message, and at which hop?
    Seen {
        /// Which.
        message: MessageId,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<Option<Hop>>>,
    },
}

/// A link that comes up or goes down.
#[derive(Debug, Clone)]
pub(crate) struct LinkTurn {
    /// When.
    pub(crate) at: Timestamp,
    /// To whom.
    pub(crate) peer: NodeId,
    /// Whether it comes up.
    pub(crate) up: bool,
}

/// A copy that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The published system's words for it.
    pub(crate) details: String,
    /// Whether it was of use; none where senders do not want to know.
    pub(crate) useful: Option<bool>,
}

/// What the process tells a node.
#[derive(Debug)]
pub(crate) enum Instruction {
    /// Take a configuration.
    Configure {
        /// The core's.
        config: Config,
        /// The process's.
        network: Arc<Network>,
        /// Told when it is taken.
        done: oneshot::Sender<()>,
    },
    /// Begin a message.
    Initiate {
        /// Its name.
        message: MessageId,
        /// What it carries.
        payload: Bytes,
        /// Told when the core has taken it.
        done: oneshot::Sender<()>,
    },
    /// Count control traffic from nothing again.
    BeginCounts {
        /// Told when it does.
        done: oneshot::Sender<()>,
    },
    /// Have the faults of a round befall this node.
    BeginFaults {
        /// Which.
        faults: RoundFaults,
        /// Told when it has them.
        done: oneshot::Sender<()>,
    },
    /// Have this node's links come and go.
    BeginMotion {
        /// How long after a turn the node discovers it.
        discovery: Interval,
        /// To whom, whether up or down, and when.
        turns: Vec<LinkTurn>,
        /// Told when it has them.
        done: oneshot::Sender<()>,
    },
    /// Tell what it has seen of them.
    TellFaults {
        /// Where that goes.
        log: oneshot::Sender<FaultLog>,
    },
    /// Tell what control traffic there was.
    TellCounts {
        /// Where it goes.
        counts: oneshot::Sender<Vec<ControlCount>>,
    },
    /// End, and leave everything as it is: nothing more happens, what is in flight ends, and nothing is recorded.
    Halt {
        /// Where goes what control traffic there was, when it does.
        counts: oneshot::Sender<Vec<ControlCount>>,
    },
    /// Give up what waits, let the copies in flight end, and end.
    Stop,
}

/// How others reach a node.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    /// The bounded queue.
    pub(crate) incoming: mpsc::Sender<Incoming>,
    /// What the process asks of it.
    pub(crate) instructions: mpsc::Sender<Instruction>,
    /// Published after each input.
    pub(crate) load: Arc<Mutex<Load>>,
    /// What the node is called now.
    pub(crate) id: Arc<RwLock<NodeId>>,
}

impl Handle {
    /// What the node is called now: a configuration can give it another id.
    pub(crate) fn id(&self) -> NodeId {
        self.id.read().expect("no holder of this lock panics").clone()
    }
}
