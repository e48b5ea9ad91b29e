//! Machines in virtual time: a message begins at one, and what follows from it is carried out until nothing is left to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use cnsim::id::{DeliveryId, Message, NodeIx};
use cnsim::machine::{Event, Failure, FaultLog, Gossip, Input, Load, Machine, Output, Outputs, RoundFaults};
use cnsim::motion::{Change, Contacts};
use cnsim::scenario::Timeline;
use cnsim::time::{Interval, Timestamp};

use crate::coverage::Coverage;
use crate::ending::{Ending, Progress};
use crate::gates::{Coming, Gates};
use crate::happening::{Arrival, Asker, End, Happening, Pending, Telling, entry};
use crate::journal::{Journal, NoJournal};
use crate::motion::Motion;
use crate::network::Network;
use crate::processors::Processors;
use crate::queue::{Class, Key, Queue};
use crate::spec::{Messages, grown};

pub use crate::spec::{Outcome, RoundEnd, RoundSpec};

mod carrying;
mod giving_up;
mod working;

/// How many events pass between two looks at whether the round shall go on.
const LOOK: u64 = 1 << 16;

/// See the module.
pub struct World {
    network: Network,
    machines: Vec<Machine>,
    outputs: Outputs,
    queue: Queue<Happening>,
    /// How many events each node has caused.
    sequences: Vec<u32>,
    /// For when a timer event of each node is queued.
    timeouts: BTreeMap<NodeIx, Timestamp>,
    deliveries: u64,
    owed: BTreeMap<DeliveryId, Pending>,
    askers: BTreeMap<DeliveryId, Asker>,
    /// Events in the queue that are no timers.
    moving: u64,
    /// What each node may still send unasked, and the sum.
    unsettled: Vec<u32>,
    unsettled_sum: u64,
    /// Only where something lies between nodes and their links.
    gates: Option<Box<Gates>>,
    /// Only where faults befall nodes and links.
    faults: Option<Arc<Timeline>>,
    /// Only where the network moves.
    motion: Option<Motion>,
    /// Only where first receipts do not tell how far a message is.
    coverage: Option<Box<Coverage>>,
    /// Only where all nodes share them.
    processors: Option<Box<Processors>>,
    /// The messages that go round, or have.
    messages: Messages,
    /// First receipts of them.
    receipts: u64,
    now: Timestamp,
}

/// Simulates one round of a network whose nodes have just been configured; see [`World::round`].
pub fn simulate_round(
    network: &Network,
    spec: &RoundSpec,
    journal: &mut dyn Journal,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> RoundEnd {
    World::new(network, spec.begins, spec.message.0).round(spec, journal, goes_on)
}

impl World {
    /// A network that is configured at this time; its periods have the numbers of this round.
    pub fn new(network: &Network, at: Timestamp, round: u32) -> Self {
        let nodes = network.nodes() as usize;
        let mut world = Self {
            network: network.clone(),
            machines: (0..network.nodes()).map(|node| Machine::new(NodeIx(node))).collect(),
            outputs: Outputs::default(),
            queue: Queue::new(),
            sequences: vec![0; nodes],
            timeouts: BTreeMap::new(),
            deliveries: 0,
            owed: BTreeMap::new(),
            askers: BTreeMap::new(),
            moving: 0,
            unsettled: vec![0; nodes],
            unsettled_sum: 0,
            faults: None,
            motion: None,
            coverage: None,
            gates: (!network.is_direct()).then(|| Box::new(Gates::new(nodes))),
            processors: network.shared_processors(round).map(Box::new),
            messages: Messages::default(),
            receipts: 0,
            now: at,
        };
        // Nodes that know nothing record nothing when they are configured.
        world.configure(round, &mut NoJournal);
        world
    }

    /// Has faults befall the rounds that are simulated next: their time 0 is the begin of the first of them.
    pub fn set_faults(&mut self, timeline: Arc<Timeline>) {
        let nodes = self.machines.len();
        self.gates.get_or_insert_with(|| Box::new(Gates::new(nodes)));
        self.faults = Some(timeline);
        self.coverage = Some(Box::new(Coverage::new(nodes)));
    }

    /// Has the network move in the rounds that are simulated next: its time 0 is the begin of the first of them. Nodes discover
    /// a change of their links so long after it.
    ///
    /// # Panics
    /// When there are not as many nodes: whoever numbers them knows the contacts.
    pub fn set_motion(&mut self, contacts: Arc<Contacts>, discovery: Interval) {
        let nodes = self.machines.len();
        assert_eq!(contacts.nodes().len(), nodes, "a network and its contacts have the same nodes");
        self.motion = Some(Motion::new(contacts, discovery));
        self.coverage.get_or_insert_with(|| Box::new(Coverage::new(nodes)));
    }

    /// What each node has seen of the faults, by its place; those that have seen nothing are left out.
    pub fn fault_logs(&self) -> impl Iterator<Item = (NodeIx, FaultLog)> {
        let logs = self.machines.iter().map(|machine| (machine.me(), machine.fault_log()));
        logs.filter(|(_, log)| *log != FaultLog::default())
    }

    /// Simulates a round, which begins after all others of this world; what happens is told to the journal in the order in which it
    /// happens. From time to time `goes_on` is asked, which is told how many events there were since.
    pub fn round(
        &mut self,
        spec: &RoundSpec,
        journal: &mut dyn Journal,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> RoundEnd {
        self.rounds(std::slice::from_ref(spec), journal, goes_on)
    }

    /// The same of messages with numbers in a row, of which each begins at its time, whether or not the ones before have ended. They
    /// are over together.
    pub fn rounds(
        &mut self,
        specs: &[RoundSpec],
        journal: &mut dyn Journal,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> RoundEnd {
        let before = self.load();
        self.begin(specs, journal);
        let lasts = self.faults.as_ref().map_or(Interval::ZERO, |faults| faults.ends());
        let mut ending = Ending::of(&self.network, specs, lasts);
        let mut events = 0;
        let (outcome, load) = loop {
            if let Some(outcome) = ending.reached(&self.progress()) {
                break (outcome, self.load());
            }
            let Some((key, happening)) = self.pop() else { break (Outcome::Quiescent, self.load()) };
            if key.time > ending.limit {
                let load = self.load();
                self.now = ending.limit;
                self.cut_short(key, happening, journal);
                self.give_up(specs.last().map_or(0, |spec| spec.message.0), journal);
                break (Outcome::TimedOut, load);
            }
            if matches!(happening, Happening::Timeout) && ending.stops(key.time) {
                self.timeouts.remove(&key.destination);
                continue;
            }
            self.happen(key, happening, journal);
            events += 1;
            if events % LOOK == 0 && !goes_on(LOOK) {
                break (Outcome::Halted, self.load());
            }
        };
        goes_on(events % LOOK);
        self.tell_control(journal);
        RoundEnd { outcome, at: self.now, load: grown(before, load), events }
    }

    /// Timers that come before the round are no part of it.
    fn begin(&mut self, specs: &[RoundSpec], journal: &mut dyn Journal) {
        let Some((first, others)) = specs.split_first() else { return };
        while self.queue.peek_time().is_some_and(|next| next < first.begins)
            && let Some((key, happening)) = self.pop()
        {
            self.happen(key, happening, journal);
        }
        self.machines.iter_mut().for_each(Machine::begin_control_counts);
        (self.now, self.receipts) = (first.begins, 0);
        if let Some(timeline) = &self.faults {
            let faults =
                RoundFaults { timeline: Arc::clone(timeline), origin: first.begins, joined: Interval::ZERO, before: 0 };
            self.machines.iter_mut().for_each(|machine| machine.begin_faults(faults.clone()));
        }
        self.begin_motion(journal);
        // Timers that the end of a round has stopped go on.
        (0..self.network.nodes()).for_each(|node| self.look_ahead(NodeIx(node)));
        self.messages.add(specs);
        for RoundSpec { message, initiator, begins, .. } in others {
            self.push(*begins, Class::Timer, *initiator, *initiator, Happening::Begin(*message));
        }
        self.initiate(first.message, journal);
    }

    /// The links that are up at time 0 are before anything else happens.
    fn begin_motion(&mut self, journal: &mut dyn Journal) {
        let (begins, Some(motion)) = (self.now, &mut self.motion) else { return };
        motion.begin(begins);
        let discovery = motion.discovery();
        self.machines.iter_mut().for_each(|machine| machine.begin_moving(discovery));
        while let Some(change) = self.motion.as_mut().and_then(|motion| motion.pop(begins, Class::LinksUp)) {
            self.turn_link(change, journal);
        }
        self.push_next_change();
    }

    /// The change that was due, and those of the same kind at the same instant.
    fn move_on(&mut self, journal: &mut dyn Journal) {
        let now = self.now;
        if let Some(change) = self.motion.as_mut().and_then(|motion| motion.pop(now, Class::LinksDown)) {
            self.turn_link(change, journal);
        }
        self.push_next_change();
    }

    fn push_next_change(&mut self) {
        if let Some((at, class)) = self.motion.as_ref().and_then(Motion::next) {
            self.push(at, class, NodeIx(0), NodeIx(0), Happening::Links);
        }
    }

    fn turn_link(&mut self, change: Change, journal: &mut dyn Journal) {
        match change {
            Change::Up(link) => {
                let [a, b] = link.ends();
                self.handle(a, Input::LinkUp { peer: b }, &[], journal);
                self.handle(b, Input::LinkUp { peer: a }, &[], journal);
            }
            Change::Down(link) => {
                let [a, b] = link.ends();
                self.handle(a, Input::LinkDown { peer: b }, &[], journal);
                self.handle(b, Input::LinkDown { peer: a }, &[], journal);
            }
            // A node without links is as good as gone.
            Change::Joins(_) | Change::Leaves(_) => {}
        }
    }

    fn initiate(&mut self, message: Message, journal: &mut dyn Journal) {
        let RoundSpec { initiator, text_bytes, ref payload, .. } = *self.messages.of(message);
        let payload = payload.clone();
        self.handle(initiator, Input::Initiate { message, text_bytes, payload }, &[], journal);
    }

    fn progress(&self) -> Progress {
        Progress {
            now: self.now,
            next: self.queue.peek_time(),
            rests: self.rests(),
            unsettled: self.unsettled_sum,
            receipts: self.receipts,
            reached: self.coverage.as_ref().map(|coverage| coverage.is_full(self.messages.len())),
            moves: self.motion.as_ref().is_some_and(Motion::goes_on),
        }
    }

    fn tell_control(&self, journal: &mut dyn Journal) {
        for machine in &self.machines {
            machine.control_counts().into_iter().for_each(|count| journal.count_control(machine.me(), count));
        }
    }

    /// Whether nothing is on its way.
    fn rests(&self) -> bool {
        self.moving == 0 && self.gates.as_ref().is_none_or(|gates| gates.is_clear())
    }

    fn pop(&mut self) -> Option<(Key, Happening)> {
        let (key, happening) = self.queue.pop()?;
        self.moving -= u64::from(happening.is_moving());
        Some((key, happening))
    }

    fn happen(&mut self, key: Key, happening: Happening, journal: &mut dyn Journal) {
        self.now = key.time;
        let (node, from) = (key.destination, key.source);
        match happening {
            Happening::Leaves(arrival) => self.leave(node, from, *arrival),
            Happening::Reaches(arrival) => self.reach(node, from, *arrival),
            Happening::Arrival(arrival) => self.arrive(node, from, arrival, journal),
            Happening::Ended { send, sent, how } => {
                let result = match how {
                    End::Well(useful) => Ok(useful),
                    End::Refused(theirs) => Err(Failure::Refused(format!("epoch {} is not this node's", theirs.0))),
                    End::Late | End::Cut => Err(Failure::Deadline),
                };
                self.handle(node, Input::SendDone { send, sent, result }, &[], journal);
            }
            Happening::Timeout => {
                // One that was set anew meanwhile has an event of its own.
                if self.timeouts.get(&node) == Some(&key.time) {
                    self.timeouts.remove(&node);
                    self.handle(node, Input::Timeout, &[], journal);
                }
            }
            Happening::Begin(message) => self.initiate(message, journal),
            Happening::Links => self.move_on(journal),
            Happening::Through => {
                if self.gates.as_mut().is_some_and(|gates| gates.is_due(node, key.time)) {
                    self.handle(node, Input::AccessTimeout, &[], journal);
                }
            }
            Happening::Asked(asking) => self.asked(node, from, *asking, journal),
            Happening::AskEnded(end) => self.end_ask(node, from, *end, journal),
            Happening::AskLate(asked) => {
                if let Some(Asker { contact, .. }) = self.askers.remove(&asked) {
                    self.handle(node, Input::AskDone { contact, result: Err(Failure::Deadline) }, &[], journal);
                }
            }
            Happening::Told(telling) => {
                let Telling { bytes, words } = *telling;
                self.handle(node, Input::Control { from, bytes, words }, &[], journal);
            }
            Happening::ControlDone(contact) => {
                self.handle(node, Input::ControlDone { contact, answered: None }, &[], journal);
            }
        }
    }

    fn arrive(&mut self, node: NodeIx, from: NodeIx, arrival: Arrival, journal: &mut dyn Journal) {
        let Arrival { send, sent, hold_back, bytes, .. } = arrival;
        let delivery = self.name();
        self.owed.insert(delivery, Pending { sender: from, send, sent, hold_back });
        self.note_coming(delivery, Coming { sender: from, receiver: node, arrival });
        let (bytes, gossip) = (u64::from(bytes), self.gossip(arrival));
        self.handle(node, Input::Deliver { delivery, from, bytes, gossip }, &[(delivery, arrival)], journal);
        if self.owed.contains_key(&delivery) {
            self.await_reply(node, from, arrival, delivery);
        }
    }

    /// A copy that comes to a node may be received later than at once.
    fn note_coming(&mut self, delivery: DeliveryId, coming: Coming) {
        if let Some(gates) = &mut self.gates {
            gates.note_coming(delivery, coming);
        }
    }

    fn gossip(&self, arrival: Arrival) -> Gossip {
        let Arrival { message, hop, .. } = arrival;
        let RoundSpec { text_bytes, ref payload, .. } = *self.messages.of(message);
        Gossip { message, text_bytes, hop, epoch: Some(self.network.epoch()), payload: payload.clone() }
    }

    /// The receiver replies later than at once: its sender may lose patience before. One that is down never does.
    fn await_reply(&mut self, node: NodeIx, sender: NodeIx, arrival: Arrival, delivery: DeliveryId) {
        let is_down = self.machines[node.index()].is_down();
        if is_down {
            self.owed.remove(&delivery);
        }
        if let Some(deadline) = self.machines[sender.index()].deadline() {
            let Arrival { send, sent, .. } = arrival;
            let late = Happening::Ended { send, sent, how: if is_down { End::Cut } else { End::Late } };
            self.push(self.now + deadline, Class::Delivery, sender, node, late);
        }
    }

    /// `arrivals` are the copies that the input delivers.
    fn handle(&mut self, node: NodeIx, input: Input, arrivals: &[(DeliveryId, Arrival)], journal: &mut dyn Journal) {
        let now = self.now;
        self.machines[node.index()].handle(now, input, &mut self.outputs);
        while let Some(output) = self.outputs.next_output() {
            match output {
                Output::Event(event) => {
                    self.receipts += u64::from(matches!(event, Event::Received { duplicate: false, .. }));
                    let arrival = self.arrival(&event, arrivals);
                    let restarts = self.machines[node.index()].restarts();
                    journal.record(entry(node, restarts, event, now, arrival));
                }
                Output::Reply { delivery, ack, useful } => {
                    self.reply(
                        node,
                        delivery,
                        if ack.is_ok() { End::Well(useful) } else { End::Refused(self.network.epoch()) },
                    );
                }
                Output::Send(send) => self.carry(node, send),
                Output::Ask(ask) => self.ask(node, ask),
                Output::Control(control) => self.tell(node, control),
                Output::Answer(answer) => self.answer(node, answer, journal),
                Output::Refuse { asked, refusal } => self.refuse(node, asked, &refusal.to_string()),
            }
        }
        self.look_ahead(node);
    }

    /// The copy whose receipt an event is.
    fn arrival(&mut self, event: &Event, arrivals: &[(DeliveryId, Arrival)]) -> Option<Arrival> {
        let Event::Received { delivery, .. } = event else { return None };
        match &mut self.gates {
            Some(gates) => gates.take_coming(*delivery),
            None => arrivals.iter().find(|(name, _)| name == delivery).map(|(_, arrival)| *arrival),
        }
    }

    /// Notes when the node wants to be woken, and what it may still send unasked.
    fn look_ahead(&mut self, node: NodeIx) {
        let machine = &self.machines[node.index()];
        if let Some(coverage) = &mut self.coverage {
            coverage.note(node, (!machine.is_gone()).then(|| machine.held()));
        }
        let unsettled = machine.unsettled();
        let known = &mut self.unsettled[node.index()];
        self.unsettled_sum = self.unsettled_sum + u64::from(unsettled) - u64::from(*known);
        *known = unsettled;
        if let Some(at) = machine.poll_timers().map(|at| at.max(self.now))
            && self.timeouts.get(&node) != Some(&at)
        {
            self.timeouts.insert(node, at);
            self.push(at, Class::Timer, node, node, Happening::Timeout);
        }
        if self.gates.is_some() {
            self.look_at_gates(node);
        }
    }

    /// Notes when the next thing is through at the node, and how much is inside. What is through counts as what arrives then.
    fn look_at_gates(&mut self, node: NodeIx) {
        let (machine, Some(gates)) = (&self.machines[node.index()], &mut self.gates) else { return };
        gates.note_held_up(node, machine.held_up());
        if let Some(at) = machine.poll_access().map(|at| at.max(self.now))
            && gates.note_timeout(node, at)
        {
            self.push(at, Class::Delivery, node, node, Happening::Through);
        }
    }

    fn reply(&mut self, node: NodeIx, delivery: DeliveryId, how: End) {
        let Some(Pending { sender, send, sent, hold_back }) = self.owed.remove(&delivery) else { return };
        let acknowledged = self.acknowledged();
        self.push(acknowledged + hold_back, Class::Delivery, sender, node, Happening::Ended { send, sent, how });
    }

    fn name(&mut self) -> DeliveryId {
        let name = DeliveryId(self.deliveries);
        self.deliveries += 1;
        name
    }

    fn push(&mut self, time: Timestamp, class: Class, destination: NodeIx, source: NodeIx, happening: Happening) {
        let sequence = self.sequences[source.index()];
        self.sequences[source.index()] += 1;
        self.moving += u64::from(happening.is_moving());
        self.queue.push(Key { time, class, destination, source, sequence }, happening);
    }

    fn configure(&mut self, round: u32, journal: &mut dyn Journal) {
        for node in (0..self.network.nodes()).map(NodeIx) {
            self.handle(node, Input::Configure(self.network.config(node, round)), &[], journal);
        }
    }

    fn load(&self) -> Load {
        self.machines.iter().map(Machine::load).sum()
    }
}
