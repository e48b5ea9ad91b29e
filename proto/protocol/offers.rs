//! Who has offered what a node does not hold: it asks one of them, and the next where no answer comes, or one without it.

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

    /// A message has come: who offered it besides the one who was asked.
    pub(super) fn end(&mut self, message: Message) -> VecDeque<NodeIx> {
        let place = self.0.iter().position(|wanted| wanted.message == message);
        place.map(|place| self.0.swap_remove(place).others).unwrap_or_default()
    }

    /// Who was asked has not given the messages that are meant: whom to ask now, and for what. Where nobody is left a message is given
    /// up until it is offered again.
    pub(super) fn ask_others(&mut self, asked: NodeIx, is_meant: impl Fn(Message) -> bool) -> Vec<(NodeIx, Message)> {
        let mut next = Vec::new();
        self.0.retain_mut(|wanted| {
            if wanted.asked != asked || !is_meant(wanted.message) {
                return true;
            }
            let Some(other) = wanted.others.pop_front() else { return false };
            wanted.asked = other;
            next.push((other, wanted.message));
            true
        });
        next
    }

    /// A node is gone: it will give nothing, and is asked for nothing more.
    pub(super) fn leave(&mut self, gone: NodeIx) -> Vec<(NodeIx, Message)> {
        self.0.iter_mut().for_each(|wanted| wanted.others.retain(|other| *other != gone));
        self.ask_others(gone, |_| true)
    }

    /// How many messages were asked for and have not come.
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_about_one_message_leaves_another_that_was_asked_of_the_same_node() {
        let mut offers = Offers::default();
        let (one, two) = (Message(1), Message(2));
        assert_eq!(offers.note(NodeIx(5), [one, two].into_iter()), [one, two]);
        assert_eq!(offers.note(NodeIx(6), [one, two].into_iter()), []);
        assert_eq!(offers.ask_others(NodeIx(5), |message| message == one), [(NodeIx(6), one)]);
        assert_eq!(offers.len(), 2, "the second is still asked of the first node");
        assert_eq!(offers.end(two), [NodeIx(6)]);
        assert_eq!(offers.leave(NodeIx(6)), [], "nobody else has offered it");
        assert_eq!(offers.len(), 0);
    }
}
