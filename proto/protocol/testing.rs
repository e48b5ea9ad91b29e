//! Machines in virtual time, for tests: copies, asks and control messages take what their links say, and nothing else.
//!
//! Other crates' tests include this file, so it names the core as they do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use bytes::Bytes;
use cnsim::id::{ContactId, DeliveryId, Epoch, Message, NodeIx, SendId};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::{
    Answer, Answered, Common, Config, Contact, Event, Failure, Input, Load, Machine, Output, Outputs, Send,
};
use cnsim::protocol::ProtocolSettings;
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;

/// When every network is configured: a multiple of every period that divides a thousand seconds.
pub(crate) const BEGIN: Timestamp = Timestamp(1_000_000_000_000);

/// A copy that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) at: Timestamp,
    pub(crate) node: NodeIx,
    pub(crate) from: NodeIx,
    pub(crate) message: Message,
    pub(crate) hop: Option<u32>,
    pub(crate) duplicate: bool,
}

/// What a network is made of.
pub(crate) struct Plan {
    /// Whom each node may send to.
    pub(crate) graph: Vec<Vec<u32>>,
    pub(crate) settings: ProtocolSettings,
    pub(crate) links: LinkSpec,
    pub(crate) seed: u64,
}

/// A protocol by its word on a graph, with links that delay and lose nothing.
pub(crate) fn plan(protocol: &str, graph: Vec<Vec<u32>>, delay: &str) -> Plan {
    let delay = delay.parse().expect("tests write delays as they are typed");
    let settings = protocol.parse().expect("tests write protocols as they are typed");
    Plan { graph, settings, links: LinkSpec { delay, ..LinkSpec::default() }, seed: 1 }
}

/// See the module.
pub(crate) struct Net {
    pub(crate) machines: Vec<Machine>,
    pub(crate) now: Timestamp,
    pub(crate) receipts: Vec<Receipt>,
    /// How many copies failed.
    pub(crate) failed: u64,
    /// How many answers there were with copies.
    pub(crate) answered: u64,
    outputs: Outputs,
    queue: BinaryHeap<Reverse<Due>>,
    entered: u64,
    /// When each node's timer is in the queue for.
    timers: Vec<Option<Timestamp>>,
    sends: BTreeMap<DeliveryId, Sent>,
    asks: BTreeMap<DeliveryId, Asking>,
    named: u64,
    /// How many answers are on their way with copies.
    bearing: u64,
}

struct Sent {
    from: NodeIx,
    send: SendId,
    sent: Timestamp,
    hold_back: Interval,
}

struct Asking {
    from: NodeIx,
    contact: ContactId,
    /// When it ends if no answer comes.
    ends: Timestamp,
}

/// Something that happens to a node, in the order of time, then timers last, then as it was entered.
struct Due {
    key: (Timestamp, bool, u64),
    node: NodeIx,
    input: Input,
}

impl Net {
    pub(crate) fn new(plan: Plan) -> Self {
        let Plan { graph, settings, links, seed } = plan;
        let nodes = graph.len();
        let lists = graph.into_iter().map(|list| list.into_iter().map(|to| (NodeIx(to), Interval::ZERO)));
        let neighbours = Adjacency::of(lists);
        let links = Links::new(&links, None, seed).expect("the delays of these tests need no file");
        let common = Arc::new(Common { epoch: Epoch(1), seed, settings, neighbours, links });
        let mut net = Self {
            machines: (0..nodes as u32).map(|node| Machine::new(NodeIx(node))).collect(),
            now: BEGIN,
            receipts: Vec::new(),
            failed: 0,
            answered: 0,
            outputs: Outputs::default(),
            queue: BinaryHeap::new(),
            entered: 0,
            timers: vec![None; nodes],
            sends: BTreeMap::new(),
            asks: BTreeMap::new(),
            named: 0,
            bearing: 0,
        };
        for node in (0..nodes as u32).map(NodeIx) {
            let config = Config { me: node, name_bytes: 8, first_period: 0, common: Arc::clone(&common) };
            net.handle(node, Input::Configure(config));
        }
        net
    }

    /// Begins a message now.
    pub(crate) fn begin(&mut self, node: u32, message: u32) {
        let (message, payload) = (Message(message), Bytes::from_static(b"payload"));
        self.handle(NodeIx(node), Input::Initiate { message, text_bytes: 5, payload });
    }

    /// Lets everything happen that is due up to an instant, which is now afterwards.
    pub(crate) fn run_until(&mut self, until: Timestamp) {
        while self.queue.peek().is_some_and(|Reverse(due)| due.key.0 <= until) {
            self.step();
        }
        self.now = until;
    }

    /// Goes on for as long as a message may still be sent unasked, up to an instant.
    pub(crate) fn run_until_settled(&mut self, until: Timestamp) {
        while let Some(next) = self.queue.peek().map(|Reverse(due)| due.key.0) {
            // Asking every node is dear, so it is done once for all that happens at one instant.
            if next > until || (next > self.now && self.load() == (0, 0)) {
                return;
            }
            self.run_until(next);
        }
    }

    /// How much is on its way, and how many messages are unsettled.
    pub(crate) fn load(&self) -> (u64, u64) {
        let loads = self.machines.iter().map(Machine::load);
        loads.fold((self.bearing, 0), |(moving, unsettled), load| {
            let Load { queued, in_flight, control, .. } = load;
            (moving + queued + in_flight + control, unsettled + load.unsettled)
        })
    }

    /// How many nodes hold a message.
    pub(crate) fn holders(&self, message: u32) -> usize {
        self.machines.iter().filter(|machine| machine.seen(Message(message)).is_some()).count()
    }

    /// Whether a node holds a message.
    pub(crate) fn is_held(&self, node: u32, message: u32) -> bool {
        self.machines[node as usize].seen(Message(message)).is_some()
    }

    /// How many copies of a message arrived, first receipts among them.
    pub(crate) fn copies(&self, message: u32) -> usize {
        self.receipts.iter().filter(|receipt| receipt.message == Message(message)).count()
    }

    /// How many control messages of a kind all nodes have sent.
    pub(crate) fn control(&self, name: &str) -> u64 {
        let counts = self.machines.iter().flat_map(Machine::control_counts);
        counts.filter(|count| count.name == name).map(|count| count.messages).sum()
    }

    fn step(&mut self) {
        let Some(Reverse(Due { key: (at, ..), node, input })) = self.queue.pop() else { return };
        if matches!(input, Input::Timeout) {
            if self.timers[node.index()] != Some(at) {
                return;
            }
            self.timers[node.index()] = None;
        }
        if matches!(&input, Input::AskDone { result: Ok(answered), .. } if !answered.copies.is_empty()) {
            self.bearing -= 1;
        }
        self.now = at;
        self.handle(node, input);
    }

    fn handle(&mut self, node: NodeIx, input: Input) {
        self.machines[node.index()].handle(self.now, input, &mut self.outputs);
        while let Some(output) = self.outputs.next_output() {
            self.carry_out(node, output);
        }
        let timer = self.machines[node.index()].poll_timeout();
        if timer != self.timers[node.index()] {
            self.timers[node.index()] = timer;
            if let Some(at) = timer {
                self.enter(at, node, Input::Timeout);
            }
        }
    }

    fn carry_out(&mut self, node: NodeIx, output: Output) {
        match output {
            Output::Send(send) => self.send(node, send),
            Output::Reply { delivery, ack, useful } => {
                let Some(Sent { from, send, sent, hold_back }) = self.sends.remove(&delivery) else { return };
                let result = ack.map(|_| useful).map_err(|refusal| Failure::Refused(refusal.to_string()));
                self.enter(self.now + hold_back, from, Input::SendDone { send, sent, result });
            }
            Output::Ask(ask) => self.ask(node, ask),
            Output::Control(Contact { contact, to, words, bytes, since, hold, is_lost, .. }) => {
                let at = since + hold;
                if !is_lost {
                    self.enter(at, to, Input::Control { from: node, bytes, words });
                }
                self.enter(at, node, Input::ControlDone { contact, answered: None });
            }
            Output::Answer(answer) => self.answer(answer),
            Output::Refuse { .. } => panic!("all nodes are of one configuration"),
            Output::Event(event) => self.record(node, &event),
        }
    }

    fn send(&mut self, node: NodeIx, send: Send) {
        let Send { send, to, gossip, bytes, since, hold, hold_back, is_lost, .. } = send;
        if is_lost {
            let done = Input::SendDone { send, sent: since, result: Ok(None) };
            return self.enter(since + hold + hold_back, node, done);
        }
        let delivery = self.name();
        self.sends.insert(delivery, Sent { from: node, send, sent: since, hold_back });
        self.enter(since + hold, to, Input::Deliver { delivery, from: node, bytes, gossip });
    }

    fn ask(&mut self, node: NodeIx, ask: Contact) {
        let Contact { contact, to, words, bytes, since, deadline, hold, is_lost, .. } = ask;
        let at = since + hold;
        let ends = deadline.map_or(at, |deadline| at + deadline);
        if is_lost {
            return self.enter(ends, node, Input::AskDone { contact, result: Err(Failure::Lost) });
        }
        let asked = self.name();
        self.asks.insert(asked, Asking { from: node, contact, ends });
        self.enter(at, to, Input::Asked { asked, from: node, bytes, words });
    }

    fn answer(&mut self, answer: Answer) {
        let Answer { asked, body, copies, bytes, since, hold, is_lost, .. } = answer;
        let Some(Asking { from, contact, ends }) = self.asks.remove(&asked) else { panic!("nobody asked {asked:?}") };
        if is_lost {
            let at = ends.max(since + hold);
            return self.enter(at, from, Input::AskDone { contact, result: Err(Failure::Lost) });
        }
        self.bearing += u64::from(!copies.is_empty());
        self.answered += u64::from(!copies.is_empty());
        let copies = copies.into_iter().map(|copy| (self.name(), copy.gossip)).collect();
        self.enter(since + hold, from, Input::AskDone { contact, result: Ok(Answered { bytes, body, copies }) });
    }

    fn record(&mut self, node: NodeIx, event: &Event) {
        match *event {
            Event::Received { message, from, hop, duplicate, at, .. } => {
                let (at, hop) = (at.unwrap_or(self.now), hop.map(|hop| hop.0));
                self.receipts.push(Receipt { at, node, from, message, hop, duplicate });
            }
            Event::Failed { .. } => self.failed += 1,
            Event::Initiated { .. } => {}
        }
    }

    fn enter(&mut self, at: Timestamp, node: NodeIx, input: Input) {
        self.entered += 1;
        let key = (at, matches!(input, Input::Timeout), self.entered);
        self.queue.push(Reverse(Due { key, node, input }));
    }

    fn name(&mut self) -> DeliveryId {
        self.named += 1;
        DeliveryId(self.named)
    }
}

/// Everybody knows everybody.
pub(crate) fn complete(nodes: u32) -> Vec<Vec<u32>> {
    (0..nodes).map(|me| (0..nodes).filter(|other| *other != me).collect()).collect()
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}
