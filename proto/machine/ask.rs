//! What nodes say to each other besides copies: asks and their answers, and control messages that want none.

use super::gossip::Gossip;
use crate::id::{ContactId, DeliveryId, Epoch, NodeIx, SendId};
use crate::protocol::Body;
use crate::time::{Interval, Timestamp};

/// What an ask or a control message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Which ask or control message of its sender this is, counted from 1 at the sender's configuration: the way there and
    /// the way of the answer are drawn by it.
    pub nth: u32,
    /// The sender's configuration, where it has one.
    pub epoch: Option<Epoch>,
    /// What the protocol says.
    pub body: Body,
}

/// An ask or a control message to carry. The host lets it go after its link's delay. An ask ends by
/// [`super::Input::AskDone`], a control message by [`super::Input::ControlDone`] when it has arrived or failed: exactly
/// once, but for those that a configuration or a stop has cut short, whose ends nobody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its name.
    pub contact: ContactId,
    /// To whom.
    pub to: NodeIx,
    /// What.
    pub words: Words,
    /// Its encoded size.
    pub bytes: u64,
    /// When the node asked or told.
    pub since: Timestamp,
    /// How long it and its answer may take once it has left; none: as long as they take.
    pub deadline: Option<Interval>,
    /// How long, from then, the uplink and the link hold it back.
    pub hold: Interval,
    /// Whether it is a poll, which keeps no message from being over.
    pub is_poll: bool,
    /// Whether it is lost on its way: the host then carries it nowhere. It ends a lost control message once its link would
    /// have let it go, and a lost ask with [`super::Failure::Lost`] at its deadline, or where it has none as a control message.
    pub is_lost: bool,
}

/// What a node answers. The host lets it go after its link's delay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// To which ask.
    pub asked: DeliveryId,
    /// Whose ask it was.
    pub to: NodeIx,
    /// What the protocol says.
    pub body: Body,
    /// Messages that travel in it: sends of this node, which have their own names, and end here.
    pub copies: Vec<AnswerCopy>,
    /// The encoded size of all of it.
    pub bytes: u64,
    /// When the node answered: its copies are sent then.
    pub since: Timestamp,
    /// How long, from then, the uplink and the link hold it back.
    pub hold: Interval,
    /// Whether it is lost on its way: the ask then ends like a lost ask. The copies in it have their records.
    pub is_lost: bool,
}

/// A copy in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerCopy {
    /// Its name.
    pub send: SendId,
    /// What.
    pub gossip: Gossip,
    /// Its encoded size.
    pub bytes: u64,
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answered {
    /// The encoded size of all of it.
    pub bytes: u64,
    /// What it says.
    pub body: Body,
    /// The copies in it, each named by the host, which knows when it was sent. They get no reply.
    pub copies: Vec<(DeliveryId, Gossip)>,
}

/// How much of one kind of control traffic a node has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlCount {
    /// What the protocol calls the kind.
    pub name: &'static str,
    /// How many asks, answers and control messages.
    pub messages: u64,
    /// Their encoded size, without the copies in answers.
    pub bytes: u64,
}
