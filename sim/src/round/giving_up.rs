//! What becomes of what is still on its way when a round is given up, and of copies in answers that come to nobody.

use cnsim::id::{Hop, NodeIx};
use cnsim::machine::{AnswerCopy, Failure, Gossip};
use cnsim::time::{Interval, Timestamp};

use super::World;
use crate::gates::Coming;
use crate::happening::{Arrival, AskEnd, Happening};
use crate::journal::{Entry, Fact, Journal};
use crate::queue::{Key, Queue};

impl World {
    /// What is still on its way is given up, as a driver does that configures anew.
    pub(super) fn give_up(&mut self, round: u32, journal: &mut dyn Journal) {
        while let Some((key, happening)) = self.pop() {
            self.cut_short(key, happening, journal);
        }
        self.cut_short_inside(journal);
        self.queue = Queue::new();
        self.timeouts.clear();
        self.processors.iter_mut().for_each(|processors| processors.clear());
        self.owed.clear();
        self.askers.clear();
        self.moving = 0;
        self.configure(round.wrapping_add(1), journal);
    }

    /// The copies in an answer are sends that have ended for their sender: nobody else says that they never came.
    pub(super) fn cut_short(&self, key: Key, happening: Happening, journal: &mut dyn Journal) {
        let Happening::AskEnded(end) = happening else { return };
        let AskEnd { sent, answer: Ok((_, copies, _)), .. } = *end else { return };
        self.fail_answered(key.source, key.destination, sent, copies, &Failure::CutShort("configured anew"), journal);
    }

    /// Copies in an answer that comes to a node which is down; one that is down itself writes nothing.
    pub(super) fn fail_copies(
        &self,
        from: NodeIx,
        to: NodeIx,
        sent: Timestamp,
        copies: Vec<AnswerCopy>,
        journal: &mut dyn Journal,
    ) {
        if !self.machines[from.index()].is_down() {
            self.fail_answered(from, to, sent, copies, &Failure::Deadline, journal);
        }
    }

    pub(super) fn fail_answered(
        &self,
        sender: NodeIx,
        receiver: NodeIx,
        sent: Timestamp,
        copies: Vec<AnswerCopy>,
        reason: &Failure,
        journal: &mut dyn Journal,
    ) {
        for AnswerCopy { send, gossip: Gossip { message, hop, .. }, bytes } in copies {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let arrival = Arrival { send, sent, hold_back: Interval::ZERO, message, hop, bytes };
            journal.record(self.never_received(Coming { sender, receiver, arrival }, reason));
        }
    }

    /// The same for those that have come to a node and were not received: nobody owes a reply to them.
    pub(super) fn cut_short_inside(&mut self, journal: &mut dyn Journal) {
        let coming = self.gates.as_mut().map(|gates| gates.clear()).unwrap_or_default();
        let in_answers = coming.into_iter().filter(|(delivery, _)| !self.owed.contains_key(delivery));
        in_answers
            .for_each(|(_, coming)| journal.record(self.never_received(coming, &Failure::CutShort("configured anew"))));
    }

    pub(super) fn never_received(&self, coming: Coming, reason: &Failure) -> Entry {
        let Coming { sender, receiver, arrival: Arrival { send, sent, message, hop, bytes, .. } } = coming;
        let (hop, bytes) = (hop.map(Hop::next), u64::from(bytes));
        let fact = Fact::Failed(reason.clone());
        let restarts = self.machines[sender.index()].restarts();
        Entry { message, sender, receiver, hop, sent, at: self.now, send, bytes, restarts, fact }
    }
}
