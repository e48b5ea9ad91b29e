//! One task that owns one node's core: it takes inputs in turn and carries out what the core asks for.
//!
//! Deliveries come through a bounded queue that refuses when it is full. A send's end comes from the task's own set of
//! sends, so it can neither be lost nor wait behind deliveries. The load is published after each input and before any
//! output is released: whoever sees an acknowledgment finds the copies that followed from it counted.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, RwLock};

use bytes::Bytes;
use cnsim::event::Context;
use cnsim::id::{DeliveryId, Hop, MessageId, NodeId};
use cnsim::machine::{Ack, Body, Config, Failure, Input, Load, Machine, Output, Receipt, Send};
use cnsim::time::{Interval, Timestamp};
use cnsim::wire;
use prost::Message;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::clock::Clock;
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
        /// Who sent it.
        from: NodeId,
        /// What it is.
        body: Body,
        /// When and how.
        receipt: Receipt,
        /// Where the reply goes.
        reply: oneshot::Sender<Ack>,
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
    network: Arc<Network>,
    shared: Arc<Shared>,
    incoming: mpsc::Receiver<Incoming>,
    instructions: mpsc::Receiver<Instruction>,
    load: Arc<Mutex<Load>>,
    id: Arc<RwLock<NodeId>>,
    sends: JoinSet<Done>,
    replies: BTreeMap<DeliveryId, oneshot::Sender<Ack>>,
    next_delivery: u64,
}

/// A send that has ended.
struct Done {
    input: Input,
    context: Arc<Context>,
}

/// What an actor does next.
enum Step {
    Timeout,
    Done(Done),
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
        let actor = Self {
            machine: Machine::new(id),
            network,
            shared,
            incoming,
            instructions,
            load,
            id: name,
            sends: JoinSet::new(),
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
                    let id = config.id.clone();
                    // What the old configuration leaves behind is recorded under it.
                    self.take(Input::Configure(config));
                    self.network = network;
                    *self.id.write().expect("no holder of this lock panics") = id;
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
                Step::Instruction(Instruction::Initiate { message, payload, done }) => {
                    self.take(Input::Initiate { message, payload });
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

    fn take_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Deliver { from, body, receipt, reply } => {
                let delivery = DeliveryId(self.next_delivery);
                self.next_delivery += 1;
                self.replies.insert(delivery, reply);
                self.take(Input::Deliver { delivery, from, body, receipt });
            }
            Incoming::Seen { message, reply } => {
                let _ = reply.send(self.machine.seen(&message));
            }
        }
    }

    fn take_done(&mut self, done: Done) {
        self.take_under(done.input, &done.context);
    }

    fn take(&mut self, input: Input) {
        let context = Arc::clone(self.network.context());
        self.take_under(input, &context);
    }

    /// `context` is that of the configuration which the input's events belong to.
    fn take_under(&mut self, input: Input, context: &Arc<Context>) {
        self.machine.handle(self.shared.clock.now(), input);
        *self.load.lock().expect("no holder of this lock panics") = self.machine.load();
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Event(event) => self.shared.recorder.record(Entry {
                    fact: Fact::Event(event),
                    node: self.machine.id().clone(),
                    context: Arc::clone(context),
                }),
                Output::Reply { delivery, ack } => {
                    let reply = self.replies.remove(&delivery).expect("each delivery has one reply");
                    // A caller whose deadline has passed is gone.
                    let _ = reply.send(ack);
                }
                Output::Send(send) => {
                    let (me, network) = (self.machine.id().clone(), Arc::clone(&self.network));
                    self.sends.spawn(carry(send, me, network, Arc::clone(&self.shared)));
                }
            }
        }
    }
}

async fn until(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => wake::after(clock.until(at)).await,
        None => pending().await,
    }
}

fn ended(send: Result<Done, tokio::task::JoinError>) -> Done {
    send.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Carries one copy, and says how that ended.
async fn carry(send: Send, me: NodeId, network: Arc<Network>, shared: Arc<Shared>) -> Done {
    let context = Arc::clone(network.context());
    let now = shared.clock.now();
    let sent = send.held.map_or(now, |held| held.since);
    if let Some(held) = send.held {
        network.held(held.intended, now.since(held.since));
    }
    let message = wire::to_wire(&send.body, &me, send.send.label(&me, context.epoch), sent);
    let bytes = message.encoded_len() as u64;
    let result = if bytes > shared.max_message {
        Err(Failure::TooLarge { bytes, limit: shared.max_message })
    } else {
        tokio::select! {
            biased;
            result = network.carry(&send.to, &message) => result,
            () = passed(send.deadline) => Err(Failure::Deadline),
            () = shared.give_up.notified() => Err(Failure::Deadline),
        }
    };
    Done { input: Input::SendDone { send: send.send, sent, bytes, result }, context }
}

async fn passed(deadline: Option<Interval>) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline.into()).await,
        None => pending().await,
    }
}
