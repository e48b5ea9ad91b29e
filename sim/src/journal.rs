//! What a simulation writes down.

use cnsim::id::{Hop, Message, NodeIx, SendId};
use cnsim::machine::{ControlCount, Failure};
use cnsim::time::Timestamp;

/// One record, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of which message.
    pub message: Message,
    /// Who sent; the initiator where a message began.
    pub sender: NodeIx,
    /// Who received, or was to.
    pub receiver: NodeIx,
    /// The receiver's distance from the initiator, where it is known.
    pub hop: Option<Hop>,
    /// When the copy was sent; when it began, for a message.
    pub sent: Timestamp,
    /// When it was received or given up.
    pub at: Timestamp,
    /// The sender's name for the copy; 0 where a message began.
    pub send: SendId,
    /// Encoded size of the copy.
    pub bytes: u64,
    /// How often the node that writes it has lost what it held.
    pub restarts: u32,
    /// What happened.
    pub fact: Fact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A message began.
    Initiated,
    /// A node received it for the first time.
    Received,
    /// A node received it that held it.
    Duplicate,
    /// A copy was not acknowledged.
    Failed(Failure),
}

/// Takes entries in the order in which they happen.
pub trait Journal {
    /// Takes the next one.
    fn record(&mut self, entry: Entry);

    /// Takes what a node said to others besides copies in a round that has ended; kind by kind, in the order of nodes.
    fn count_control(&mut self, _node: NodeIx, _count: ControlCount) {}
}

impl Journal for Vec<Entry> {
    fn record(&mut self, entry: Entry) {
        self.push(entry);
    }
}

/// Writes nothing down.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn record(&mut self, _: Entry) {}
}
