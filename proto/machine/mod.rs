//! One gossip node as a sans-IO state machine.
//!
//! The host calls [`Machine::handle`] with an input and the time, then takes every output; between inputs it sleeps until
//! [`Machine::poll_timeout`]. Contract: for each [`Output::Send`] the host gives exactly one [`Input::SendDone`], by the
//! send's deadline; for each [`Input::Deliver`] the machine gives exactly one [`Output::Reply`], at once or when the copy
//! has been forwarded. Nothing is retried.

mod io;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::id::{DeliveryId, Epoch, Hop, MessageId, NodeId, SendId};
use crate::protocol::{Forward, Holder, Order, Origin};
use crate::time::{Interval, Timestamp};

pub use io::{Ack, Body, Config, Event, Failure, Gossip, Held, Input, Neighbour, Output, Receipt, Refusal, Send};

/// How many messages a node remembers; the oldest is forgotten first.
const MESSAGES_MAX: usize = 1 << 16;

/// How much a machine has to do: quiescence is decided on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Copies that wait for a permit or for the end of a link delay.
    pub queued: u64,
    /// Copies that are with the host.
    pub in_flight: u64,
    /// Copies given to the host since `Configure`.
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
    id: NodeId,
    config: Option<Config>,
    seen: BTreeMap<MessageId, Option<Hop>>,
    seen_order: VecDeque<MessageId>,
    queue: VecDeque<Copy>,
    held: BTreeMap<(Timestamp, SendId), (Copy, Held)>,
    /// With when each was given to the host.
    in_flight: BTreeMap<SendId, (Copy, Timestamp)>,
    owed: BTreeMap<DeliveryId, Owed>,
    next_send: u64,
    load: Load,
    outputs: VecDeque<Output>,
}

/// A copy on its way out.
#[derive(Debug, Clone)]
struct Copy {
    to: Neighbour,
    gossip: Gossip,
    /// The delivery whose reply waits for this copy.
    replies: Option<DeliveryId>,
}

/// A reply that waits until its copies have ended.
#[derive(Debug)]
struct Owed {
    copies: usize,
    text: String,
}

impl Machine {
    /// A node that has no neighbours yet.
    pub fn new(id: NodeId) -> Self {
        Self {
            id,
            config: None,
            seen: BTreeMap::new(),
            seen_order: VecDeque::new(),
            queue: VecDeque::new(),
            held: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            owed: BTreeMap::new(),
            next_send: 1,
            load: Load::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Who it is.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// The configuration it works under; 0 before the first.
    pub fn epoch(&self) -> Epoch {
        self.config.as_ref().map_or(Epoch(0), |config| config.epoch)
    }

    /// Whether it holds `message`, and at which hop where that is known.
    pub fn seen(&self, message: &MessageId) -> Option<Option<Hop>> {
        self.seen.get(message).copied()
    }

    /// How much it has to do.
    pub fn load(&self) -> Load {
        Load {
            queued: (self.queue.len() + self.held.len()) as u64,
            in_flight: self.in_flight.len() as u64,
            ..self.load
        }
    }

    /// Takes one input; every output that follows from it is ready afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Configure(config) => self.configure(now, config),
            Input::Initiate { message, payload } => self.initiate(now, message, payload, None),
            Input::Deliver { delivery, from, body: Body::Gossip(gossip), receipt } => {
                self.deliver(now, delivery, from, gossip, receipt);
            }
            Input::SendDone { send, sent, bytes, result } => self.send_done(now, send, sent, bytes, result),
            Input::Timeout => self.release(now),
            Input::Stop => self.abandon(now, "stopped"),
        }
        self.pump(now);
    }

    /// When [`Input::Timeout`] is due: the end of the next link delay.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.held.keys().next().map(|(at, _)| *at)
    }

    /// The next thing for the host to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Nothing of the configuration before goes on under this one: copies that wait are given up, and so is what is in flight, which
    /// the host may still report.
    fn configure(&mut self, now: Timestamp, config: Config) {
        self.abandon(now, "configured anew");
        for (send, (copy, sent)) in std::mem::take(&mut self.in_flight) {
            self.fail(now, send, copy, SendFacts { sent, bytes: 0 }, Failure::CutShort("configured anew"));
        }
        self.seen.clear();
        self.seen_order.clear();
        self.load = Load::default();
        self.id = config.id.clone();
        self.config = Some(config);
    }

    /// Gives up every copy that has not been sent, with a record of each.
    fn abandon(&mut self, now: Timestamp, why: &'static str) {
        let held = std::mem::take(&mut self.held);
        let queue = std::mem::take(&mut self.queue);
        let unsent = held.into_iter().map(|((_, send), (copy, held))| (send, copy, held.since));
        for (send, copy, sent) in unsent.collect::<Vec<_>>() {
            self.fail(now, send, copy, SendFacts { sent, bytes: 0 }, Failure::Abandoned(why));
        }
        for copy in queue {
            let send = self.take_send_id();
            self.fail(now, send, copy, SendFacts { sent: now, bytes: 0 }, Failure::Abandoned(why));
        }
        for (delivery, owed) in std::mem::take(&mut self.owed) {
            self.outputs.push_back(Output::Reply { delivery, ack: Ok(owed.text) });
        }
    }

    /// Begins a message here, as often as it is asked to: the published system's nodes do not check either.
    fn initiate(&mut self, now: Timestamp, message: MessageId, payload: Bytes, reply: Option<DeliveryId>) {
        self.outputs.push_back(Output::Event(Event::Initiated { message: message.clone(), at: now }));
        self.remember(&message, Some(Hop::ORIGIN));
        let text = format!("Done propagate! {} received: '{message}'", self.id);
        let reply = reply.map(|delivery| (delivery, text));
        self.spread(Origin::Initiated, message, payload, reply);
    }

    fn deliver(&mut self, now: Timestamp, delivery: DeliveryId, from: NodeId, gossip: Gossip, receipt: Receipt) {
        let mine = self.epoch();
        if let Some(theirs) = gossip.epoch.filter(|theirs| *theirs != mine) {
            let ack = Err(Refusal::Epoch { theirs, mine });
            self.outputs.push_back(Output::Reply { delivery, ack });
            return;
        }
        let Gossip { message, hop, payload, .. } = gossip;
        if from == self.id {
            self.initiate(now, message, payload, Some(delivery));
            return;
        }
        let hop = hop.map(Hop::next);
        let duplicate = self.seen.contains_key(&message);
        self.outputs.push_back(Output::Event(Event::Received {
            message: message.clone(),
            from: from.clone(),
            hop,
            receipt,
            duplicate,
        }));
        if duplicate {
            let text = format!("Duplicate message ignored by ({})", self.id);
            self.outputs.push_back(Output::Reply { delivery, ack: Ok(text) });
            return;
        }
        self.load.delivered += 1;
        self.remember(&message, hop);
        let text = format!("{} received: '{message}'", self.id);
        let forward = self.config.as_ref().map_or(Forward::AfterAck, |config| config.protocol.forward);
        let reply = match forward {
            Forward::AfterAck => {
                self.outputs.push_back(Output::Reply { delivery, ack: Ok(text) });
                None
            }
            Forward::BeforeAck => Some((delivery, text)),
        };
        self.spread(Origin::Heard { sender: &from, hop }, message, payload, reply);
    }

    /// Queues the copies that the strategy wants; `reply` is given when the last of them has ended.
    fn spread(&mut self, origin: Origin<'_>, message: MessageId, payload: Bytes, reply: Option<(DeliveryId, String)>) {
        let targets = self.targets(origin, &message);
        let replies = reply.as_ref().map(|(delivery, _)| *delivery);
        if let Some((delivery, text)) = reply {
            if targets.is_empty() {
                self.outputs.push_back(Output::Reply { delivery, ack: Ok(text) });
            } else {
                self.owed.insert(delivery, Owed { copies: targets.len(), text });
            }
        }
        let hop = match origin {
            Origin::Initiated => Some(Hop::ORIGIN),
            Origin::Heard { hop, .. } => hop,
        };
        let epoch = self.epoch();
        for to in targets {
            let gossip = Gossip {
                message: message.clone(),
                hop,
                epoch: (epoch != Epoch(0)).then_some(epoch),
                payload: payload.clone(),
            };
            self.queue.push_back(Copy { to, gossip, replies });
        }
    }

    fn targets(&self, origin: Origin<'_>, message: &MessageId) -> Vec<Neighbour> {
        let Some(config) = &self.config else {
            return Vec::new();
        };
        let ids: Vec<NodeId> = config.neighbours.iter().map(|neighbour| neighbour.id.clone()).collect();
        let holder = Holder { seed: config.seed, node: &self.id, message };
        let mut targets = config.protocol.strategy().targets(&holder, &ids, origin);
        match config.protocol.order {
            Order::Listed => targets.sort_unstable(),
            Order::Shuffled => holder.random("order").shuffle(&mut targets),
        }
        targets.into_iter().map(|target| config.neighbours[target].clone()).collect()
    }

    fn remember(&mut self, message: &MessageId, hop: Option<Hop>) {
        if self.seen.insert(message.clone(), hop).is_some() {
            return;
        }
        self.seen_order.push_back(message.clone());
        if self.seen_order.len() > MESSAGES_MAX
            && let Some(oldest) = self.seen_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }

    fn send_done(&mut self, now: Timestamp, send: SendId, sent: Timestamp, bytes: u64, result: Result<(), Failure>) {
        // What a configuration cut short has its record.
        let Some((copy, _)) = self.in_flight.remove(&send) else { return };
        self.load.finished += 1;
        match result {
            Ok(()) => self.settle(copy.replies),
            Err(reason) => self.fail(now, send, copy, SendFacts { sent, bytes }, reason),
        }
    }

    fn fail(&mut self, now: Timestamp, send: SendId, copy: Copy, facts: SendFacts, reason: Failure) {
        self.load.failed += 1;
        self.settle(copy.replies);
        self.outputs.push_back(Output::Event(Event::Failed {
            message: copy.gossip.message,
            to: copy.to.id,
            hop: copy.gossip.hop.map(Hop::next),
            send,
            sent: facts.sent,
            at: now,
            bytes: facts.bytes,
            reason,
        }));
    }

    /// One copy fewer for a reply to wait for.
    fn settle(&mut self, replies: Option<DeliveryId>) {
        let Some(delivery) = replies else { return };
        let Some(owed) = self.owed.get_mut(&delivery) else { return };
        owed.copies -= 1;
        if owed.copies == 0
            && let Some(owed) = self.owed.remove(&delivery)
        {
            self.outputs.push_back(Output::Reply { delivery, ack: Ok(owed.text) });
        }
    }

    /// Gives permits to waiting copies; one under a link delay keeps its permit while it is held back.
    fn pump(&mut self, now: Timestamp) {
        let permits = self.config.as_ref().map_or(0, |config| config.protocol.in_flight as usize);
        while self.in_flight.len() + self.held.len() < permits
            && let Some(copy) = self.queue.pop_front()
        {
            let send = self.take_send_id();
            let intended = copy.to.hold;
            if intended == Interval::ZERO {
                self.send(now, send, copy, None);
            } else {
                self.held.insert((now + intended, send), (copy, Held { since: now, intended }));
            }
        }
    }

    fn release(&mut self, now: Timestamp) {
        while let Some(entry) = self.held.first_entry()
            && entry.key().0 <= now
        {
            let ((_, send), (copy, held)) = entry.remove_entry();
            self.send(now, send, copy, Some(held));
        }
    }

    fn send(&mut self, now: Timestamp, send: SendId, copy: Copy, held: Option<Held>) {
        self.load.started += 1;
        let sent = held.map_or(now, |held| held.since);
        self.outputs.push_back(Output::Send(Send {
            send,
            to: copy.to.id.clone(),
            body: Body::Gossip(copy.gossip.clone()),
            deadline: self.config.as_ref().and_then(|config| config.protocol.deadline),
            held,
        }));
        self.in_flight.insert(send, (copy, sent));
    }

    fn take_send_id(&mut self) -> SendId {
        let send = SendId(self.next_send);
        self.next_send += 1;
        send
    }
}

/// What the host knows of a send that failed.
struct SendFacts {
    sent: Timestamp,
    bytes: u64,
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
