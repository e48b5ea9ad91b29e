//! One gossip node as a sans-IO state machine.
//!
//! The host calls [`Machine::handle`] with an input and the time, then takes every output; between inputs it sleeps until
//! [`Machine::poll_timeout`]. Contract: for each [`Output::Send`] the host gives exactly one [`Input::SendDone`], by the
//! send's deadline; for each [`Input::Deliver`] the machine gives exactly one [`Output::Reply`], at once or when the copy
//! has been forwarded. Nothing is retried.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::id::{DeliveryId, Epoch, Hop, MessageId, NodeId, SendId};
use crate::protocol::{Forward, Holder, Order, Origin, Protocol};
use crate::time::{Interval, Timestamp};

/// How many messages a node remembers; the oldest is forgotten first.
const MESSAGES_MAX: usize = 1 << 16;

/// What a node is told at the start of a run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Names this configuration.
    pub epoch: Epoch,
    /// The nodes it may send to, in listed order.
    pub neighbours: Vec<Neighbour>,
    /// What it does with a message.
    pub protocol: Protocol,
    /// What its random choices are keyed by, beside its name and the message's.
    pub seed: u64,
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Whom it leads to.
    pub id: NodeId,
    /// How long each copy is held back before it is sent: a latency that the network does not have by itself.
    pub hold: Interval,
}

/// What travels between nodes. Digests, pulls, grafts and prunes will join it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A whole message.
    Gossip(Gossip),
}

/// One copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gossip {
    /// Which message it is.
    pub message: MessageId,
    /// The sender's distance from the initiator, where it knows it.
    pub hop: Option<Hop>,
    /// The sender's configuration, where it has one.
    pub epoch: Option<Epoch>,
    /// What the message carries.
    pub payload: Bytes,
}

/// Facts of one received copy that the machine passes on into its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When the handler began.
    pub received: Timestamp,
    /// When the sender sent it, by the sender's clock.
    pub sent: Timestamp,
    /// The sender's name for the copy; empty where it gave none.
    pub send_id: String,
    /// Size of the encoded message.
    pub bytes: u64,
}

/// What the host tells the machine.
#[derive(Debug, Clone)]
pub enum Input {
    /// Take this configuration and forget every message of the one before. Replies that are owed are given.
    Configure(Config),
    /// Begin a message here.
    Initiate {
        /// Its name.
        message: MessageId,
        /// What it carries.
        payload: Bytes,
    },
    /// A copy has arrived.
    Deliver {
        /// What the reply will name.
        delivery: DeliveryId,
        /// Who sent it. The node's own id: whoever started it asks this node to initiate.
        from: NodeId,
        /// What arrived.
        body: Body,
        /// When and how.
        receipt: Receipt,
    },
    /// A send has ended.
    SendDone {
        /// Which one.
        send: SendId,
        /// When it was sent, by the host's clock.
        sent: Timestamp,
        /// Size of the encoded message.
        bytes: u64,
        /// How it ended.
        result: Result<(), Failure>,
    },
    /// The instant of [`Machine::poll_timeout`] has come.
    Timeout,
    /// The host will send nothing more: what waits is given up, replies that are owed are given.
    Stop,
}

/// Why a send has no acknowledgment. The text goes into the event record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No acknowledgment came in time.
    #[error("deadline exceeded")]
    Deadline,
    /// No address is known for the peer.
    #[error("no address for this peer")]
    NoPeer,
    /// The peer could not be reached, or the connection broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The peer refused the copy.
    #[error("refused: {0}")]
    Refused(String),
    /// The message is larger than this node may send.
    #[error("message of {bytes} bytes is above the limit of {limit}")]
    TooLarge {
        /// Its encoded size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The node was stopped or configured anew before the copy was sent.
    #[error("not sent: the node was {0}")]
    Abandoned(&'static str),
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Sender and receiver are configured for different runs.
    #[error("epoch {theirs} is not this node's epoch {mine}", theirs = .theirs.0, mine = .mine.0)]
    Epoch {
        /// The copy's.
        theirs: Epoch,
        /// The node's.
        mine: Epoch,
    },
}

/// The reply to one delivery; the texts are the published system's.
pub type Ack = Result<String, Refusal>;

/// What the machine asks the host to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a copy.
    Send(Send),
    /// Answer a delivery.
    Reply {
        /// Which one.
        delivery: DeliveryId,
        /// With what.
        ack: Ack,
    },
    /// Something happened that the record wants.
    Event(Event),
}

/// One copy to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its name.
    pub send: SendId,
    /// To whom.
    pub to: NodeId,
    /// What.
    pub body: Body,
    /// How long it may take; none: as long as it takes.
    pub deadline: Option<Interval>,
    /// Where a link delay held the copy back: since when, and for how long it was meant to be. It counts as sent then.
    pub held: Option<Held>,
}

/// A copy that a link delay has held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// When it would have been sent without the delay.
    pub since: Timestamp,
    /// The delay that was asked for.
    pub intended: Interval,
}

/// What is written down; the host adds run, process and sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// This node began a message.
    Initiated {
        /// Which.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// A copy arrived.
    Received {
        /// Of which message.
        message: MessageId,
        /// From whom.
        from: NodeId,
        /// Over how many hops, where it is known.
        hop: Option<Hop>,
        /// When and how.
        receipt: Receipt,
        /// Whether the node held the message already.
        duplicate: bool,
    },
    /// A send ended without an acknowledgment.
    Failed {
        /// Of which message.
        message: MessageId,
        /// To whom.
        to: NodeId,
        /// Which hop the copy would have been, where it is known.
        hop: Option<Hop>,
        /// The send's name.
        send: SendId,
        /// When it was sent.
        sent: Timestamp,
        /// When it was given up.
        at: Timestamp,
        /// Size of the encoded message.
        bytes: u64,
        /// Why.
        reason: Failure,
    },
}

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
    in_flight: BTreeMap<SendId, Copy>,
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
    epoch: Epoch,
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

    fn configure(&mut self, now: Timestamp, config: Config) {
        self.abandon(now, "configured anew");
        self.seen.clear();
        self.seen_order.clear();
        self.load = Load::default();
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
            self.queue.push_back(Copy { to, gossip, replies, epoch });
        }
    }

    fn targets(&self, origin: Origin<'_>, message: &MessageId) -> Vec<Neighbour> {
        let Some(config) = &self.config else {
            return Vec::new();
        };
        let ids: Vec<NodeId> = config.neighbours.iter().map(|neighbour| neighbour.id.clone()).collect();
        let holder = Holder { seed: config.seed, node: &self.id, message };
        let mut targets = config.protocol.strategy.targets(&holder, &ids, origin);
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
        let copy = self.in_flight.remove(&send).expect("the host reports each send once");
        if copy.epoch == self.epoch() {
            self.load.finished += 1;
        }
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
                self.send(send, copy, None);
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
            self.send(send, copy, Some(held));
        }
    }

    fn send(&mut self, send: SendId, copy: Copy, held: Option<Held>) {
        self.load.started += 1;
        self.outputs.push_back(Output::Send(Send {
            send,
            to: copy.to.id.clone(),
            body: Body::Gossip(copy.gossip.clone()),
            deadline: self.config.as_ref().and_then(|config| config.protocol.deadline),
            held,
        }));
        self.in_flight.insert(send, copy);
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
