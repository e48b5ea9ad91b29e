//! One task that owns one node's core: it takes inputs in turn and carries out what the core asks for.
//!
//! Deliveries come through a bounded queue that refuses when it is full. A send's end comes from the task's own set of
//! sends, so it can neither be lost nor wait behind deliveries. The load is published after each input and before any
//! output is released: whoever sees an acknowledgment finds the copies that followed from it counted. The core knows numbers;
//! their names are put in and taken out here.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, RwLock};

use bytes::Bytes;
use cnsim::event::{NamedEvent, Receipt};
use cnsim::id::{DeliveryId, Hop, MessageId, NodeId, NodeIx, SendId};
use cnsim::machine::{Ack, Config, Event, Failure, Gossip, Input, Load, Machine, Output, Outputs, Refusal, Send};
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::gossip::GossipMessage;
use cnsim::wire::{self, Arrived, CopyNames};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::clock::Clock;
use crate::names::Names;
use crate::network::Network;
use crate::recorder::{Entry, Fact, Recorder};
use crate::traffic::Traffic;
use crate::wake;

/// What every hosted node shares.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The time.
    pub(crate) clock: Clock,
    /// Where events go.
    pub(crate) recorder: Recorder,
    /// Bytes over all gossip connections.
    pub(crate) traffic: Arc<Traffic>,
    /// Largest encoded message that is sent or taken, in bytes.
    pub(crate) max_message: u64,
    /// Ends sends that are still in flight when the process cannot wait any longer.
    pub(crate) give_up: Notify,
}

/// What handlers put into a node's bounded queue.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A copy arrived.
    Deliver {
        /// As it came from the wire.
        arrived: Arrived,
        /// When the handler began.
        received: Timestamp,
        /// Where the reply goes: the words of an acknowledgment, or why it is refused.
        reply: oneshot::Sender<Result<String, Refusal>>,
    },
    /// Does the node hold a message, and at which hop?
    Seen {
        /// Which.
        message: MessageId,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<Option<Hop>>>,
    },
}

/// What the process tells a node.
#[derive(Debug)]
pub(crate) enum Instruction {
    /// Take a configuration.
    Configure {
        /// The core's.
        config: Config,
        /// The process's.
        network: Arc<Network>,
        /// Told when it is taken.
        done: oneshot::Sender<()>,
    },
    /// Begin a message.
    Initiate {
        /// Its name.
        message: MessageId,
        /// What it carries.
        payload: Bytes,
        /// Told when the core has taken it.
        done: oneshot::Sender<()>,
    },
    /// Give up what waits, let the copies in flight end, and end.
    Stop,
}

/// How others reach a node.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    /// The bounded queue.
    pub(crate) incoming: mpsc::Sender<Incoming>,
    /// What the process asks of it.
    pub(crate) instructions: mpsc::Sender<Instruction>,
    /// Published after each input.
    pub(crate) load: Arc<Mutex<Load>>,
    /// What the node is called now.
    pub(crate) id: Arc<RwLock<NodeId>>,
}

impl Handle {
    /// What the node is called now: a configuration can give it another id.
    pub(crate) fn id(&self) -> NodeId {
        self.id.read().expect("no holder of this lock panics").clone()
    }
}

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
    sends: JoinSet<Input>,
    /// The tasks of `sends`, by the core's name of each: what the core cancels ends at once.
    tasks: BTreeMap<SendId, AbortHandle>,
    replies: BTreeMap<DeliveryId, Awaited>,
    next_delivery: u64,
}

/// Somebody who waits for the reply to a delivery.
struct Awaited {
    message: MessageId,
    reply: oneshot::Sender<Result<String, Refusal>>,
}

/// What an actor does next.
enum Step {
    Timeout,
    Done(Option<Input>),
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
            replies: BTreeMap::new(),
            next_delivery: 0,
        };
        (actor, handle)
    }

    /// Works until it is told to stop.
    pub(crate) async fn run(mut self) {
        loop {
            match self.step().await {
                Step::Timeout => self.take(Input::Timeout),
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
                Step::Instruction(Instruction::Stop) | Step::End => return self.stop().await,
            }
            self.shared.recorder.room().await;
        }
    }

    async fn step(&mut self) -> Step {
        let timeout = self.machine.poll_timeout();
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
        while let Some(done) = self.sends.join_next().await {
            self.take_done(ended(done));
        }
    }

    /// What the old configuration leaves behind is recorded under it, and with its names.
    fn configure(&mut self, config: Config, network: Arc<Network>) {
        let roster = Arc::clone(&network.settings().roster);
        let id = roster.name(config.me).expect("a configuration numbers the nodes that it configures").clone();
        self.take(Input::Configure(config));
        self.network = network;
        self.names = Names::new(roster);
        *self.id.write().expect("no holder of this lock panics") = id;
    }

    fn take_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Deliver { arrived, received, reply } => self.take_copy(arrived, received, reply),
            Incoming::Seen { message, reply } => {
                let message = self.names.find_message(&message);
                let _ = reply.send(message.and_then(|message| self.machine.seen(message)));
            }
        }
    }

    fn take_copy(&mut self, arrived: Arrived, received: Timestamp, reply: oneshot::Sender<Result<String, Refusal>>) {
        let Arrived { from, message: name, hop, epoch, payload, sent, send_id, bytes } = arrived;
        let delivery = DeliveryId(self.next_delivery);
        self.next_delivery += 1;
        // A node that is not configured has no place in a roster; its own name is its own all the same.
        let from = if from == self.called() { self.machine.me() } else { self.names.number(&from) };
        let text_bytes = text_bytes(&name);
        let gossip = Gossip { message: self.names.message(&name), text_bytes, hop, epoch, payload };
        self.replies.insert(delivery, Awaited { message: name, reply });
        let receipt = Receipt { received, sent, send_id, bytes };
        self.take_with(Input::Deliver { delivery, from, gossip }, Some(receipt));
    }

    fn take_done(&mut self, done: Option<Input>) {
        let Some(done) = done else { return };
        if let Input::SendDone { send, .. } = &done {
            self.tasks.remove(send);
        }
        self.take(done);
    }

    fn take(&mut self, input: Input) {
        self.take_with(input, None);
    }

    /// `receipt` is that of the copy which the input is.
    fn take_with(&mut self, input: Input, mut receipt: Option<Receipt>) {
        let now = self.shared.clock.now();
        self.machine.handle(now, input, &mut self.outputs);
        *self.load.lock().expect("no holder of this lock panics") = self.machine.load();
        let me = self.called();
        while let Some(output) = self.outputs.next_output() {
            match output {
                Output::Event(event) => self.record(event, &me, &mut receipt),
                Output::Reply { delivery, ack, .. } => self.reply(delivery, ack, &me),
                Output::Send(send) => self.carry(send, now, &me),
                Output::Ask(_) | Output::Control(_) | Output::Answer(_) | Output::Refuse { .. } => {}
            }
        }
    }

    fn record(&mut self, event: Event, me: &NodeId, receipt: &mut Option<Receipt>) {
        if let Event::Failed { send, reason: Failure::Abandoned(_) | Failure::CutShort(_), .. } = &event
            && let Some(task) = self.tasks.remove(send)
        {
            task.abort();
        }
        let fact = Fact::Event(named(event, &self.names, receipt));
        let context = Arc::clone(self.network.context());
        self.shared.recorder.record(Entry { fact, node: me.clone(), context });
    }

    fn reply(&mut self, delivery: DeliveryId, ack: Result<Ack, Refusal>, me: &NodeId) {
        let Awaited { message, reply } = self.replies.remove(&delivery).expect("each delivery has one reply");
        // A caller whose deadline has passed is gone.
        let _ = reply.send(ack.map(|ack| words(ack, me, &message)));
    }

    fn carry(&mut self, send: Send, now: Timestamp, me: &NodeId) {
        let send_id = send.send.label(me, self.network.context().epoch);
        let message = self.names.message_name(send.gossip.message);
        let message = wire::to_wire(&send.gossip, CopyNames { message: &message, sender: me, send_id: &send_id }, now);
        let copy = Carried { to: self.peer(send.to), message, bytes: send.bytes, permitted: now };
        let name = send.send;
        let carried = carry(send, copy, Arc::clone(&self.network), Arc::clone(&self.shared));
        self.tasks.insert(name, self.sends.spawn(carried));
    }

    fn peer(&self, number: NodeIx) -> NodeId {
        self.names.node(number)
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
    /// When it got its permit.
    permitted: Timestamp,
}

/// The event with names; a receipt is taken for the copy that it is of.
fn named(event: Event, names: &Names, receipt: &mut Option<Receipt>) -> NamedEvent {
    match event {
        Event::Initiated { message, at } => NamedEvent::Initiated { message: names.message_name(message), at },
        Event::Received { message, from, hop, duplicate, .. } => NamedEvent::Received {
            message: names.message_name(message),
            from: names.node(from),
            hop,
            receipt: receipt.take().expect("only a delivery is received, and once"),
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
fn ended(send: Result<Input, JoinError>) -> Option<Input> {
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
        until(&shared.clock, Some(copy.permitted + send.hold)).await;
        network.held(send.hold, shared.clock.now().since(copy.permitted));
        copy.permitted
    };
    let result = match send.is_lost {
        true => Ok(None),
        false => carry_to_peer(&send, &copy, &network, &shared).await.map(|()| None),
    };
    if result.is_ok() && send.hold_back != Interval::ZERO {
        until(&shared.clock, Some(shared.clock.now() + send.hold_back)).await;
    }
    Input::SendDone { send: send.send, sent, result }
}

async fn carry_to_peer(send: &Send, copy: &Carried, network: &Network, shared: &Shared) -> Result<(), Failure> {
    if copy.bytes > shared.max_message {
        return Err(Failure::TooLarge { bytes: copy.bytes, limit: shared.max_message });
    }
    tokio::select! {
        biased;
        result = network.carry(&copy.to, &copy.message) => result,
        () = passed(send.deadline) => Err(Failure::Deadline),
        () = shared.give_up.notified() => Err(Failure::Deadline),
    }
}

async fn passed(deadline: Option<Interval>) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline.into()).await,
        None => pending().await,
    }
}
