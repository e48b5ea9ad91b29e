//! How copies, questions and answers go from machine to machine, and what becomes of those that never arrive.

use cnsim::id::{DeliveryId, NodeIx, SendId};
use cnsim::machine::{Answer, AnswerCopy, Answered, Contact, Failure, Input, Send};
use cnsim::time::{Interval, Timestamp};

use super::World;
use crate::gates::Coming;
use crate::happening::{Arrival, AskEnd, Asker, Asking, End, Happening, Telling};
use crate::journal::Journal;
use crate::queue::Class;

impl World {
    pub(super) fn carry(&mut self, node: NodeIx, copy: Send) {
        let Send { send, to, gossip, bytes, since: sent, hold, hold_back, is_lost, is_cut } = copy;
        if is_cut {
            return self.cut(node, send, sent, hold);
        }
        if is_lost {
            let ended = Happening::Ended { send, sent, how: End::Well(None) };
            return self.push(sent + hold + hold_back, Class::Delivery, node, node, ended);
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let arrival = Arrival { send, sent, hold_back, message: gossip.message, hop: gossip.hop, bytes };
        self.set_out(node, to, hold, arrival);
    }

    /// Nothing passes: the sender hears so by its deadline. One without a deadline waits for ever.
    fn cut(&mut self, node: NodeIx, send: SendId, sent: Timestamp, hold: Interval) {
        if let Some(deadline) = self.machines[node.index()].deadline() {
            let ended = Happening::Ended { send, sent, how: End::Cut };
            self.push(sent + hold + deadline, Class::Delivery, node, node, ended);
        }
    }

    pub(super) fn ask(&mut self, node: NodeIx, ask: Contact) {
        let Contact { contact, to, words, bytes, since, deadline, hold, is_poll, is_lost } = ask;
        let arrives = since + hold;
        let ends = deadline.map(|deadline| arrives + deadline);
        if is_lost {
            let asker = Asker { node, contact, ends, is_poll };
            return self.end_ask_without(asker, node, arrives, Failure::Lost);
        }
        let asking = Asking { contact, bytes, words, ends, is_poll };
        self.push(arrives, Class::Delivery, to, node, Happening::Asked(Box::new(asking)));
    }

    pub(super) fn tell(&mut self, node: NodeIx, control: Contact) {
        let Contact { contact, to, words, bytes, since, hold, is_lost, .. } = control;
        let arrives = since + hold;
        if !is_lost {
            let telling = Box::new(Telling { bytes, words });
            self.push(arrives, Class::Delivery, to, node, Happening::Told(telling));
        }
        self.push(arrives, Class::Delivery, node, node, Happening::ControlDone(contact));
    }

    /// The copies in an answer that comes too late fail as any other copy that does.
    pub(super) fn answer(&mut self, node: NodeIx, answer: Answer, journal: &mut dyn Journal) {
        let Answer { asked, to, body, copies, bytes, since, hold, is_lost } = answer;
        let arrives = since + hold;
        let Some(asker) = self.askers.remove(&asked) else {
            if !is_lost {
                self.fail_answered(node, to, since, copies, &Failure::Deadline, journal);
            }
            return;
        };
        if is_lost {
            return self.end_ask_without(asker, node, arrives, Failure::Lost);
        }
        if asker.ends.is_some_and(|ends| ends < arrives) {
            self.fail_answered(node, to, since, copies, &Failure::Deadline, journal);
            return self.end_ask_without(asker, node, self.now, Failure::Deadline);
        }
        let Asker { node: to, contact, is_poll, .. } = asker;
        let end = AskEnd { contact, sent: since, answer: Ok((body, copies, bytes)), is_poll };
        self.push(arrives, Class::Delivery, to, node, Happening::AskEnded(Box::new(end)));
    }

    pub(super) fn refuse(&mut self, node: NodeIx, asked: DeliveryId, why: &str) {
        if let Some(asker) = self.askers.remove(&asked) {
            let asker = Asker { ends: None, ..asker };
            self.end_ask_without(asker, node, self.now, Failure::Refused(why.to_owned()));
        }
    }

    /// The asker hears of it at its deadline, or where it has none at `at`.
    fn end_ask_without(&mut self, asker: Asker, by: NodeIx, at: Timestamp, failure: Failure) {
        let Asker { node, contact, ends, is_poll } = asker;
        let at = ends.map_or(at, |ends| ends.max(self.now));
        let end = AskEnd { contact, sent: self.now, answer: Err(failure), is_poll };
        self.push(at, Class::Delivery, node, by, Happening::AskEnded(Box::new(end)));
    }

    pub(super) fn asked(&mut self, node: NodeIx, from: NodeIx, asking: Asking, journal: &mut dyn Journal) {
        let Asking { contact, bytes, words, ends, is_poll } = asking;
        let asked = self.name();
        self.askers.insert(asked, Asker { node: from, contact, ends, is_poll });
        self.handle(node, Input::Asked { asked, from, bytes, words }, &[], journal);
        if self.machines[node.index()].is_down()
            && let Some(asker) = self.askers.remove(&asked)
        {
            return self.end_ask_without(asker, node, self.now, Failure::Deadline);
        }
        // An answer that is not given at once may come too late.
        if let Some(ends) = ends.filter(|_| self.askers.contains_key(&asked)) {
            self.push(ends.max(self.now), Class::Delivery, from, node, Happening::AskLate(asked));
        }
    }

    /// The copies in an answer arrive with it.
    pub(super) fn end_ask(&mut self, node: NodeIx, from: NodeIx, end: AskEnd, journal: &mut dyn Journal) {
        let AskEnd { contact, sent, answer, .. } = end;
        let (body, copies, size) = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                return self.handle(node, Input::AskDone { contact, result: Err(failure) }, &[], journal);
            }
        };
        if self.machines[node.index()].is_down() {
            self.fail_copies(from, node, sent, copies, journal);
            return self.handle(node, Input::AskDone { contact, result: Err(Failure::Deadline) }, &[], journal);
        }
        let mut arrivals = Vec::with_capacity(copies.len());
        let mut named = Vec::with_capacity(copies.len());
        for AnswerCopy { send, gossip, bytes } in copies {
            let (message, hop) = (gossip.message, gossip.hop);
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let delivery = self.name();
            let arrival = Arrival { send, sent, hold_back: Interval::ZERO, message, hop, bytes };
            self.note_coming(delivery, Coming { sender: from, receiver: node, arrival });
            arrivals.push((delivery, arrival));
            named.push((delivery, gossip));
        }
        let result = Ok(Answered { bytes: size, body, copies: named });
        self.handle(node, Input::AskDone { contact, result }, &arrivals, journal);
        // A node that pauses takes it later.
        let is_taken = !self.machines[node.index()].stands_still();
        if is_taken && self.faults.is_some() && self.network.is_direct() {
            self.fail_unclaimed(&arrivals, journal);
        }
    }

    /// Copies in an answer that nobody waits for any more: the node went down since it asked.
    fn fail_unclaimed(&mut self, arrivals: &[(DeliveryId, Arrival)], journal: &mut dyn Journal) {
        for (delivery, _) in arrivals {
            let unclaimed = self.gates.as_mut().and_then(|gates| gates.take(*delivery));
            if let Some(coming) = unclaimed.filter(|coming| !self.machines[coming.sender.index()].is_down()) {
                journal.record(self.never_received(coming, &Failure::Deadline));
            }
        }
    }
}
