//! The part of a machine that asks, answers and tells. Asks and control messages need no permit.
//!
//! Their way is drawn by the number that they have among their sender's in its configuration, in place of a round, and the
//! way of an answer by that of its ask: no two on one edge have the same, and no counter for each edge is needed.

use super::access::{Pending, Reply};
use super::ask::{Answer, AnswerCopy, Answered, Contact, ControlCount, Words};
use super::gossip::Gossip;
use super::io::{Failure, Output, Outputs};
use super::size::{WordsParts, answer_bytes};
use super::way::Way;
use super::{Arrival, Configured, Machine};
use crate::id::{ContactId, DeliveryId, Epoch, Hop, Message, NodeIx};
use crate::link::{CopyKey, CopyKind};
use crate::protocol::{Body, In, Other};
use crate::time::Timestamp;

/// How a node turns to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Ask,
    Poll,
    Control,
}

/// Something that a node asks or tells another.
struct Call {
    to: NodeIx,
    body: Body,
    manner: Manner,
}

impl Machine {
    /// The control traffic that it has sent since it was configured or its counts began anew, by kind.
    pub fn control_counts(&self) -> Vec<ControlCount> {
        let (Some(contacts), Some(configured)) = (&self.contacts, &self.configured) else { return Vec::new() };
        let protocol = configured.config.common.settings.spec.protocol();
        let name = |kind| if kind == Body::EMPTY { "empty" } else { protocol.body_name(kind) };
        let counts = contacts.counts();
        counts.map(|(kind, messages, bytes)| ControlCount { name: name(kind), messages, bytes }).collect()
    }

    /// Counts control traffic from nothing again.
    pub fn begin_control_counts(&mut self) {
        if let Some(contacts) = &mut self.contacts {
            contacts.begin_counts();
        }
    }

    /// Takes a control message. What is of another run is not for this one, and nobody waits to hear so.
    pub(super) fn told(&mut self, now: Timestamp, from: NodeIx, words: &Words, outputs: &mut Outputs) {
        if self.refusal(words.epoch).is_none() && !self.take_probe(now, &words.body) {
            self.consult(now, In::Control { from, body: &words.body }, outputs);
            self.spread_held(outputs);
        }
    }

    /// A control message has arrived or failed.
    pub(super) fn control_done(&mut self, contact: ContactId) {
        if let Some(contacts) = &mut self.contacts {
            contacts.end(contact);
        }
    }

    /// Does what the protocol said besides sending copies.
    pub(super) fn carry_out_others(&mut self, now: Timestamp, outputs: &mut Outputs) {
        let mut others = std::mem::take(&mut outputs.out.others);
        for other in others.drain(..) {
            match other {
                Other::Ask(to, body) => self.contact(now, Call { to, body, manner: Manner::Ask }, outputs),
                Other::Poll(to, body) => self.contact(now, Call { to, body, manner: Manner::Poll }, outputs),
                Other::Control(to, body) => {
                    if let Some(Pending::Control(to, body)) = self.wait_for_check(Pending::Control(to, body)) {
                        self.tell(now, to, body, outputs);
                    }
                }
                Other::Forget(message) => {
                    self.holdings.forget(message);
                    if let Some(contacts) = &mut self.contacts {
                        contacts.forget(message);
                    }
                }
            }
        }
        outputs.out.others = others;
    }

    /// Tells a node something that it does not answer.
    pub(super) fn tell(&mut self, now: Timestamp, to: NodeIx, body: Body, outputs: &mut Outputs) {
        self.contact(now, Call { to, body, manner: Manner::Control }, outputs);
    }

    fn contact(&mut self, now: Timestamp, call: Call, outputs: &mut Outputs) {
        let Some(Configured { config, .. }) = &self.configured else { return };
        let Call { to, body, manner } = call;
        let common = std::sync::Arc::clone(&config.common);
        let (name_bytes, first) = (config.name_bytes, config.first_period);
        let contacts = self.contacts.get_or_insert_default();
        let (contact, nth) = contacts.begin(to, manner == Manner::Poll);
        let nth = nth.wrapping_add(first);
        let bytes = WordsParts { name_bytes, epoch: common.epoch, nth, body: &body }.encoded_bytes();
        contacts.count(body.kind, bytes);
        let kind = match manner {
            Manner::Ask | Manner::Poll => CopyKind::Request,
            Manner::Control => CopyKind::Control,
        };
        let Way { after: hold, is_lost, is_cut } = self.way(now, to, CopyKey { round: nth, kind, nth: 0 });
        let is_lost = is_lost || is_cut || !self.has_link(to);
        let epoch = Some(common.epoch).filter(|epoch| *epoch != Epoch(0));
        let words = Words { nth, epoch, body };
        let (deadline, is_poll) = (common.settings.deadline, manner == Manner::Poll);
        let contact = Contact { contact, to, words, bytes, since: now, deadline, hold, is_poll, is_lost };
        let output = match manner {
            Manner::Ask | Manner::Poll => Output::Ask(contact),
            Manner::Control => Output::Control(contact),
        };
        self.send_off(now, output, outputs);
    }

    /// Answers an ask, or refuses one of another run.
    pub(super) fn asked(
        &mut self,
        now: Timestamp,
        asked: DeliveryId,
        from: NodeIx,
        words: &Words,
        outputs: &mut Outputs,
    ) {
        if let Some(refusal) = self.refusal(words.epoch) {
            outputs.queue.push_back(Output::Refuse { asked, refusal });
            return;
        }
        outputs.out.answer = None;
        self.consult(now, In::Asked { from, body: &words.body }, outputs);
        let (body, messages) = outputs.out.answer.take().unwrap_or_default();
        let reply = Reply { asked, from, nth: words.nth, body, messages };
        if let Some(Pending::Answer(reply)) = self.wait_for_check(Pending::Answer(reply)) {
            self.answer(now, reply, outputs);
        }
        self.spread_held(outputs);
    }

    /// Gives an answer.
    pub(super) fn answer(&mut self, now: Timestamp, reply: Reply, outputs: &mut Outputs) {
        let Reply { asked, from, nth, body, messages } = reply;
        let Way { after: hold, is_lost, is_cut } =
            self.way(now, from, CopyKey { round: nth, kind: CopyKind::Answer, nth: 0 });
        let copies: Vec<AnswerCopy> = messages.iter().filter_map(|message| self.answer_copy(now, *message)).collect();
        let bytes = answer_bytes(&body, copies.iter().map(|copy| copy.bytes));
        let of_copies: u64 = copies.iter().map(|copy| copy.bytes).sum();
        self.contacts.get_or_insert_default().count(body.kind, bytes - of_copies);
        let is_lost = is_lost || is_cut || !self.has_link(from);
        let answer = Answer { asked, to: from, body, copies, bytes, since: now, hold, is_lost };
        self.send_off(now, Output::Answer(answer), outputs);
    }

    /// A copy of a message that this node holds, as one of its sends that has ended.
    fn answer_copy(&mut self, now: Timestamp, message: Message) -> Option<AnswerCopy> {
        if self.is_mute() && self.holdings.get(message).is_some_and(|holding| holding.hop != Some(Hop::ORIGIN)) {
            return None;
        }
        let Some(holding) = self.holdings.held(message) else {
            debug_assert!(false, "the protocol answers with {message:?}, which this node does not hold");
            return None;
        };
        let (text_bytes, hop, payload) = (holding.text_bytes, holding.hop, holding.payload.clone());
        let epoch = Some(self.epoch()).filter(|epoch| *epoch != Epoch(0));
        let gossip = Gossip { message, text_bytes, hop, epoch, payload };
        let send = self.sends.number_ended();
        self.load.started += 1;
        self.load.finished += 1;
        let bytes = self.bytes_of(&gossip, send, now);
        Some(AnswerCopy { send, gossip, bytes })
    }

    /// An ask has ended.
    pub(super) fn ask_done(
        &mut self,
        now: Timestamp,
        contact: ContactId,
        result: Result<Answered, Failure>,
        outputs: &mut Outputs,
    ) {
        // What a configuration cut short is not answered under the next one.
        let Some(to) = self.contacts.as_mut().and_then(|contacts| contacts.end(contact)) else { return };
        let Ok(Answered { body, copies, .. }) = result else {
            self.consult(now, In::Unanswered { to }, outputs);
            return self.spread_held(outputs);
        };
        for (delivery, gossip) in copies {
            let Gossip { message, text_bytes, hop, payload, .. } = gossip;
            let hop = hop.map(Hop::next);
            self.arrive(now, Arrival { delivery, from: to, message, text_bytes, hop, payload: &payload }, outputs);
            self.spread_held(outputs);
        }
        self.consult(now, In::Answered { to, body: &body }, outputs);
        self.spread_held(outputs);
    }
}
