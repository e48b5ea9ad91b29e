//! One task that owns one node's core: it takes inputs in turn and carries out what the core asks for.
//!
//! Deliveries come through a bounded queue that refuses when it is full. A send's end comes from the task's own set of
//! sends, so it can neither be lost nor wait behind deliveries. The load is published after each input and before any
//! output is released: whoever sees an acknowledgment finds the copies that followed from it counted. The core knows numbers;
//! their names are put in and taken out here.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, RwLock};

use cnsim::event::{NamedEvent, Receipt};
use cnsim::id::{ContactId, DeliveryId, MessageId, NodeId, NodeIx, SendId};
use cnsim::machine::{
    Ack, Answer, AnswerCopy, Answered, Config, Contact, Event, Failure, Gossip, Input, Load, Machine, Output, Outputs,
    Refusal, Send,
};
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::gossip::GossipMessage;
use cnsim::wire::{self, Arrived, CopyNames};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::clock::Clock;
use crate::exchange::{self, Answering, Asked, Outgoing};
use crate::inbox::{Handle, Incoming, Instruction, LinkTurn, Taken};
use crate::names::Names;
use crate::network::Network;
use crate::recorder::{Entry, Fact};
use crate::shared::Shared;
use crate::wake;

/// See the module.
pub(crate) struct Actor {
    machine: Machine,
    outputs: Outputs,
    names: Names,
    network: Arc<Network>,
    shared: Arc<Shared>,
    incoming: mpsc::Receiver<Incoming>,
    instructions: mpsc::Receiver<Instruction>,
    load: Arc<Mutex<Load>>,
    id: Arc<RwLock<NodeId>>,
    sends: JoinSet<Done>,
    /// The tasks of `sends`, by the core's name of each: what the core cancels ends at once.
    tasks: BTreeMap<SendId, AbortHandle>,
    /// Those of asks and control messages, which end with their configuration.
    contacts: BTreeMap<ContactId, AbortHandle>,
    replies: BTreeMap<DeliveryId, Awaited>,
    /// Of the copies that have come and are not received yet: what the records of their receipts say.
    receipts: BTreeMap<DeliveryId, Receipt>,
    /// Those who wait for an answer.
    asking: BTreeMap<DeliveryId, oneshot::Sender<Result<Answering, Refusal>>>,
    next_delivery: u64,
    /// The turns of the node's links that are to come, in the order of their times.
    turns: VecDeque<(Timestamp, Input)>,
}

/// Somebody who waits for the reply to a delivery.
struct Awaited {
    message: MessageId,
    reply: oneshot::Sender<Result<Taken, Refusal>>,
}

/// What has ended.
enum Done {
    /// A send or a control message.
    Input(Input),
    /// An ask, whose answer has names.
    Asked(Asked),
}

/// What an actor does next.
enum Step {
    Timeout,
    Done(Option<Done>),
    Instruction(Instruction),
    Incoming(Incoming),
    /// Every handle is gone.
    End,
}

impl Actor {
    /// A node that is not configured, with room for `queue` deliveries.
    pub(crate) fn new(id: NodeId, queue: usize, network: Arc<Network>, shared: Arc<Shared>) -> (Self, Handle) {
        let (incoming_in, incoming) = mpsc::channel(queue);
        let (instructions_in, instructions) = mpsc::channel(1);
        let load = Arc::new(Mutex::default());
        let name = Arc::new(RwLock::new(id.clone()));
        let handle = Handle {
            incoming: incoming_in,
            instructions: instructions_in,
            load: Arc::clone(&load),
            id: Arc::clone(&name),
        };
        let mut names = Names::new(Arc::clone(&network.settings().roster));
        let actor = Self {
            machine: Machine::new(names.number(&id)),
            outputs: Outputs::default(),
            names,
            network,
            shared,
            incoming,
            instructions,
            load,
            id: name,
            sends: JoinSet::new(),
            tasks: BTreeMap::new(),
            contacts: BTreeMap::new(),
            replies: BTreeMap::new(),
            receipts: BTreeMap::new(),
            asking: BTreeMap::new(),
            next_delivery: 0,
            turns: VecDeque::new(),
        };
        (actor, handle)
    }

    /// Works until it is told to stop.
    pub(crate) async fn run(mut self) {
        loop {
            match self.step().await {
                Step::Timeout => self.take_time(),
                Step::Done(done) => self.take_done(done),
                Step::Incoming(incoming) => self.take_incoming(incoming),
                Step::Instruction(Instruction::Configure { config, network, done }) => {
                    self.configure(config, network);
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
                Step::Instruction(Instruction::Initiate { message, payload, done }) => {
                    let text_bytes = text_bytes(&message);
                    let message = self.names.message(&message);
                    self.take(Input::Initiate { message, text_bytes, payload });
                    let _ = done.send(());
                }
                Step::Instruction(Instruction::BeginCounts { done }) => {
                    self.machine.begin_control_counts();
                    let _ = done.send(());
                }
                Step::Instruction(Instruction::BeginFaults { faults, done }) => {
                    self.machine.begin_faults(faults);
                    let _ = done.send(());
                }
                Step::Instruction(Instruction::BeginMotion { discovery, turns, done }) => {
                    self.begin_motion(discovery, turns);
                    let _ = done.send(());
                }
                Step::Instruction(Instruction::TellFaults { log }) => {
                    let _ = log.send(self.machine.fault_log());
                }
                Step::Instruction(Instruction::TellCounts { counts }) => {
                    let _ = counts.send(self.machine.control_counts());
                }
                Step::Instruction(Instruction::Halt { counts }) => {
                    return drop(counts.send(self.machine.control_counts()));
                }
                Step::Instruction(Instruction::Stop) | Step::End => return self.stop().await,
            }
            self.shared.recorder.room().await;
        }
    }

    async fn step(&mut self) -> Step {
        let turn = self.turns.front().map(|(at, _)| *at);
        let timeout = self.machine.poll_timeout().into_iter().chain(turn).min();
        // A sleep of no time waits for its turn, which a busy node never gives it.
        if timeout.is_some_and(|at| at <= self.shared.clock.now()) {
            return Step::Timeout;
        }
        tokio::select! {
            biased;
            () = until(&self.shared.clock, timeout) => Step::Timeout,
            Some(done) = self.sends.join_next() => Step::Done(ended(done)),
            instruction = self.instructions.recv() => instruction.map_or(Step::End, Step::Instruction),
            Some(incoming) = self.incoming.recv() => Step::Incoming(incoming),
        }
    }

    async fn stop(mut self) {
        self.incoming.close();
        self.take(Input::Stop);
        self.give_up_contacts();
        while let Some(done) = self.sends.join_next().await {
            self.take_done(ended(done));
        }
    }

    /// What the old configuration leaves behind is recorded under it, and with its names.
    fn configure(&mut self, config: Config, network: Arc<Network>) {
        let roster = Arc::clone(&network.settings().roster);
        let id = roster.name(config.me).expect("a configuration numbers the nodes that it configures").clone();
        self.take(Input::Configure(config));
        self.give_up_contacts();
        self.receipts.clear();
        self.turns.clear();
        self.network = network;
        self.names = Names::new(roster);
        *self.id.write().expect("no holder of this lock panics") = id;
    }

    fn begin_motion(&mut self, discovery: Interval, turns: Vec<LinkTurn>) {
        self.machine.begin_moving(discovery);
        let turn = |LinkTurn { at, peer, up }| {
            let peer = self.names.number(&peer);
            (at, if up { Input::LinkUp { peer } } else { Input::LinkDown { peer } })
        };
        self.turns = turns.into_iter().map(turn).collect();
    }

    /// Links turn before anything else that is due.
    fn take_time(&mut self) {
        let now = self.shared.clock.now();
        while let Some((_, turn)) = self.turns.pop_front_if(|(at, _)| *at <= now) {
            self.take(turn);
        }
        self.take(Input::Timeout);
    }

    fn take_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Deliver { arrived, received, reply } => self.take_copy(arrived, received, reply),
            Incoming::Asked { from, bytes, words, reply } => {
                let (asked, from) = (self.name_delivery(), self.place(&from));
                self.asking.insert(asked, reply);
                self.take(Input::Asked { asked, from, bytes, words });
            }
            Incoming::Told { from, bytes, words, done } => {
                let from = self.place(&from);
                self.take(Input::Control { from, bytes, words });
                // Whoever told may have gone.
                let _ = done.send(());
            }
            Incoming::Seen { message, reply } => {
                let message = self.names.find_message(&message);
                let _ = reply.send(message.and_then(|message| self.machine.seen(message)));
            }
        }
    }

    fn take_copy(&mut self, arrived: Arrived, received: Timestamp, reply: oneshot::Sender<Result<Taken, Refusal>>) {
        let (from, name, bytes) = (self.place(&arrived.from), arrived.message.clone(), arrived.bytes);
        let (delivery, gossip) = self.numbered(arrived, received);
        self.replies.insert(delivery, Awaited { message: name, reply });
        self.take(Input::Deliver { delivery, from, bytes, gossip });
    }

    fn take_done(&mut self, done: Option<Done>) {
        match done {
            None => {}
            Some(Done::Asked(asked)) => self.take_answer(asked),
            Some(Done::Input(input)) => {
                if let Input::SendDone { send, .. } = &input {
                    self.tasks.remove(send);
                }
                if let Input::ControlDone { contact, .. } = &input {
                    self.contacts.remove(contact);
                }
                self.take(input);
            }
        }
    }

    fn take_answer(&mut self, asked: Asked) {
        let Asked { contact, result, at } = asked;
        self.contacts.remove(&contact);
        let result = result.map(|(body, copies, bytes)| {
            let copies = copies.into_iter().map(|copy| self.numbered(copy, at)).collect();
            Answered { bytes, body, copies }
        });
        self.take(Input::AskDone { contact, result });
    }

    /// A copy in the core's numbers; what the record of its receipt says besides is kept.
    fn numbered(&mut self, arrived: Arrived, received: Timestamp) -> (DeliveryId, Gossip) {
        let Arrived { message: name, hop, epoch, payload, sent, send_id, bytes, .. } = arrived;
        let text_bytes = text_bytes(&name);
        let gossip = Gossip { message: self.names.message(&name), text_bytes, hop, epoch, payload };
        let delivery = self.name_delivery();
        self.receipts.insert(delivery, Receipt { received, sent, send_id, bytes });
        (delivery, gossip)
    }

    fn name_delivery(&mut self) -> DeliveryId {
        self.next_delivery += 1;
        DeliveryId(self.next_delivery)
    }

    /// A node's number. One that is not configured has no place in a roster; its own name is its own all the same.
    fn place(&mut self, node: &NodeId) -> NodeIx {
        if *node == self.called() { self.machine.me() } else { self.names.number(node) }
    }

    fn take(&mut self, input: Input) {
        let now = self.shared.clock.now();
        self.machine.handle(now, input, &mut self.outputs);
        *self.load.lock().expect("no holder of this lock panics") = self.machine.load();
        let me = self.called();
        while let Some(output) = self.outputs.next_output() {
            match output {
                Output::Event(event) => self.record(event, &me),
                Output::Reply { delivery, ack, useful } => self.reply(delivery, ack, useful, &me),
                Output::Send(send) => self.carry(send, &me),
                Output::Ask(ask) => self.ask(ask, &me),
                Output::Control(control) => self.tell(control, &me),
                Output::Answer(answer) => self.answer(answer, &me),
                Output::Refuse { asked, refusal } => self.answer_with(asked, Err(refusal)),
            }
        }
    }

    fn record(&mut self, event: Event, me: &NodeId) {
        if let Event::Failed { send, reason: Failure::Abandoned(_) | Failure::CutShort(_), .. } = &event
            && let Some(task) = self.tasks.remove(send)
        {
            task.abort();
        }
        let receipt = match &event {
            Event::Received { delivery, at, .. } => {
                let receipt = self.receipts.remove(delivery);
                receipt.map(|receipt| Receipt { received: at.unwrap_or(receipt.received), ..receipt })
            }
            Event::Initiated { .. } | Event::Failed { .. } => None,
        };
        let fact = Fact::Event(named(event, &self.names, receipt));
        let context = Arc::clone(self.network.context());
        self.shared.recorder.record(Entry { fact, node: me.clone(), context, restarts: self.machine.restarts() });
    }

    fn reply(&mut self, delivery: DeliveryId, ack: Result<Ack, Refusal>, useful: Option<bool>, me: &NodeId) {
        let Awaited { message, reply } = self.replies.remove(&delivery).expect("each delivery has one reply");
        if ack.is_err() {
            self.receipts.remove(&delivery);
        }
        // A caller whose deadline has passed is gone.
        let _ = reply.send(ack.map(|ack| Taken { details: words(ack, me, &message), useful }));
    }

    fn carry(&mut self, send: Send, me: &NodeId) {
        let send_id = send.send.label(me, self.network.context().epoch);
        let message = self.names.message_name(send.gossip.message);
        let names = CopyNames { message: &message, sender: me, send_id: &send_id };
        let message = wire::to_wire(&send.gossip, names, send.since);
        let deadline = self.machine.deadline();
        let copy = Carried { to: self.names.node(send.to), message, bytes: send.bytes, deadline };
        let name = send.send;
        let carried = carry(send, copy, Arc::clone(&self.network), Arc::clone(&self.shared));
        self.tasks.insert(name, self.sends.spawn(async { Done::Input(carried.await) }));
    }

    fn ask(&mut self, ask: Contact, me: &NodeId) {
        let (contact, outgoing) = (ask.contact, self.outgoing(&ask, me));
        let asked = exchange::ask(ask, outgoing, Arc::clone(&self.network), Arc::clone(&self.shared));
        self.contacts.insert(contact, self.sends.spawn(async { Done::Asked(asked.await) }));
    }

    fn tell(&mut self, control: Contact, me: &NodeId) {
        let (contact, outgoing) = (control.contact, self.outgoing(&control, me));
        let told = exchange::tell(control, outgoing, Arc::clone(&self.network), Arc::clone(&self.shared));
        self.contacts.insert(contact, self.sends.spawn(async { Done::Input(told.await) }));
    }

    fn outgoing(&self, contact: &Contact, me: &NodeId) -> Outgoing {
        Outgoing { to: self.names.node(contact.to), words: wire::words_to_wire(&contact.words, me) }
    }

    /// The copies in an answer are sent when it is given.
    fn answer(&mut self, answer: Answer, me: &NodeId) {
        let Answer { asked, body, copies, since, hold, is_lost, .. } = answer;
        let copies = copies.into_iter().map(|AnswerCopy { send, gossip, .. }| {
            let send_id = send.label(me, self.network.context().epoch);
            let message = self.names.message_name(gossip.message);
            wire::to_wire(&gossip, CopyNames { message: &message, sender: me, send_id: &send_id }, since)
        });
        let answer = wire::answer_to_wire(&body, copies.collect());
        self.answer_with(asked, Ok(Answering { answer, hold, leaves: since + hold, is_lost }));
    }

    fn answer_with(&mut self, asked: DeliveryId, answer: Result<Answering, Refusal>) {
        if let Some(asking) = self.asking.remove(&asked) {
            // Whoever asked may have gone.
            let _ = asking.send(answer);
        }
    }

    /// Nobody waits any longer for the ends of asks and control messages.
    fn give_up_contacts(&mut self) {
        std::mem::take(&mut self.contacts).into_values().for_each(|task| task.abort());
    }

    fn called(&self) -> NodeId {
        self.id.read().expect("no holder of this lock panics").clone()
    }
}

/// A copy on its way out, with names.
struct Carried {
    to: NodeId,
    message: GossipMessage,
    /// Its encoded size.
    bytes: u64,
    /// How long it may take once it has left.
    deadline: Option<Interval>,
}

/// The event with names; of a receipt, with what the host knows of it.
fn named(event: Event, names: &Names, receipt: Option<Receipt>) -> NamedEvent {
    match event {
        Event::Initiated { message, at } => NamedEvent::Initiated { message: names.message_name(message), at },
        Event::Received { message, from, hop, duplicate, .. } => NamedEvent::Received {
            message: names.message_name(message),
            from: names.node(from),
            hop,
            receipt: receipt.expect("what is received has come, and is received once"),
            duplicate,
        },
        Event::Failed { message, to, hop, send, sent, at, bytes, reason } => {
            let (message, to) = (names.message_name(message), names.node(to));
            NamedEvent::Failed { message, to, hop, send, sent, at, bytes, reason }
        }
    }
}

/// The published system's words.
fn words(ack: Ack, me: &NodeId, message: &MessageId) -> String {
    match ack {
        Ack::Initiated => format!("Done propagate! {me} received: '{message}'"),
        Ack::Received => format!("{me} received: '{message}'"),
        Ack::Duplicate => format!("Duplicate message ignored by ({me})"),
    }
}

fn text_bytes(message: &MessageId) -> u32 {
    u32::try_from(message.as_str().len()).unwrap_or(u32::MAX)
}

async fn until(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => wake::after(clock.until(at)).await,
        None => pending().await,
    }
}

/// None: the core had cancelled it.
fn ended(send: Result<Done, JoinError>) -> Option<Done> {
    match send {
        Ok(done) => Some(done),
        Err(error) if error.is_cancelled() => None,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Carries one copy once its link lets it go, and says how that ended.
async fn carry(send: Send, mut copy: Carried, network: Arc<Network>, shared: Arc<Shared>) -> Input {
    let sent = if send.hold == Interval::ZERO {
        let now = shared.clock.now();
        copy.message.timestamp = i64::try_from(now.0).unwrap_or(i64::MAX);
        now
    } else {
        until(&shared.clock, Some(send.since + send.hold)).await;
        network.held(send.hold, shared.clock.now().since(send.since));
        send.since
    };
    let result = match (send.is_cut, send.is_lost) {
        (true, _) => wait_in_vain(&copy, &shared).await,
        (false, true) => Ok(None),
        (false, false) => carry_to_peer(&copy, &network, &shared).await,
    };
    if result.is_ok() && send.hold_back != Interval::ZERO {
        until(&shared.clock, Some(shared.clock.now() + send.hold_back)).await;
    }
    Input::SendDone { send: send.send, sent, result }
}

/// What becomes of a copy that nothing passes for.
async fn wait_in_vain(copy: &Carried, shared: &Shared) -> Result<Option<bool>, Failure> {
    tokio::select! {
        () = passed(copy.deadline) => Err(Failure::Deadline),
        () = shared.give_up.notified() => Err(Failure::Deadline),
    }
}

async fn carry_to_peer(copy: &Carried, network: &Network, shared: &Shared) -> Result<Option<bool>, Failure> {
    if copy.bytes > shared.max_message {
        return Err(Failure::TooLarge { bytes: copy.bytes, limit: shared.max_message });
    }
    tokio::select! {
        biased;
        result = network.carry(&copy.to, &copy.message) => result,
        () = passed(copy.deadline) => Err(Failure::Deadline),
        () = shared.give_up.notified() => Err(Failure::Deadline),
    }
}

async fn passed(deadline: Option<Interval>) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline.into()).await,
        None => pending().await,
    }
}
