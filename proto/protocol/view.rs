//! What a node's part in a protocol may know when it decides.

use crate::holdings::Holdings;
use crate::id::{Message, NodeIx};
use crate::random::{Purpose, Random};
use crate::time::{Interval, Timestamp};

/// See the module.
pub struct View<'a> {
    /// Who it is.
    pub me: NodeIx,
    /// Whom it may send to, in listed order.
    pub neighbours: &'a [NodeIx],
    /// The run's period.
    pub period: Interval,
    /// Whether a node also sends a message to whom it heard it from.
    pub back_to_sender: bool,
    pub(crate) seed: u64,
    pub(crate) held: &'a Holdings,
    /// What came before this instant is known; what came later is held and not yet acted on.
    pub(crate) known_before: Timestamp,
}

impl View<'_> {
    /// Whether it holds a message and may send it.
    pub fn holds(&self, message: Message) -> bool {
        self.held.held(message).is_some()
    }

    /// Since when it holds a message; none where it does not.
    pub fn held_since(&self, message: Message) -> Option<Timestamp> {
        self.held.held(message).map(|holding| holding.since)
    }

    /// Every message that it holds, in order.
    pub fn held(&self) -> impl Iterator<Item = Message> {
        self.held.all_held().map(|holding| holding.message)
    }

    /// Whether it holds a message and acts on it: where periods are aligned, a node sends and answers from what it held
    /// at its last timer.
    pub fn knows(&self, message: Message) -> bool {
        self.held_since(message).is_some_and(|since| since < self.known_before)
    }

    /// Every message that it knows, in order.
    pub fn known(&self) -> impl Iterator<Item = Message> {
        let known = self.held.all_held().filter(|holding| holding.since < self.known_before);
        known.map(|holding| holding.message)
    }

    /// The neighbours that a message goes on to which came from `heard_from`.
    pub fn others(&self, heard_from: Option<NodeIx>) -> impl Iterator<Item = NodeIx> {
        let left_out = heard_from.filter(|_| !self.back_to_sender);
        self.neighbours.iter().copied().filter(move |neighbour| Some(*neighbour) != left_out)
    }

    /// The node's own generator for one purpose and message, the same whenever it is asked for.
    pub fn random(&self, purpose: Purpose, message: Message) -> Random {
        Random::at(self.seed, purpose, &[u64::from(self.me.0), u64::from(message.0)])
    }

    /// The same for the nth of several occasions.
    pub fn random_nth(&self, purpose: Purpose, message: Message, nth: u32) -> Random {
        Random::at(self.seed, purpose, &[u64::from(self.me.0), u64::from(message.0), u64::from(nth)])
    }

    /// The neighbour that it calls in its nth period, each equally likely, whatever it holds; none where it has none.
    pub fn partner(&self, nth: u32) -> Option<NodeIx> {
        self.contact(Message(0), nth)
    }

    /// The neighbour that it contacts about a message in its nth period; none where it has none.
    pub fn contact(&self, message: Message, nth: u32) -> Option<NodeIx> {
        let among = self.neighbours.len() as u64;
        (among > 0).then(|| self.neighbours[self.random_nth(Purpose::Contact, message, nth).below(among) as usize])
    }
}
