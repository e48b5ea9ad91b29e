//! What a protocol is: the rules of a run, and one node's part in them as a state machine without IO.
//!
//! The machine around it owns what every protocol shares: permits, links, acknowledgments, records, and what a node holds. A protocol
//! is told what happened ([`In`]), looks at what it may know ([`View`]), and says what shall happen ([`Out`]). It never asks what
//! time it is, and draws only from [`View::random`], whose draws do not depend on the order in which they are made.

use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::out::{Out, Timer};
use super::promises::Promises;
use super::view::View;
use crate::id::{Hop, Message, NodeIx};
use crate::time::Timestamp;

/// How a protocol is typed: a name, and what it needs behind it.
#[derive(Debug, Clone, Copy)]
pub struct Syntax {
    /// As help and errors show it: the name, then its parts.
    pub usage: &'static str,
    /// What the parts have to be, for the error.
    pub needs: &'static str,
    /// The protocol with these parts; none where they are not what it needs.
    pub parse: fn(parts: &[&str]) -> Option<Arc<dyn Protocol>>,
}

/// A protocol with its numbers: the same for every node of a run. It is displayed as it is typed.
pub trait Protocol: fmt::Debug + fmt::Display + Send + Sync {
    /// What may be relied on in a run without faults.
    fn promises(&self) -> Promises;

    /// Whether a node sends a message at other times than when it begins or arrives, so that it has to keep the payload.
    fn sends_later(&self) -> bool {
        false
    }

    /// Whether a node is told of each period: [`In::Period`].
    fn is_periodic(&self) -> bool {
        false
    }

    /// Whether the run's period means something to it: as periods, or as the length of timers of its own.
    fn uses_period(&self) -> bool {
        self.is_periodic()
    }

    /// Whether a node that got a message sends it on at once to whom it chooses, so that it makes a difference whether whom it
    /// heard from is among them: [`View::back_to_sender`].
    fn may_send_back(&self) -> bool {
        false
    }

    /// Whether it comes to rest by itself, so that a message is over when nothing is queued, in flight or unsettled. One
    /// that does not is given a time.
    fn settles(&self) -> bool {
        true
    }

    /// Whether a node takes something from one message to the next, as the tree that the first one grew: then rounds are
    /// simulated one behind the other, on the same nodes.
    fn learns(&self) -> bool {
        false
    }

    /// Whether a node is told how each of its sends ended: [`In::Sent`].
    fn wants_sent(&self) -> bool {
        false
    }

    /// How many copies of a message a node sends in a period, where it sends in each as long as it sends the message, and at no other
    /// time.
    fn copies_a_period(&self) -> Option<u32> {
        None
    }

    /// Whether copies travel in answers too, of which some may come when nobody waits for them any longer.
    fn answers_with_copies(&self) -> bool {
        false
    }

    /// The control message of which a node sends one in each period, by what it is called where it is counted.
    fn once_a_period(&self) -> Option<&'static str> {
        None
    }

    /// The control message of which a node sends one for each copy of what it holds, likewise.
    fn once_a_duplicate(&self) -> Option<&'static str> {
        None
    }

    /// What control messages of this kind are called where they are counted.
    fn body_name(&self, _kind: u8) -> &'static str {
        "control"
    }

    /// A node that has just been configured.
    fn node(&self) -> Box<dyn Participant>;
}

/// One node's part in a protocol.
pub trait Participant: fmt::Debug + Send {
    /// Takes one input; what follows from it is in `out` afterwards.
    fn handle(&mut self, now: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out);

    /// How many messages this node may still send, or have sent to it, without being asked from outside. Polls that may
    /// bring nothing do not count.
    fn unsettled(&self) -> u32 {
        0
    }
}

/// What a protocol is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In<'a> {
    /// A message begins at this node, which holds it now.
    Start {
        /// Which.
        message: Message,
    },
    /// A copy arrived. The node holds the message now.
    Received {
        /// Who sent it; perhaps nobody whom this node may send to.
        from: NodeIx,
        /// Of which message.
        message: Message,
        /// This node's distance from the initiator along the copy's way; none where the sender did not say its own.
        hop: Option<Hop>,
        /// Whether the node held nothing of it before.
        first: bool,
    },
    /// A timer that it had set has come.
    Timer(Timer),
    /// A period has come; only where the protocol is periodic.
    Period {
        /// Which, counted from 0 at the configuration. Periods that the host let pass are left out.
        nth: u32,
    },
    /// A node asks; the answer is [`Out::answer`].
    Asked {
        /// Who.
        from: NodeIx,
        /// What.
        body: &'a Body,
    },
    /// An answer came. The copies in it were received before.
    Answered {
        /// From whom.
        to: NodeIx,
        /// What it says.
        body: &'a Body,
    },
    /// An ask has ended without an answer.
    Unanswered {
        /// Who was asked.
        to: NodeIx,
    },
    /// A node says something that wants no answer.
    Control {
        /// Who.
        from: NodeIx,
        /// What.
        body: &'a Body,
    },
    /// A send has ended; only where the protocol wants to know.
    Sent {
        /// To whom.
        to: NodeIx,
        /// Of which message.
        message: Message,
        /// Whether the receiver found it of use; none where nobody said so, as when the copy was lost.
        useful: Option<bool>,
    },
    /// The network moves, and this node has discovered a neighbour; it is in [`View::neighbours`] now.
    PeerUp {
        /// Whom.
        peer: NodeIx,
    },
    /// It has discovered that a neighbour is gone.
    PeerDown {
        /// Whom.
        peer: NodeIx,
    },
}
