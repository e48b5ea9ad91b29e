//! One round in virtual time: a message begins at one machine, and what follows from it is carried out until nothing is left to do.

use std::collections::BTreeMap;

use bytes::Bytes;
use cnsim::id::{DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use cnsim::machine::{Event, Failure, Gossip, Input, Load, Machine, Output, Outputs, Send};
use cnsim::time::{Interval, Timestamp};

use crate::journal::{Entry, Fact, Journal};
use crate::network::Network;
use crate::queue::{Class, Key, Queue};

/// How many events pass between two looks at whether the round shall go on.
const LOOK: u64 = 1 << 16;

/// What a round is.
#[derive(Debug, Clone)]
pub struct RoundSpec {
    /// The message that begins.
    pub message: Message,
    /// Length of its name.
    pub text_bytes: u32,
    /// What it carries.
    pub payload: Bytes,
    /// Where it begins.
    pub initiator: NodeIx,
    /// When.
    pub begins: Timestamp,
    /// How long it may last.
    pub limit: Interval,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundEnd {
    /// Whether nothing was left to do.
    pub outcome: Outcome,
    /// When the last event happened, or the limit came.
    pub at: Timestamp,
    /// The sum over all machines.
    pub load: Load,
    /// How many events it took.
    pub events: u64,
}

/// Why a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was left to do.
    Quiescent,
    /// The limit came first.
    TimedOut,
    /// It was not to go on.
    Halted,
}

/// What happens at a node.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Arrival(Arrival),
    /// The news that a send has ended.
    Ended {
        send: SendId,
        sent: Timestamp,
        how: End,
    },
    Timeout,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Well,
    Refused(Epoch),
    Late,
}

/// A copy that arrives.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    send: SendId,
    sent: Timestamp,
    /// How long the way back holds the news of its end.
    hold_back: Interval,
    message: Message,
    hop: Option<Hop>,
    bytes: u32,
}

/// A delivery whose reply is still to come.
#[derive(Debug, Clone, Copy)]
struct Pending {
    sender: NodeIx,
    send: SendId,
    sent: Timestamp,
    hold_back: Interval,
}

/// See the module.
struct Round<'a> {
    spec: &'a RoundSpec,
    epoch: Epoch,
    machines: Vec<Machine>,
    outputs: Outputs,
    queue: Queue<Happening>,
    /// How many events each node has caused.
    sequences: Vec<u32>,
    /// For when a timer event of each node is queued.
    timeouts: BTreeMap<NodeIx, Timestamp>,
    deliveries: u64,
    owed: BTreeMap<DeliveryId, Pending>,
    now: Timestamp,
}

/// Simulates one round of a network; what happens is told to the journal in the order in which it happens. Every [`LOOK`] events
/// `goes_on` is asked, which is told how many events there were since.
pub fn simulate_round(
    network: &Network,
    spec: &RoundSpec,
    journal: &mut dyn Journal,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> RoundEnd {
    let mut round = Round::new(network, spec);
    let begin = Input::Initiate { message: spec.message, text_bytes: spec.text_bytes, payload: spec.payload.clone() };
    round.handle(spec.initiator, begin, None, journal);
    let deadline = spec.begins + spec.limit;
    let mut events = 0;
    let outcome = loop {
        let Some((key, happening)) = round.queue.pop() else { break Outcome::Quiescent };
        if key.time > deadline {
            round.give_up(network, deadline, journal);
            break Outcome::TimedOut;
        }
        round.now = key.time;
        round.happen(key, happening, journal);
        events += 1;
        if events % LOOK == 0 && !goes_on(LOOK) {
            break Outcome::Halted;
        }
    };
    goes_on(events % LOOK);
    RoundEnd { outcome, at: round.now, load: round.load(), events }
}

impl<'a> Round<'a> {
    fn new(network: &Network, spec: &'a RoundSpec) -> Self {
        let mut outputs = Outputs::default();
        let machines = (0..network.nodes()).map(|node| {
            let mut machine = Machine::new(NodeIx(node));
            machine.handle(spec.begins, Input::Configure(network.config(NodeIx(node))), &mut outputs);
            machine
        });
        Self {
            spec,
            epoch: network.epoch(),
            machines: machines.collect(),
            outputs,
            queue: Queue::new(),
            sequences: vec![0; network.nodes() as usize],
            timeouts: BTreeMap::new(),
            deliveries: 0,
            owed: BTreeMap::new(),
            now: spec.begins,
        }
    }

    fn happen(&mut self, key: Key, happening: Happening, journal: &mut dyn Journal) {
        let node = key.destination;
        match happening {
            Happening::Arrival(arrival) => self.arrive(node, key.source, arrival, journal),
            Happening::Ended { send, sent, how } => {
                let result = match how {
                    End::Well => Ok(()),
                    End::Refused(theirs) => Err(Failure::Refused(format!("epoch {} is not this node's", theirs.0))),
                    End::Late => Err(Failure::Deadline),
                };
                self.handle(node, Input::SendDone { send, sent, result }, None, journal);
            }
            Happening::Timeout => {
                // One that was set anew meanwhile has an event of its own.
                if self.timeouts.get(&node) == Some(&key.time) {
                    self.timeouts.remove(&node);
                    self.handle(node, Input::Timeout, None, journal);
                }
            }
        }
    }

    fn arrive(&mut self, node: NodeIx, from: NodeIx, arrival: Arrival, journal: &mut dyn Journal) {
        let Arrival { send, sent, hold_back, message, hop, .. } = arrival;
        let delivery = DeliveryId(self.deliveries);
        self.deliveries += 1;
        self.owed.insert(delivery, Pending { sender: from, send, sent, hold_back });
        let (text_bytes, payload) = (self.spec.text_bytes, self.spec.payload.clone());
        let gossip = Gossip { message, text_bytes, hop, epoch: Some(self.epoch), payload };
        self.handle(node, Input::Deliver { delivery, from, gossip }, Some(arrival), journal);
        if self.owed.contains_key(&delivery) {
            self.await_reply(node, from, arrival);
        }
    }

    /// The receiver replies later than at once: its sender may lose patience before.
    fn await_reply(&mut self, node: NodeIx, sender: NodeIx, arrival: Arrival) {
        if let Some(deadline) = self.machines[sender.index()].deadline() {
            let Arrival { send, sent, .. } = arrival;
            self.push(
                self.now + deadline,
                Class::Delivery,
                sender,
                node,
                Happening::Ended { send, sent, how: End::Late },
            );
        }
    }

    /// `arrival` is the copy that the input delivers.
    fn handle(&mut self, node: NodeIx, input: Input, arrival: Option<Arrival>, journal: &mut dyn Journal) {
        let now = self.now;
        self.machines[node.index()].handle(now, input, &mut self.outputs);
        while let Some(output) = self.outputs.next_output() {
            match output {
                Output::Event(event) => journal.record(entry(node, event, now, arrival)),
                Output::Reply { delivery, ack } => self.reply(node, delivery, ack.is_ok()),
                Output::Send(send) => self.carry(node, send),
            }
        }
        if let Some(at) = self.machines[node.index()].poll_timeout()
            && self.timeouts.get(&node) != Some(&at)
        {
            self.timeouts.insert(node, at);
            self.push(at, Class::Timer, node, node, Happening::Timeout);
        }
    }

    fn reply(&mut self, node: NodeIx, delivery: DeliveryId, is_taken: bool) {
        let Some(Pending { sender, send, sent, hold_back }) = self.owed.remove(&delivery) else { return };
        let how = if is_taken { End::Well } else { End::Refused(self.epoch) };
        self.push(self.now + hold_back, Class::Delivery, sender, node, Happening::Ended { send, sent, how });
    }

    fn carry(&mut self, node: NodeIx, copy: Send) {
        let Send { send, to, gossip, bytes, hold, hold_back, is_lost, .. } = copy;
        let sent = self.now;
        if is_lost {
            let ended = Happening::Ended { send, sent, how: End::Well };
            return self.push(sent + hold + hold_back, Class::Delivery, node, node, ended);
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let arrival = Arrival { send, sent, hold_back, message: gossip.message, hop: gossip.hop, bytes };
        self.push(sent + hold, Class::Delivery, to, node, Happening::Arrival(arrival));
    }

    fn push(&mut self, time: Timestamp, class: Class, destination: NodeIx, source: NodeIx, happening: Happening) {
        let sequence = self.sequences[source.index()];
        self.sequences[source.index()] += 1;
        self.queue.push(Key { time, class, destination, source, sequence }, happening);
    }

    /// What is still on its way is given up, as a driver does that configures anew.
    fn give_up(&mut self, network: &Network, at: Timestamp, journal: &mut dyn Journal) {
        self.now = at;
        for node in (0..network.nodes()).map(NodeIx) {
            self.handle(node, Input::Configure(network.config(node)), None, journal);
        }
    }

    fn load(&self) -> Load {
        self.machines.iter().map(Machine::load).fold(Load::default(), |sum, one| Load {
            queued: sum.queued + one.queued,
            in_flight: sum.in_flight + one.in_flight,
            started: sum.started + one.started,
            finished: sum.finished + one.finished,
            delivered: sum.delivered + one.delivered,
            failed: sum.failed + one.failed,
        })
    }
}

/// What the journal is told of an event at `node`.
fn entry(node: NodeIx, event: Event, now: Timestamp, arrival: Option<Arrival>) -> Entry {
    match event {
        Event::Initiated { message, at } => {
            let hop = Some(Hop::ORIGIN);
            Entry {
                message,
                sender: node,
                receiver: node,
                hop,
                sent: at,
                at,
                send: SendId(0),
                bytes: 0,
                fact: Fact::Initiated,
            }
        }
        Event::Received { message, from, hop, duplicate, .. } => {
            let Arrival { send, sent, bytes, .. } = arrival.expect("only a delivery is received");
            let fact = if duplicate { Fact::Duplicate } else { Fact::Received };
            Entry { message, sender: from, receiver: node, hop, sent, at: now, send, bytes: u64::from(bytes), fact }
        }
        Event::Failed { message, to, hop, send, sent, at, bytes, reason } => {
            Entry { message, sender: node, receiver: to, hop, sent, at, send, bytes, fact: Fact::Failed(reason) }
        }
    }
}
