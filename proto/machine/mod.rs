//! One gossip node as a sans-IO state machine: what every protocol shares, around one node's part in a protocol.
//!
//! The host calls [`Machine::handle`] with an input and the time, then carries out every output; between inputs it sleeps until
//! [`Machine::poll_timeout`]. Contract: for each [`Output::Send`] the host gives exactly one [`Input::SendDone`], by the
//! send's deadline; for each [`Input::Deliver`] the machine gives exactly one [`Output::Reply`], at once or when the copy
//! has been forwarded, and none where a fault has the node down; for each [`Output::Ask`] and [`Output::Control`] the host gives its end ([`Contact`]), and for each
//! [`Input::Asked`] the machine gives at once one [`Output::Answer`] or [`Output::Refuse`]. Nothing is retried. Nodes and
//! messages are numbers here; the host has their names.

mod access;
mod ask;
mod contacts;
mod exchange;
mod faulting;
mod faults;
mod gossip;
mod io;
mod linking;
mod load;
mod moving;
mod order;
mod passing;
mod periods;
mod permits;
mod sends;
mod size;
mod way;

use bytes::Bytes;

use crate::holdings::Holdings;
use crate::id::{DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use crate::protocol::{Forward, In, Participant, Repeats, Timer, View};
use crate::time::{Interval, Timestamp};
use access::{Access, Pending, Taking};
use contacts::Contacts;
use faults::Faults;
use io::Owed;
use moving::{Moving, Turn};
use order::put_in_order;
use periods::Periods;
use sends::{Sends, Spread};

pub use ask::{Answer, AnswerCopy, Answered, Contact, ControlCount, Words};
pub use faults::{FaultLog, LoggedStep, RoundFaults, StepEdge};
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
    /// Only where something lies between the node and its links.
    access: Option<Box<Access>>,
    /// Only in a network that moves.
    moving: Option<Box<Moving>>,
    /// Only in a round that faults befall.
    faults: Option<Box<Faults>>,
    /// How often it has lost what it held.
    restarts: u32,
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
            access: None,
            moving: None,
            faults: None,
            restarts: 0,
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
        if self.is_gone() {
            return 0;
        }
        self.configured.as_ref().map_or(0, |configured| configured.part.unsettled())
    }

    /// How many messages it holds, or has held.
    pub fn held(&self) -> usize {
        self.holdings.len()
    }

    /// How much it has to do.
    pub fn load(&self) -> Load {
        let inside = self.access.as_ref().map(|access| access.inside()).unwrap_or_default();
        Load {
            queued: self.sends.waiting() as u64 + inside.copies,
            in_flight: u64::from(self.sends.in_flight()),
            control: self.contacts.as_ref().map_or(0, |contacts| contacts.in_flight()) + inside.control,
            unsettled: self.unsettled().into(),
            held: if self.is_gone() { 0 } else { self.holdings.len() as u64 },
            gone: self.is_gone().into(),
            ..self.load
        }
    }

    /// How long a send may take once it has left; none: as long as it takes.
    pub fn deadline(&self) -> Option<Interval> {
        self.configured.as_ref().and_then(|configured| configured.config.common.settings.deadline)
    }

    /// Takes one input; every output that follows from it is in `outputs` afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input, outputs: &mut Outputs) {
        match &self.faults {
            None => self.handle_free(now, input, outputs),
            Some(_) => self.handle_under_faults(now, input, outputs),
        }
    }

    #[inline]
    fn handle_free(&mut self, now: Timestamp, input: Input, outputs: &mut Outputs) {
        match &self.access {
            Some(access) if access.taking == Taking::Nothing => self.handle_through(now, input, outputs),
            Some(_) | None => self.take(now, input, outputs),
        }
    }

    fn take(&mut self, now: Timestamp, input: Input, outputs: &mut Outputs) {
        match input {
            Input::Configure(config) => self.configure(now, config, outputs),
            Input::Initiate { message, text_bytes, payload } => {
                self.initiate(now, Begun { message, text_bytes, payload, reply: None }, outputs);
            }
            Input::Deliver { delivery, from, gossip, .. } => self.deliver(now, delivery, from, gossip, outputs),
            Input::SendDone { send, sent, result } => self.send_done(now, send, sent, result, outputs),
            Input::Asked { asked, from, words, .. } => self.asked(now, asked, from, &words, outputs),
            Input::AskDone { contact, result } => self.ask_done(now, contact, result, outputs),
            Input::Control { from, words, .. } => self.told(now, from, &words, outputs),
            Input::ControlDone { contact, answered } => {
                self.control_done(contact);
                self.note_answer(contact, answered);
            }
            Input::Timeout => self.fire(now, outputs),
            // What was due has passed before.
            Input::AccessTimeout => {}
            Input::LinkUp { peer } => self.turn(now, Turn::Up(peer), outputs),
            Input::LinkDown { peer } => self.turn(now, Turn::Down(peer), outputs),
            Input::Stop => self.abandon(now, "stopped", outputs),
        }
        if !outputs.out.others.is_empty() {
            self.carry_out_others(now, outputs);
        }
        self.pump(now, outputs);
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.poll_timers().into_iter().chain(self.poll_access()).min()
    }

    /// When a timer of the protocol, its next period or the next step of a fault comes.
    pub fn poll_timers(&self) -> Option<Timestamp> {
        let step = self.faults.as_ref().and_then(|faults| faults.poll_timeout());
        if self.stands_still() {
            return step;
        }
        let found = self.moving.as_ref().and_then(|moving| moving.next());
        self.timers.iter().map(|(at, _)| *at).chain(self.periods.next()).chain(step).chain(found).min()
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
        self.faults = None;
        self.moving = None;
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
        self.access = Access::of(&config);
        self.configured = Some(Configured { part: protocol.node(), traits, config });
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
        let at = self.access.as_ref().and_then(|access| access.taking.received()).max(self.put_off_until());
        outputs.event(Event::Received { delivery, message, from, hop, duplicate, at });
        if !duplicate {
            self.load.delivered += 1;
            self.hold(now, message, text_bytes, hop, payload);
            if let Some(access) = &mut self.access {
                access.check(now, message);
            }
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
        self.discover(now, outputs);
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
            neighbours: match &self.moving {
                Some(moving) => &moving.known,
                None => common.neighbours.neighbours(self.me),
            },
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
        if sends.is_empty() || (spread.hop != Some(Hop::ORIGIN) && self.is_mute()) {
            if let Some(owed) = spread.owed {
                outputs.reply(owed);
            }
        } else {
            self.queue(spread, sends.iter().map(|(to, _)| *to));
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
            if holding.hop != Some(Hop::ORIGIN) && self.is_mute() {
                continue;
            }
            let payload = holding.payload.clone();
            let spread = Spread { message, text_bytes: holding.text_bytes, hop: holding.hop, payload, owed: None };
            self.queue(spread, copies.iter().map(|(to, _)| *to));
        }
        outputs.out.sends = sends;
        outputs.out.sends.clear();
    }

    /// Queues copies, once their message is checked.
    fn queue(&mut self, spread: Spread, targets: impl ExactSizeIterator<Item = NodeIx>) {
        if self.access.is_none() {
            return self.sends.queue(spread, targets);
        }
        if let Some(Pending::Copies(spread, targets)) = self.wait_for_check(Pending::Copies(spread, targets.collect()))
        {
            self.sends.queue(spread, targets.into_iter());
        }
    }

    fn hold(&mut self, now: Timestamp, message: Message, text_bytes: u32, hop: Option<Hop>, payload: &Bytes) {
        let keeps = self.configured.as_ref().is_some_and(|configured| configured.traits.keeps);
        let payload = if keeps { payload.clone() } else { Bytes::new() };
        self.holdings.insert(message, hop, now, text_bytes, payload);
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

#[cfg(test)]
#[path = "access_tests.rs"]
mod access_tests;
#[cfg(test)]
#[path = "exchange_tests.rs"]
mod exchange_tests;
#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
