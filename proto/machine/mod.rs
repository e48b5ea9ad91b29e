//! One gossip node as a sans-IO state machine: what every protocol shares, around one node's part in a protocol.
//!
//! The host calls [`Machine::handle`] with an input and the time, then carries out every output; between inputs it sleeps until
//! [`Machine::poll_timeout`]. Contract: for each [`Output::Send`] the host gives exactly one [`Input::SendDone`], by the
//! send's deadline; for each [`Input::Deliver`] the machine gives exactly one [`Output::Reply`], at once or when the copy
//! has been forwarded. Nothing is retried. Nodes and messages are numbers here; the host has their names.

mod holdings;
mod io;
mod sends;
mod size;

use bytes::Bytes;

use crate::id::{DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use crate::link::{CopyKey, CopyKind, Edge, Passage};
use crate::protocol::{Forward, In, Order, Out, Participant, Timer, View};
use crate::random::Purpose;
use crate::time::{Interval, Timestamp};
use holdings::Holdings;
use sends::{Copy, Permitted, Sends, Spread};

pub use io::{Ack, Common, Config, Event, Failure, Gossip, Input, Output, Outputs, Refusal, Send};
pub use size::CopyParts;

/// How much a machine has to do: quiescence is decided on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Copies that wait for a permit.
    pub queued: u64,
    /// Copies that have one: held back by a link, or with the host.
    pub in_flight: u64,
    /// Copies given a permit since `Configure`.
    pub started: u64,
    /// Of those, the ones that have ended.
    pub finished: u64,
    /// First receipts since `Configure`.
    pub delivered: u64,
    /// Sends that failed since `Configure`.
    pub failed: u64,
}

/// One gossip node.
#[derive(Debug)]
pub struct Machine {
    me: NodeIx,
    configured: Option<Configured>,
    holdings: Holdings,
    sends: Sends,
    timers: Vec<(Timestamp, Timer)>,
    load: Load,
}

/// What a node has once it was configured.
#[derive(Debug)]
struct Configured {
    config: Config,
    part: Box<dyn Participant>,
}

impl Machine {
    /// A node that has no neighbours yet.
    pub fn new(me: NodeIx) -> Self {
        Self {
            me,
            configured: None,
            holdings: Holdings::default(),
            sends: Sends::default(),
            timers: Vec::new(),
            load: Load::default(),
        }
    }

    /// Who it is.
    pub fn me(&self) -> NodeIx {
        self.me
    }

    /// The configuration it works under; 0 before the first.
    pub fn epoch(&self) -> Epoch {
        self.configured.as_ref().map_or(Epoch(0), |configured| configured.config.common.epoch)
    }

    /// Whether it holds `message`, and at which hop where that is known.
    pub fn seen(&self, message: Message) -> Option<Option<Hop>> {
        self.holdings.get(message).map(|holding| holding.hop)
    }

    /// How much it has to do.
    pub fn load(&self) -> Load {
        Load { queued: self.sends.waiting() as u64, in_flight: u64::from(self.sends.in_flight()), ..self.load }
    }

    /// How long a send may take once it has left; none: as long as it takes.
    pub fn deadline(&self) -> Option<Interval> {
        self.configured.as_ref().and_then(|configured| configured.config.common.settings.deadline)
    }

    /// Takes one input; every output that follows from it is in `outputs` afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input, outputs: &mut Outputs) {
        match input {
            Input::Configure(config) => self.configure(now, config, outputs),
            Input::Initiate { message, text_bytes, payload } => {
                self.initiate(now, Begun { message, text_bytes, payload, reply: None }, outputs);
            }
            Input::Deliver { delivery, from, gossip } => self.deliver(now, delivery, from, gossip, outputs),
            Input::SendDone { send, sent, result } => self.send_done(now, send, sent, result, outputs),
            Input::Timeout => self.fire_timers(now, outputs),
            Input::Stop => self.abandon(now, "stopped", outputs),
        }
        self.pump(now, outputs);
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.iter().map(|(at, _)| *at).min()
    }

    /// Nothing of the configuration before goes on under this one: copies that wait are given up, and so is what is in flight, which
    /// the host may still report.
    fn configure(&mut self, now: Timestamp, config: Config, outputs: &mut Outputs) {
        self.abandon(now, "configured anew", outputs);
        let in_flight: Vec<SendId> = self.sends.permitted().map(|(send, _)| send).collect();
        for send in in_flight {
            self.cancel(now, send, Failure::CutShort("configured anew"), outputs);
        }
        self.holdings.clear();
        self.timers.clear();
        self.load = Load::default();
        self.me = config.me;
        self.configured = Some(Configured { part: config.common.settings.spec.protocol().node(), config });
    }

    /// Gives up every copy that has not left, with a record of each.
    fn abandon(&mut self, now: Timestamp, why: &'static str, outputs: &mut Outputs) {
        let held = self.sends.permitted().filter(|(_, permitted)| permitted.leaves > now);
        for send in held.map(|(send, _)| send).collect::<Vec<_>>() {
            self.cancel(now, send, Failure::Abandoned(why), outputs);
        }
        while let Some(copy) = self.sends.next_waiting() {
            let send = self.sends.permit(Permitted { copy, since: now, leaves: now, is_lost: false });
            self.cancel(now, send, Failure::Abandoned(why), outputs);
        }
    }

    fn cancel(&mut self, now: Timestamp, send: SendId, reason: Failure, outputs: &mut Outputs) {
        let Some(Permitted { copy, since, .. }) = self.sends.end(send) else { return };
        self.fail(copy, FailedSend { send, sent: since, at: now, bytes: 0, reason }, outputs);
    }

    /// Begins a message here, as often as it is asked to: the published system's nodes do not check either.
    fn initiate(&mut self, now: Timestamp, begun: Begun, outputs: &mut Outputs) {
        let Begun { message, text_bytes, payload, reply } = begun;
        outputs.event(Event::Initiated { message, at: now });
        self.hold(now, message, text_bytes, Some(Hop::ORIGIN), &payload);
        self.ask_protocol(now, In::Start { message }, outputs);
        self.spread(Spread { message, text_bytes, hop: Some(Hop::ORIGIN), payload, owed: reply }, outputs);
    }

    fn deliver(&mut self, now: Timestamp, delivery: DeliveryId, from: NodeIx, gossip: Gossip, outputs: &mut Outputs) {
        let mine = self.epoch();
        if let Some(theirs) = gossip.epoch.filter(|theirs| *theirs != mine) {
            outputs.reply(delivery, Err(Refusal::Epoch { theirs, mine }));
            return;
        }
        let Gossip { message, text_bytes, hop, payload, .. } = gossip;
        if from == self.me {
            let reply = Some((delivery, Ack::Initiated));
            self.initiate(now, Begun { message, text_bytes, payload, reply }, outputs);
            return;
        }
        let hop = hop.map(Hop::next);
        let duplicate = self.holdings.get(message).is_some();
        outputs.event(Event::Received { delivery, message, from, hop, duplicate });
        let received = In::Received { from, message, hop, first: !duplicate };
        if duplicate {
            outputs.reply(delivery, Ok(Ack::Duplicate));
            self.ask_protocol(now, received, outputs);
            self.spread_held(outputs);
            return;
        }
        self.load.delivered += 1;
        self.hold(now, message, text_bytes, hop, &payload);
        let owed = match self.configured.as_ref().map(|configured| configured.config.common.settings.forward) {
            Some(Forward::BeforeAck) => Some((delivery, Ack::Received)),
            Some(Forward::AfterAck) | None => {
                outputs.reply(delivery, Ok(Ack::Received));
                None
            }
        };
        self.ask_protocol(now, received, outputs);
        self.spread(Spread { message, text_bytes, hop, payload, owed }, outputs);
    }

    fn fire_timers(&mut self, now: Timestamp, outputs: &mut Outputs) {
        while let Some(place) = self.timers.iter().position(|(at, _)| *at <= now) {
            let (_, timer) = self.timers.swap_remove(place);
            self.ask_protocol(now, In::Timer(timer), outputs);
            self.spread_held(outputs);
        }
    }

    /// Has the node's part in the protocol answer one input; what it says is in `outputs.out`, in sending order.
    fn ask_protocol(&mut self, now: Timestamp, input: In, outputs: &mut Outputs) {
        let Some(Configured { config, part }) = &mut self.configured else { return };
        let common = &config.common;
        let view = View { me: self.me, neighbours: common.neighbours.neighbours(self.me), seed: common.seed };
        part.handle(now, input, &view, &mut outputs.out);
        put_in_order(&mut outputs.out, common.settings.order, &view);
        for (timer, at) in outputs.out.timers.drain(..) {
            self.timers.retain(|(_, other)| *other != timer);
            self.timers.extend(at.map(|at| (at, timer)));
        }
    }

    /// Queues the copies that the protocol wants of a message at hand; its reply is given when the last of them has ended.
    fn spread(&mut self, spread: Spread, outputs: &mut Outputs) {
        let sends = std::mem::take(&mut outputs.out.sends);
        debug_assert!(
            sends.iter().all(|(_, message)| *message == spread.message),
            "a copy of another message: {sends:?}"
        );
        if sends.is_empty() {
            if let Some((delivery, ack)) = spread.owed {
                outputs.reply(delivery, Ok(ack));
            }
        } else {
            self.sends.queue(spread, sends.iter().map(|(to, _)| *to));
        }
        outputs.out.sends = sends;
        outputs.out.sends.clear();
    }

    /// Queues the copies that the protocol wants of messages that the node has kept.
    fn spread_held(&mut self, outputs: &mut Outputs) {
        let sends = std::mem::take(&mut outputs.out.sends);
        for copies in sends.chunk_by(|one, next| one.1 == next.1) {
            let message = copies[0].1;
            let Some(holding) = self.holdings.get(message) else {
                debug_assert!(false, "the protocol sends {message:?}, which this node does not hold");
                continue;
            };
            let payload = holding.payload.clone();
            let spread = Spread { message, text_bytes: holding.text_bytes, hop: holding.hop, payload, owed: None };
            self.sends.queue(spread, copies.iter().map(|(to, _)| *to));
        }
        outputs.out.sends = sends;
        outputs.out.sends.clear();
    }

    fn hold(&mut self, now: Timestamp, message: Message, text_bytes: u32, hop: Option<Hop>, payload: &Bytes) {
        let keeps = self
            .configured
            .as_ref()
            .is_some_and(|Configured { config, .. }| config.common.settings.spec.protocol().sends_later());
        let payload = if keeps { payload.clone() } else { Bytes::new() };
        self.holdings.insert(message, hop, now, text_bytes, payload);
    }

    fn send_done(
        &mut self,
        now: Timestamp,
        send: SendId,
        sent: Timestamp,
        result: Result<(), Failure>,
        outputs: &mut Outputs,
    ) {
        // What a configuration cut short has its record.
        let Some(Permitted { copy, leaves, is_lost, .. }) = self.sends.end(send) else { return };
        self.load.finished += 1;
        let (at, reason) = match result {
            Ok(()) if is_lost => (leaves, Failure::Lost),
            Ok(()) => return self.settle(copy, outputs),
            Err(reason) => (now, reason),
        };
        let bytes = self.encoded_bytes(send, copy, sent);
        self.fail(copy, FailedSend { send, sent, at, bytes, reason }, outputs);
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
        if let Some((delivery, ack)) = self.sends.settle(copy) {
            outputs.reply(delivery, Ok(ack));
        }
    }

    /// Gives permits to waiting copies.
    fn pump(&mut self, now: Timestamp, outputs: &mut Outputs) {
        let Some(Configured { config, .. }) = &self.configured else { return };
        let common = std::sync::Arc::clone(&config.common);
        while self.sends.in_flight() < common.settings.in_flight
            && let Some(copy) = self.sends.next_waiting()
        {
            let (there, back) = self.passages(&common, copy);
            let (hold, is_lost) = (there.after, there.is_lost);
            let send = self.sends.permit(Permitted { copy, since: now, leaves: now + hold, is_lost });
            self.load.started += 1;
            let bytes = self.encoded_bytes(send, copy, now);
            let Spread { message, text_bytes, hop, payload, .. } = self.sends.spread(copy);
            let epoch = Some(common.epoch).filter(|epoch| *epoch != Epoch(0));
            let gossip =
                Gossip { message: *message, text_bytes: *text_bytes, hop: *hop, epoch, payload: payload.clone() };
            let deadline = common.settings.deadline;
            let hold_back = back.after;
            let send = Send { send, to: copy.to, gossip, bytes, deadline, hold, hold_back, is_lost };
            outputs.queue.push_back(Output::Send(send));
        }
    }

    /// What becomes of a copy on its way, and of the news of its end on the way back.
    fn passages(&self, common: &Common, copy: Copy) -> (Passage, Passage) {
        let edge = |from, to| Edge { from, to, weight: common.neighbours.weight(self.me, copy.to) };
        let round = self.sends.spread(copy).message.0;
        let key = |kind| CopyKey { round, kind, nth: 0 };
        let there = common.links.passage(edge(self.me, copy.to), key(CopyKind::Payload));
        (there, common.links.passage(edge(copy.to, self.me), key(CopyKind::Acknowledgment)))
    }

    fn encoded_bytes(&self, send: SendId, copy: Copy, sent: Timestamp) -> u64 {
        let Spread { text_bytes, hop, ref payload, .. } = *self.sends.spread(copy);
        let name_bytes = self.configured.as_ref().map_or(0, |configured| configured.config.name_bytes);
        let parts =
            CopyParts { text_bytes, name_bytes, sent, hop, epoch: self.epoch(), send, payload_bytes: payload.len() };
        parts.encoded_bytes()
    }
}

/// A message that begins, and the delivery that asked for it.
struct Begun {
    message: Message,
    text_bytes: u32,
    payload: Bytes,
    reply: Option<(DeliveryId, Ack)>,
}

/// What is known of a send that failed.
struct FailedSend {
    send: SendId,
    sent: Timestamp,
    at: Timestamp,
    bytes: u64,
    reason: Failure,
}

/// Brings the copies of one input into the order that the options say.
fn put_in_order(out: &mut Out, order: Order, view: &View<'_>) {
    let Some((_, message)) = out.sends.first().copied().filter(|_| out.sends.len() > 1) else { return };
    match order {
        Order::Shuffled => view.random(Purpose::Order, message).shuffle(&mut out.sends),
        Order::Listed => {
            let mut listed = view.neighbours.iter();
            let is_in_order = out.sends.iter().all(|(to, _)| listed.any(|neighbour| neighbour == to));
            if !is_in_order {
                let place = |to: NodeIx| view.neighbours.iter().position(|neighbour| *neighbour == to);
                out.sends.sort_by_cached_key(|(to, _)| place(*to));
            }
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
