//! The part of a machine that gives permits to copies, lets them go and hears of their end.

use super::io::{Common, Event, Failure, Output, Outputs, Send};
use super::sends::{Copy, Permitted, Spread};
use super::size::CopyParts;
use super::way::Way;
use super::{Configured, Gossip, Machine};
use crate::id::{Epoch, Hop, NodeIx, SendId};
use crate::link::{CopyKey, CopyKind, Edge, Transport};
use crate::protocol::In;
use crate::time::Timestamp;

/// When a copy leaves that waits in an uplink.
const NOT_YET: Timestamp = Timestamp(u64::MAX);

impl Machine {
    /// Gives up every copy that has not left, with a record of each, and what has not come in.
    pub(super) fn abandon(&mut self, now: Timestamp, why: &'static str, outputs: &mut Outputs) {
        self.abandon_access(now, why, outputs);
        if let Some(contacts) = &mut self.contacts {
            contacts.abandon();
        }
        let held = self.sends.permitted().filter(|(_, permitted)| permitted.leaves > now);
        for send in held.map(|(send, _)| send).collect::<Vec<_>>() {
            self.cancel(now, send, Failure::Abandoned(why), outputs);
        }
        while let Some(copy) = self.sends.next_waiting() {
            let send =
                self.sends.permit(Permitted { copy, since: now, leaves: now, is_lost: false, is_news_lost: false });
            self.cancel(now, send, Failure::Abandoned(why), outputs);
        }
    }

    pub(super) fn cancel(&mut self, now: Timestamp, send: SendId, reason: Failure, outputs: &mut Outputs) {
        let Some(Permitted { copy, since, .. }) = self.sends.end(send) else { return };
        self.fail(copy, FailedSend { send, sent: since, at: now, bytes: 0, reason }, outputs);
    }

    /// A send has ended.
    pub(super) fn send_done(
        &mut self,
        now: Timestamp,
        send: SendId,
        sent: Timestamp,
        result: Result<Option<bool>, Failure>,
        outputs: &mut Outputs,
    ) {
        // What a configuration cut short has its record.
        let Some(Permitted { copy, leaves, is_lost, is_news_lost, .. }) = self.sends.end(send) else { return };
        self.load.finished += 1;
        let is_wanted = self.configured.as_ref().is_some_and(|configured| configured.traits.wants_sent);
        let ended = is_wanted.then(|| (copy.to, self.sends.spread(copy).message));
        let useful = match result {
            Ok(useful) if !is_lost => {
                self.settle(copy, outputs);
                useful.filter(|_| !is_news_lost)
            }
            failed => {
                let (at, reason) = failed.map_or_else(|reason| (now, reason), |_| (leaves.max(sent), Failure::Lost));
                let bytes = self.encoded_bytes(send, copy, sent);
                self.fail(copy, FailedSend { send, sent, at, bytes, reason }, outputs);
                None
            }
        };
        if let Some((to, message)) = ended {
            self.consult(now, In::Sent { to, message, useful }, outputs);
            self.spread_held(outputs);
        }
    }

    fn fail(&mut self, copy: Copy, failed: FailedSend, outputs: &mut Outputs) {
        let FailedSend { send, sent, at, bytes, reason } = failed;
        self.load.failed += 1;
        let Spread { message, hop, .. } = *self.sends.spread(copy);
        self.settle(copy, outputs);
        outputs.event(Event::Failed { message, to: copy.to, hop: hop.map(Hop::next), send, sent, at, bytes, reason });
    }

    /// One copy fewer for a reply to wait for.
    fn settle(&mut self, copy: Copy, outputs: &mut Outputs) {
        if let Some(owed) = self.sends.settle(copy) {
            outputs.reply(owed);
        }
    }

    /// Gives permits to waiting copies: after each input, and mostly there are none.
    #[inline(always)]
    pub(super) fn pump(&mut self, now: Timestamp, outputs: &mut Outputs) {
        if self.sends.waiting() > 0 {
            self.give_permits(now, outputs);
        }
    }

    fn give_permits(&mut self, now: Timestamp, outputs: &mut Outputs) {
        let Some(Configured { config, traits, .. }) = &self.configured else { return };
        let (common, repeats) = (std::sync::Arc::clone(&config.common), traits.repeats);
        while self.sends.in_flight() < common.settings.in_flight
            && let Some(copy) = self.sends.next_waiting()
        {
            let Spread { message, hop, .. } = *self.sends.spread(copy);
            // It was queued before the node fell mute.
            if hop != Some(Hop::ORIGIN) && self.is_mute() {
                self.settle(copy, outputs);
                continue;
            }
            if !self.has_link(copy.to) {
                self.fail_without_link(now, copy, outputs);
                continue;
            }
            let nth = match repeats {
                true => self.contacts.get_or_insert_default().next_copy(copy.to, message),
                false => 0,
            };
            let (there, back) =
                self.ways(now, &common, copy.to, CopyKey { round: message.0, kind: CopyKind::Payload, nth });
            let (hold, is_lost, is_news_lost) = (there.after, there.is_lost, back.is_lost);
            let is_cut = there.is_cut;
            let leaves = if self.access.is_some() { NOT_YET } else { now + hold };
            let send = self.sends.permit(Permitted { copy, since: now, leaves, is_lost, is_news_lost });
            self.load.started += 1;
            let bytes = self.encoded_bytes(send, copy, now);
            let Spread { message, text_bytes, hop, payload, .. } = self.sends.spread(copy);
            let epoch = Some(common.epoch).filter(|epoch| *epoch != Epoch(0));
            let gossip =
                Gossip { message: *message, text_bytes: *text_bytes, hop: *hop, epoch, payload: payload.clone() };
            let hold_back = back.after;
            let send =
                Output::Send(Send { send, to: copy.to, gossip, bytes, since: now, hold, hold_back, is_lost, is_cut });
            match self.access {
                Some(_) => self.send_off(now, send, outputs),
                None => outputs.queue.push_back(send),
            }
        }
    }

    /// What becomes of a copy on its way, and of the news of its end on the way back.
    fn ways(&self, now: Timestamp, common: &Common, to: NodeIx, key: CopyKey) -> (Way, Way) {
        let weight = common.neighbours.weight(self.me, to);
        let there = self.way_over(now, Edge { from: self.me, to, weight }, key);
        // A datagram that nothing passes for is lost as any other; a stream fails at its deadline.
        let is_datagram = there.is_cut && common.links.transport() == Transport::Datagram;
        let there = if is_datagram { Way { is_lost: true, is_cut: false, ..there } } else { there };
        let news = CopyKey { kind: CopyKind::Acknowledgment, ..key };
        (there, self.way_over(now, Edge { from: to, to: self.me, weight }, news))
    }

    fn encoded_bytes(&self, send: SendId, copy: Copy, sent: Timestamp) -> u64 {
        let Spread { text_bytes, hop, ref payload, .. } = *self.sends.spread(copy);
        self.copy_bytes(text_bytes, hop, payload.len(), send, sent)
    }

    /// The encoded size of a copy that this node sends.
    pub(super) fn bytes_of(&self, gossip: &Gossip, send: SendId, sent: Timestamp) -> u64 {
        self.copy_bytes(gossip.text_bytes, gossip.hop, gossip.payload.len(), send, sent)
    }

    fn copy_bytes(
        &self,
        text_bytes: u32,
        hop: Option<Hop>,
        payload_bytes: usize,
        send: SendId,
        sent: Timestamp,
    ) -> u64 {
        let name_bytes = self.configured.as_ref().map_or(0, |configured| configured.config.name_bytes);
        let epoch = self.epoch();
        CopyParts { text_bytes, name_bytes, sent, hop, epoch, send, payload_bytes }.encoded_bytes()
    }
}

/// What is known of a send that failed.
struct FailedSend {
    send: SendId,
    sent: Timestamp,
    at: Timestamp,
    bytes: u64,
    reason: Failure,
}
