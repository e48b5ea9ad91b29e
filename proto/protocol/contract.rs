//! What a protocol is: the rules of a run, and one node's part in them as a state machine without IO.
//!
//! The machine around it owns what every protocol shares: permits, links, acknowledgments, records, and what a node holds. A protocol
//! is told what happened ([`In`]), looks at what it may know ([`View`]), and says what shall happen ([`Out`]). It never asks what
//! time it is, and draws only from [`View::random`], whose draws do not depend on the order in which they are made.

use std::fmt;
use std::sync::Arc;

use super::promises::Promises;
use crate::id::{Hop, Message, NodeIx};
use crate::random::{Purpose, Random};
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

    /// A node that has just been configured.
    fn node(&self) -> Box<dyn Participant>;
}

/// One node's part in a protocol.
pub trait Participant: fmt::Debug + Send {
    /// Takes one input; what follows from it is in `out` afterwards.
    fn handle(&mut self, now: Timestamp, input: In, view: &View<'_>, out: &mut Out);
}

/// What a protocol is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
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
}

/// What a timer is for, in a protocol's own numbers. There is at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer(pub u32);

/// What a node may know when it decides.
pub struct View<'a> {
    /// Who it is.
    pub me: NodeIx,
    /// Whom it may send to, in listed order.
    pub neighbours: &'a [NodeIx],
    pub(crate) seed: u64,
}

impl View<'_> {
    /// The node's own generator for one purpose and message, the same whenever it is asked for.
    pub fn random(&self, purpose: Purpose, message: Message) -> Random {
        Random::at(self.seed, purpose, &[u64::from(self.me.0), u64::from(message.0)])
    }
}

/// What shall happen. The machine keeps one and empties it after each input.
#[derive(Debug, Default)]
pub struct Out {
    pub(crate) sends: Vec<(NodeIx, Message)>,
    pub(crate) timers: Vec<(Timer, Option<Timestamp>)>,
}

impl Out {
    /// Sends a copy of a message that this node holds. Copies of one input leave in the order that the run's options say.
    pub fn send(&mut self, to: NodeIx, message: Message) {
        self.sends.push((to, message));
    }

    /// Sets a timer, in place of one for the same.
    pub fn timer(&mut self, at: Timestamp, what: Timer) {
        self.timers.push((what, Some(at)));
    }

    /// Takes a timer back; nothing where it is not set.
    pub fn cancel(&mut self, what: Timer) {
        self.timers.push((what, None));
    }
}
