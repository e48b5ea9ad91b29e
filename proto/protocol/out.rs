//! What a node's part in a protocol wants to happen.

use super::body::Body;
use crate::id::{Message, NodeIx};
use crate::time::Timestamp;

/// What a timer is for, in a protocol's own numbers. There is at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer(pub u32);

/// What shall happen. The machine keeps one and empties it after each input.
#[derive(Debug, Default)]
pub struct Out {
    pub(crate) sends: Vec<(NodeIx, Message)>,
    pub(crate) timers: Vec<(Timer, Option<Timestamp>)>,
    /// What protocols that only push never say.
    pub(crate) others: Vec<Other>,
    pub(crate) answer: Option<(Body, Vec<Message>)>,
    pub(crate) useful: Option<bool>,
}

/// What does not concern copies on their own.
#[derive(Debug)]
pub(crate) enum Other {
    /// A question that waits for an answer.
    Ask(NodeIx, Body),
    /// One that is asked whether or not there is anything to hear.
    Poll(NodeIx, Body),
    /// A message that waits for none.
    Control(NodeIx, Body),
    /// A message whose payload is not needed any more.
    Forget(Message),
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

    /// Asks a node, which gives exactly one answer; the end of it comes as an answer or as none.
    pub fn ask(&mut self, to: NodeIx, body: Body) {
        self.others.push(Other::Ask(to, body));
    }

    /// Asks a node as a matter of routine: a poll that may bring nothing does not keep its message from being over.
    pub fn poll(&mut self, to: NodeIx, body: Body) {
        self.others.push(Other::Poll(to, body));
    }

    /// Tells a node something that it does not answer.
    pub fn control(&mut self, to: NodeIx, body: Body) {
        self.others.push(Other::Control(to, body));
    }

    /// The answer to the question that is the input, with copies of messages that this node holds. Where a protocol
    /// says none, the answer is empty; of two the last counts.
    pub fn answer(&mut self, body: Body, copies: &[Message]) {
        self.answer = Some((body, copies.to_vec()));
    }

    /// Whether the copy that is the input was of use here: what its sender is told, where the protocol wants to know how
    /// its sends end. Where a protocol does not say, a first receipt was and a duplicate was not.
    pub fn useful(&mut self, useful: bool) {
        self.useful = Some(useful);
    }

    /// Lets go of a message: the node can no longer send it, and knows another copy for a duplicate.
    pub fn forget(&mut self, message: Message) {
        self.others.push(Other::Forget(message));
    }
}
