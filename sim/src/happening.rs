//! What happens at a node in virtual time, and what the journal is told of it.

use cnsim::id::{ContactId, DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use cnsim::machine::{AnswerCopy, Event, Failure, Words};
use cnsim::protocol::Body;
use cnsim::time::{Interval, Timestamp};

use crate::journal::{Entry, Fact};

/// What happens at a node.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A message begins, whatever became of the ones before.
    Begin(Message),
    /// Its link lets a copy go, which its sender works on before it leaves.
    Leaves(Box<Arrival>),
    /// A copy is at a node that works on it before it is received.
    Reaches(Box<Arrival>),
    Arrival(Arrival),
    /// The news that a send has ended.
    Ended {
        send: SendId,
        sent: Timestamp,
        how: End,
    },
    Timeout,
    /// Links come up or go down.
    Links,
    /// Something is through at a node.
    Through,
    /// Somebody asks.
    Asked(Box<Asking>),
    /// An answer, or the news that there will be none.
    AskEnded(Box<AskEnd>),
    /// An asker loses patience.
    AskLate(DeliveryId),
    /// Somebody says something that wants no answer.
    Told(Box<Telling>),
    /// The news that somebody was told, or will not be.
    ControlDone(ContactId),
}

impl Happening {
    /// Whether it keeps a round from being over. Timers do not, nor do polls that bring nothing, nor a sender's impatience, which
    /// means nothing where the reply comes before.
    pub(crate) fn is_moving(&self) -> bool {
        match self {
            Self::Timeout | Self::Links | Self::Through | Self::AskLate(_) | Self::Ended { how: End::Late, .. } => {
                false
            }
            Self::Asked(asking) => !asking.is_poll,
            Self::AskEnded(end) => !end.is_poll || end.answer.as_ref().is_ok_and(|(_, copies, _)| !copies.is_empty()),
            Self::Begin(_)
            | Self::Leaves(_)
            | Self::Reaches(_)
            | Self::Arrival(_)
            | Self::Ended { .. }
            | Self::Told(_)
            | Self::ControlDone(_) => true,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// With what the receiver said of its use.
    Well(Option<bool>),
    Refused(Epoch),
    Late,
    /// The same, where no reply can come.
    Cut,
}

/// A copy that arrives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) send: SendId,
    pub(crate) sent: Timestamp,
    /// How long the way back holds the news of its end.
    pub(crate) hold_back: Interval,
    pub(crate) message: Message,
    pub(crate) hop: Option<Hop>,
    pub(crate) bytes: u32,
}

/// An ask on its way.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) contact: ContactId,
    pub(crate) bytes: u64,
    pub(crate) words: Words,
    /// When it ends if no answer comes; none: it waits as long as one takes.
    pub(crate) ends: Option<Timestamp>,
    pub(crate) is_poll: bool,
}

/// A control message on its way.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) bytes: u64,
    pub(crate) words: Words,
}

/// The end of an ask.
#[derive(Debug)]
pub(crate) struct AskEnd {
    pub(crate) contact: ContactId,
    /// When the answer was given.
    pub(crate) sent: Timestamp,
    /// What was said, the copies in it, and the size of all of it.
    pub(crate) answer: Result<(Body, Vec<AnswerCopy>, u64), Failure>,
    pub(crate) is_poll: bool,
}

/// An ask that is to be answered.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) node: NodeIx,
    pub(crate) contact: ContactId,
    /// When it ends if no answer comes; none: it waits as long as one takes.
    pub(crate) ends: Option<Timestamp>,
    pub(crate) is_poll: bool,
}

/// A delivery whose reply is still to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) sender: NodeIx,
    pub(crate) send: SendId,
    pub(crate) sent: Timestamp,
    pub(crate) hold_back: Interval,
}

/// What the journal is told of an event at `node`; of a receipt, with the copy that arrived.
pub(crate) fn entry(node: NodeIx, restarts: u32, event: Event, now: Timestamp, arrival: Option<Arrival>) -> Entry {
    match event {
        Event::Initiated { message, at } => {
            let hop = Some(Hop::ORIGIN);
            Entry {
                message,
                sender: node,
                receiver: node,
                hop,
                sent: at,
                at,
                send: SendId(0),
                bytes: 0,
                restarts,
                fact: Fact::Initiated,
            }
        }
        Event::Received { message, from, hop, duplicate, at, .. } => {
            let at = at.unwrap_or(now);
            let Arrival { send, sent, bytes, .. } = arrival.expect("only a delivery is received");
            let fact = if duplicate { Fact::Duplicate } else { Fact::Received };
            Entry {
                message,
                sender: from,
                receiver: node,
                hop,
                sent,
                at,
                send,
                bytes: u64::from(bytes),
                restarts,
                fact,
            }
        }
        Event::Failed { message, to, hop, send, sent, at, bytes, reason } => Entry {
            message,
            sender: node,
            receiver: to,
            hop,
            sent,
            at,
            send,
            bytes,
            restarts,
            fact: Fact::Failed(reason),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_small_for_millions_of_it_wait() {
        assert_eq!(size_of::<Happening>(), 40);
    }
}
