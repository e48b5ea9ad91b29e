//! One gossip node as a sans-IO state machine: what every protocol shares, around one node's part in a protocol.
//!
//! The host calls [`Machine::handle`] with an input and the time, then carries out every output; between inputs it sleeps until
//! [`Machine::poll_timeout`]. Contract: for each [`Output::Send`] the host gives exactly one [`Input::SendDone`], by the
//! send's deadline; for each [`Input::Deliver`] the machine gives exactly one [`Output::Reply`], at once or when the copy
//! has been forwarded; for each [`Output::Ask`] and [`Output::Control`] the host gives its end ([`Contact`]), and for each
//! [`Input::Asked`] the machine gives at once one [`Output::Answer`] or [`Output::Refuse`]. Nothing is retried. Nodes and
//! messages are numbers here; the host has their names.

mod ask;
mod contacts;
mod exchange;
mod gossip;
mod io;
mod load;
mod order;
mod periods;
mod sends;
mod size;

use bytes::Bytes;

use crate::holdings::Holdings;
use crate::id::{DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use crate::link::{CopyKey, CopyKind, Edge, Passage};
use crate::protocol::{Forward, In, Participant, Repeats, Timer, View};
use crate::time::{Interval, Timestamp};
use contacts::Contacts;
use io::Owed;
use order::put_in_order;
use periods::Periods;
use sends::{Copy, Permitted, Sends, Spread};

pub use ask::{Answer, AnswerCopy, Answered, Contact, ControlCount, Words};
pub use gossip::Gossip;
pub use io::{Ack, Common, Config, Event, Failure, Input, Output, Outputs, Refusal, Send};
pub use load::Load;
pub use size::{CopyParts, WordsParts, answer_bytes};

/// One gossip node.
#[derive(Debug)]
pub struct Machine {
    me: NodeIx,
    configured: Option<Configured>,
    holdings: Holdings,
    sends: Sends,
    timers: Vec<(Timestamp, Timer)>,
    periods: Periods,
    /// Only where the protocol asks, tells or repeats.
    contacts: Option<Box<Contacts>>,
    load: Load,
}

/// What a node has once it was configured.
#[derive(Debug)]
struct Configured {
    config: Config,
    part: Box<dyn Participant>,
    /// What the protocol says of itself, asked for once.
    traits: Traits,
}

#[derive(Debug, Clone, Copy)]
struct Traits {
    keeps: bool,
    repeats: bool,
    wants_sent: bool,
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
            periods: Periods::default(),
            contacts: None,
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

    /// How many messages it may still send unasked.
    pub fn unsettled(&self) -> u32 {
        self.configured.as_ref().map_or(0, |configured| configured.part.unsettled())
    }

    /// How much it has to do.
    pub fn load(&self) -> Load {
        Load {
            queued: self.sends.waiting() as u64,
            in_flight: u64::from(self.sends.in_flight()),
            control: self.contacts.as_ref().map_or(0, |contacts| contacts.in_flight()),
            unsettled: self.configured.as_ref().map_or(0, |configured| configured.part.unsettled().into()),
            ..self.load
        }
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
            Input::Asked { asked, from, words } => self.asked(now, asked, from, &words, outputs),
            Input::AskDone { contact, result } => self.ask_done(now, contact, result, outputs),
            Input::Control { from, words } => self.told(now, from, &words, outputs),
            Input::ControlDone { contact } => self.control_done(contact),
            Input::Timeout => self.fire(now, outputs),
            Input::Stop => self.abandon(now, "stopped", outputs),
        }
        if !outputs.out.others.is_empty() {
            self.carry_out_others(outputs);
        }
        self.pump(now, outputs);
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.iter().map(|(at, _)| *at).chain(self.periods.next()).min()
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
        if let Some(contacts) = &mut self.contacts {
            contacts.clear();
        }
        self.load = Load::default();
        self.me = config.me;
        let Common { seed, ref settings, .. } = *config.common;
        let of = periods::Of { seed, node: self.me, first: config.first_period };
        let protocol = settings.spec.protocol();
        self.periods = if protocol.is_periodic() { Periods::begin(now, of, settings) } else { Periods::default() };
        let traits = Traits {
            keeps: protocol.sends_later(),
            repeats: protocol.promises().repeats == Repeats::Allowed,
            wants_sent: protocol.wants_sent(),
        };
        self.configured = Some(Configured { part: protocol.node(), traits, config });
    }

    /// Gives up every copy that has not left, with a record of each.
    fn abandon(&mut self, now: Timestamp, why: &'static str, outputs: &mut Outputs) {
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

    fn cancel(&mut self, now: Timestamp, send: SendId, reason: Failure, outputs: &mut Outputs) {
        let Some(Permitted { copy, since, .. }) = self.sends.end(send) else { return };
        self.fail(copy, FailedSend { send, sent: since, at: now, bytes: 0, reason }, outputs);
    }

    /// Begins a message here, as often as it is asked to: the published system's nodes do not check either.
    fn initiate(&mut self, now: Timestamp, begun: Begun, outputs: &mut Outputs) {
        let Begun { message, text_bytes, payload, reply } = begun;
        outputs.event(Event::Initiated { message, at: now });
        self.hold(now, message, text_bytes, Some(Hop::ORIGIN), &payload);
        self.consult(now, In::Start { message }, outputs);
        self.spread(Spread { message, text_bytes, hop: Some(Hop::ORIGIN), payload, owed: reply }, outputs);
    }

    fn deliver(&mut self, now: Timestamp, delivery: DeliveryId, from: NodeIx, gossip: Gossip, outputs: &mut Outputs) {
        if let Some(refusal) = self.refusal(gossip.epoch) {
            outputs.queue.push_back(Output::Reply { delivery, ack: Err(refusal), useful: None });
            return;
        }
        let Gossip { message, text_bytes, hop, payload, .. } = gossip;
        if from == self.me {
            let reply = Some(Owed { delivery, ack: Ack::Initiated, useful: None });
            self.initiate(now, Begun { message, text_bytes, payload, reply }, outputs);
            return;
        }
        let hop = hop.map(Hop::next);
        let is_first =
            self.arrive(now, Arrival { delivery, from, message, text_bytes, hop, payload: &payload }, outputs);
        let useful = self.useful(is_first, outputs);
        if !is_first {
            outputs.reply(Owed { delivery, ack: Ack::Duplicate, useful });
            return self.spread_held(outputs);
        }
        let reply = Owed { delivery, ack: Ack::Received, useful };
        let owed = match self.configured.as_ref().map(|configured| configured.config.common.settings.forward) {
            Some(Forward::BeforeAck) => Some(reply),
            Some(Forward::AfterAck) | None => {
                outputs.reply(reply);
                None
            }
        };
        self.spread(Spread { message, text_bytes, hop, payload, owed }, outputs);
    }

    /// What a copy of another run is refused with.
    fn refusal(&self, epoch: Option<Epoch>) -> Option<Refusal> {
        let mine = self.epoch();
        epoch.filter(|theirs| *theirs != mine).map(|theirs| Refusal::Epoch { theirs, mine })
    }

    /// Takes a copy, by itself or in an answer, and tells the protocol; whether it was the first of its message.
    fn arrive(&mut self, now: Timestamp, arrival: Arrival<'_>, outputs: &mut Outputs) -> bool {
        let Arrival { delivery, from, message, text_bytes, hop, payload } = arrival;
        let duplicate = self.holdings.get(message).is_some();
        outputs.out.useful = None;
        outputs.event(Event::Received { delivery, message, from, hop, duplicate });
        if !duplicate {
            self.load.delivered += 1;
            self.hold(now, message, text_bytes, hop, payload);
        }
        self.consult(now, In::Received { from, message, hop, first: !duplicate }, outputs);
        !duplicate
    }

    /// What the sender of a copy that was just taken is told of its use.
    fn useful(&self, is_first: bool, outputs: &mut Outputs) -> Option<bool> {
        let said = outputs.out.useful.take();
        self.configured.as_ref().filter(|it| it.traits.wants_sent).map(|_| said.unwrap_or(is_first))
    }

    fn fire(&mut self, now: Timestamp, outputs: &mut Outputs) {
        if let Some(configured) = &self.configured
            && let Some(nth) = self.periods.begun(now, &configured.config.common.settings)
        {
            self.consult(now, In::Period { nth }, outputs);
            self.spread_held(outputs);
        }
        while let Some(place) = self.timers.iter().position(|(at, _)| *at <= now) {
            let (_, timer) = self.timers.swap_remove(place);
            self.consult(now, In::Timer(timer), outputs);
            self.spread_held(outputs);
        }
    }

    /// Has the node's part in the protocol take one input; what it says is in `outputs.out`, its copies in sending order.
    fn consult(&mut self, now: Timestamp, input: In<'_>, outputs: &mut Outputs) {
        let Some(Configured { config, part, .. }) = &mut self.configured else { return };
        let common = &*config.common;
        let view = View {
            me: self.me,
            neighbours: common.neighbours.neighbours(self.me),
            period: common.settings.period,
            back_to_sender: common.settings.back_to_sender,
            seed: common.seed,
            held: &self.holdings,
            known_before: self.periods.known_before(),
        };
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
            if let Some(owed) = spread.owed {
                outputs.reply(owed);
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
            let Some(holding) = self.holdings.held(message) else {
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
        let keeps = self.configured.as_ref().is_some_and(|configured| configured.traits.keeps);
        let payload = if keeps { payload.clone() } else { Bytes::new() };
        self.holdings.insert(message, hop, now, text_bytes, payload);
    }

    fn send_done(
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

    /// Gives permits to waiting copies.
    fn pump(&mut self, now: Timestamp, outputs: &mut Outputs) {
        if self.sends.waiting() == 0 {
            return;
        }
        let Some(Configured { config, traits, .. }) = &self.configured else { return };
        let (common, repeats) = (std::sync::Arc::clone(&config.common), traits.repeats);
        while self.sends.in_flight() < common.settings.in_flight
            && let Some(copy) = self.sends.next_waiting()
        {
            let message = self.sends.spread(copy).message;
            let nth = match repeats {
                true => self.contacts.get_or_insert_default().next_copy(copy.to, message),
                false => 0,
            };
            let (there, back) = self.passages(&common, copy.to, message, nth);
            let (hold, is_lost, is_news_lost) = (there.after, there.is_lost, back.is_lost);
            let send = self.sends.permit(Permitted { copy, since: now, leaves: now + hold, is_lost, is_news_lost });
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
    fn passages(&self, common: &Common, to: NodeIx, message: Message, nth: u32) -> (Passage, Passage) {
        let weight = common.neighbours.weight(self.me, to);
        let key = |kind| CopyKey { round: message.0, kind, nth };
        let there = common.links.passage(Edge { from: self.me, to, weight }, key(CopyKind::Payload));
        (there, common.links.passage(Edge { from: to, to: self.me, weight }, key(CopyKind::Acknowledgment)))
    }

    fn encoded_bytes(&self, send: SendId, copy: Copy, sent: Timestamp) -> u64 {
        let Spread { text_bytes, hop, ref payload, .. } = *self.sends.spread(copy);
        self.copy_bytes(text_bytes, hop, payload.len(), send, sent)
    }

    fn bytes_of(&self, gossip: &Gossip, send: SendId, sent: Timestamp) -> u64 {
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

/// A message that begins, and the delivery that asked for it.
struct Begun {
    message: Message,
    text_bytes: u32,
    payload: Bytes,
    reply: Option<Owed>,
}

/// A copy that has arrived.
struct Arrival<'a> {
    delivery: DeliveryId,
    from: NodeIx,
    message: Message,
    text_bytes: u32,
    /// This node's distance by it.
    hop: Option<Hop>,
    payload: &'a Bytes,
}

/// What is known of a send that failed.
struct FailedSend {
    send: SendId,
    sent: Timestamp,
    at: Timestamp,
    bytes: u64,
    reason: Failure,
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod exchange_tests;
#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
