//! Who has offered what a node does not hold: it asks one of them, and the next where no answer comes.

use std::collections::VecDeque;

use crate::id::{Message, NodeIx};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Offers(Vec<Wanted>);

/// A message that was asked for and has not come.
#[derive(Debug)]
struct Wanted {
    message: Message,
    asked: NodeIx,
    /// Who offered it later.
    others: VecDeque<NodeIx>,
}

impl Offers {
    /// Notes an offer of messages that are not here; those that nobody was asked for yet are to be asked for now.
    pub(super) fn note(&mut self, from: NodeIx, missing: impl Iterator<Item = Message>) -> Vec<Message> {
        let mut wanted = Vec::new();
        for message in missing {
            match self.0.iter_mut().find(|wanted| wanted.message == message) {
                Some(known) if known.asked != from && !known.others.contains(&from) => known.others.push_back(from),
                Some(_) => {}
                None => {
                    self.0.push(Wanted { message, asked: from, others: VecDeque::new() });
                    wanted.push(message);
                }
            }
        }
        wanted
    }

    /// A message has come.
    pub(super) fn end(&mut self, message: Message) {
        self.0.retain(|wanted| wanted.message != message);
    }

    /// Who was asked has not sent these, or is gone: whom to ask now, and for what. Where nobody is left a message is given up
    /// until it is offered again.
    pub(super) fn ask_others(&mut self, asked: NodeIx) -> Vec<(NodeIx, Message)> {
        let mut next = Vec::new();
        self.0.retain_mut(|wanted| {
            wanted.others.retain(|other| *other != asked);
            if wanted.asked != asked {
                return true;
            }
            let Some(other) = wanted.others.pop_front() else { return false };
            wanted.asked = other;
            next.push((other, wanted.message));
            true
        });
        next
    }

    /// How many messages were asked for and have not come.
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }
}
