//! Machines wired by hand, without a runtime.

use super::*;
use crate::invariant::{self, Arrival, Flood, Verdict};
use crate::link::{DelaySpec, LinkSpec, Links};
use crate::protocol::ProtocolSettings;
use crate::random::Random;
use crate::topology::Adjacency;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const MS: u64 = 1_000_000;

/// The message of every test.
const M: Message = Message(1);

#[test]
fn direct_mail_reaches_the_neighbours_and_nobody_forwards() {
    let mut network = Network::new(&complete(4), "direct-mail");
    network.initiate(0);
    network.drive();
    assert_eq!(network.receivers(), [1, 2, 3]);
    assert_eq!(network.arrivals.iter().filter(|a| a.duplicate).count(), 0);
    assert!(network.arrivals.iter().all(|a| a.sender == 0 && a.hop == Some(1)));
}

#[test]
fn a_flooded_copy_that_comes_back_to_the_initiator_is_a_duplicate() {
    let ring = vec![vec![1, 2], vec![0, 2], vec![0, 1]];
    let mut network = Network::new(&ring, "flood");
    network.initiate(0);
    network.drive();
    assert_eq!(network.receivers(), [1, 2]);
    assert_eq!(network.arrivals.iter().filter(|a| a.duplicate).count(), 2);
}

#[test]
fn push_stops_at_its_ttl() {
    let line = vec![vec![1], vec![0, 2], vec![1, 3], vec![2]];
    let mut network = Network::new(&line, "push:2:2");
    network.initiate(0);
    network.drive();
    assert_eq!(network.receivers(), [1, 2]);
}

#[test]
fn push_forwards_what_has_no_hop_and_passes_on_none() {
    let mut node = Node::configured(&[1, 2], "push:2:1");
    let sends = node.sends_after(1, deliver(1, 77, None));
    assert_eq!(sends.len(), 2);
    assert!(sends.iter().all(|send| send.gossip.hop.is_none()));
}

#[test]
fn in_flight_bounds_the_sends_that_wait() {
    let mut node = Node::configured(&[1, 2, 3], "seed-h");
    let first = node.sends_after(1, initiate());
    assert_eq!(first.iter().map(|send| send.to.0).collect::<Vec<_>>(), [1], "listed order, one at a time");
    assert_eq!(node.machine.load(), Load { queued: 2, in_flight: 1, started: 1, held: 1, ..Load::default() });
    assert_eq!(node.sends_after(2, done(first[0].send, Ok(None))).len(), 1);
    assert_eq!(
        node.machine.load(),
        Load { queued: 1, in_flight: 1, started: 2, finished: 1, held: 1, ..Load::default() }
    );
}

#[test]
fn sends_end_in_any_order_and_each_once() {
    let mut node = Node::configured(&[1, 2, 3], "flood");
    let sends = node.sends_after(1, initiate());
    for (ended, left) in [(1, 2), (1, 2), (0, 1), (2, 0)] {
        node.outputs_after(2, done(sends[ended].send, Ok(None)));
        assert_eq!(node.machine.load().in_flight, left);
    }
    assert_eq!(node.machine.load().finished, 3, "a send that has ended cannot end again");
    assert_eq!(node.sends_after(3, initiate())[0].send, SendId(4));
}

#[test]
fn before_ack_replies_when_the_last_copy_has_ended_even_badly() {
    let mut node = Node::configured(&[1, 2], "seed-o");
    let outputs = node.outputs_after(1, deliver(7, 1, Some(Hop(0))));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Reply { .. })));
    let Some(Output::Send(send)) = outputs.last() else { panic!("a copy for 2") };
    let outputs = node.outputs_after(2, done(send.send, Err(Failure::Deadline)));
    assert_eq!(outputs[0], Output::Reply { delivery: DeliveryId(7), ack: Ok(Ack::Received), useful: None });
    assert_eq!(node.machine.load().failed, 1);
}

#[test]
fn after_ack_replies_before_it_forwards() {
    let mut node = Node::configured(&[1, 2], "flood");
    let outputs = node.outputs_after(1, deliver(7, 1, Some(Hop(0))));
    let position = |wanted: fn(&Output) -> bool| outputs.iter().position(wanted).unwrap();
    assert!(position(|o| matches!(o, Output::Reply { .. })) < position(|o| matches!(o, Output::Send(_))));
}

#[test]
fn whoever_sends_under_the_nodes_own_name_makes_it_initiate() {
    let mut node = Node::configured(&[1], "direct-mail");
    let outputs = node.outputs_after(1, deliver(3, 0, None));
    assert_eq!(outputs[0], Output::Event(Event::Initiated { message: M, at: Timestamp(1) }));
    let Some(Output::Send(send)) = outputs.last() else { panic!("a copy for 1") };
    let outputs = node.outputs_after(2, done(send.send, Ok(None)));
    assert_eq!(outputs, [Output::Reply { delivery: DeliveryId(3), ack: Ok(Ack::Initiated), useful: None }]);
}

#[test]
fn a_duplicate_is_recorded_answered_and_not_forwarded() {
    let mut node = Node::configured(&[1, 2], "flood");
    node.outputs_after(1, deliver(1, 1, Some(Hop(0))));
    let outputs = node.outputs_after(2, deliver(2, 2, Some(Hop(1))));
    let (delivery, from, hop) = (DeliveryId(2), NodeIx(2), Some(Hop(2)));
    let received = Event::Received { delivery, message: M, from, hop, duplicate: true, at: None };
    assert_eq!(outputs, [Output::Event(received), Output::Reply { delivery, ack: Ok(Ack::Duplicate), useful: None }]);
}

#[test]
fn a_copy_of_another_epoch_is_refused_and_leaves_no_trace() {
    let mut node = Node::configured(&[1, 2], "flood");
    let old = Gossip { epoch: Some(Epoch(4)), ..gossip(Some(Hop(0))) };
    let outputs =
        node.outputs_after(1, Input::Deliver { delivery: DeliveryId(1), from: NodeIx(1), bytes: 40, gossip: old });
    let refusal = Refusal::Epoch { theirs: Epoch(4), mine: Epoch(5) };
    assert_eq!(outputs, [Output::Reply { delivery: DeliveryId(1), ack: Err(refusal), useful: None }]);
    assert_eq!(refusal.to_string(), "epoch 4 is not this node's epoch 5");
    assert_eq!(node.machine.seen(M), None);
}

#[test]
fn a_copy_says_how_long_its_link_holds_it_and_has_a_permit_meanwhile() {
    let mut node = Node::new(&[(1, 20 * MS)], "flood");
    let sends = node.sends_after(5 * MS, initiate());
    assert_eq!((sends.len(), sends[0].hold), (1, Interval::from_ms(20)));
    assert_eq!((node.machine.load().queued, node.machine.load().in_flight), (0, 1));
}

#[test]
fn stopping_records_what_never_left_and_pays_replies() {
    let mut node = Node::new(&[(1, 0), (2, 20 * MS), (3, 0)], "seed-h");
    let first = node.sends_after(1, deliver(3, 0, None))[0].send;
    node.outputs_after(1, done(first, Ok(None)));
    let outputs = node.outputs_after(2, Input::Stop);
    let is_abandoned =
        |output: &&Output| matches!(output, Output::Event(Event::Failed { reason: Failure::Abandoned("stopped"), .. }));
    assert_eq!(outputs.iter().filter(is_abandoned).count(), 2, "one held back, one without a permit: {outputs:?}");
    assert!(outputs.iter().any(|output| matches!(output, Output::Reply { delivery: DeliveryId(3), .. })));
    assert_eq!((node.machine.load().queued, node.machine.load().in_flight), (0, 0));
}

#[test]
fn a_new_configuration_forgets_messages_and_counts() {
    let mut node = Node::new(&[(1, 0), (2, 20 * MS)], "flood");
    let sends = node.sends_after(1, initiate());
    let outputs = node.outputs_after(2, Input::Configure(config(0, Epoch(6), &[(1, 0)], "flood")));
    assert_eq!(node.machine.load(), Load::default(), "a new configuration begins with every permit");
    let reason_of = |to: u32| {
        let of = |output: &Output| match output {
            Output::Event(Event::Failed { to: NodeIx(other), sent: Timestamp(1), reason, .. }) if *other == to => {
                Some(reason.clone())
            }
            Output::Event(_)
            | Output::Reply { .. }
            | Output::Send(_)
            | Output::Ask(_)
            | Output::Control(_)
            | Output::Answer(_)
            | Output::Refuse { .. } => None,
        };
        outputs.iter().find_map(of)
    };
    assert_eq!(outputs.len(), 2);
    assert_eq!(reason_of(1), Some(Failure::CutShort("configured anew")));
    assert_eq!(reason_of(2), Some(Failure::Abandoned("configured anew")));
    assert_eq!(node.outputs_after(3, done(sends[0].send, Err(Failure::Deadline))), [], "its end was recorded");
    assert_eq!(node.machine.load(), Load::default());
    assert_eq!(node.machine.seen(M), None);
}

#[test]
fn an_unconfigured_node_receives_and_forwards_nothing() {
    let mut node = Node { machine: Machine::new(NodeIx(0)), outputs: Outputs::default() };
    assert_eq!(node.outputs_after(1, deliver(1, 1, None)).len(), 2, "an event and a reply");
}

proptest! {
    #[test]
    fn a_flood_covers_a_connected_graph_with_the_exact_duplicates(
        n in 2usize..40, extra in 0usize..60, seed: u64, in_flight in 1u32..5,
    ) {
        let graph = connected(n, extra, seed);
        let edges = graph.iter().map(Vec::len).sum::<usize>() as u64 / 2;
        let mut network = Network::with(&graph, "flood", |protocol| protocol.in_flight = in_flight);
        network.initiate(seed as usize % n);
        network.drive();
        let initiator = (seed as usize % n) as u32;
        prop_assert_eq!(network.receivers().len(), n - 1);
        prop_assert_eq!(invariant::one_first_receipt(&network.arrivals), Verdict::Holds);
        prop_assert_eq!(invariant::hop_follows_parent(&network.arrivals, initiator), Verdict::Holds);
        prop_assert_eq!(invariant::acyclic_tree(&network.arrivals, initiator), Verdict::Holds);
        let flood = Flood {
            nodes: n as u64,
            edges,
            directed: false,
            simple: true,
            connected: true,
            delivered: n as u64 - 1,
            failed: 0,
            duplicates: network.arrivals.iter().filter(|a| a.duplicate).count() as u64,
        };
        prop_assert_eq!(invariant::flood_duplicates(flood), Verdict::Holds);
    }

    #[test]
    fn a_push_never_goes_beyond_its_ttl_and_never_repeats_a_first_receipt(
        n in 2usize..40, extra in 0usize..60, seed: u64, fanout in 1u32..4, ttl in 1u32..6,
    ) {
        let mut network = Network::new(&connected(n, extra, seed), &format!("push:{fanout}:{ttl}"));
        network.initiate(0);
        network.drive();
        prop_assert!(network.arrivals.iter().all(|a| a.hop.unwrap() <= ttl));
        prop_assert_eq!(invariant::one_first_receipt(&network.arrivals), Verdict::Holds);
        prop_assert_eq!(invariant::hop_follows_parent(&network.arrivals, 0), Verdict::Holds);
    }

    #[test]
    fn nested_forwarding_on_one_permit_always_ends(n in 2usize..30, extra in 0usize..40, seed: u64) {
        let mut network = Network::new(&connected(n, extra, seed), "seed-o");
        network.initiate(0);
        network.drive();
        prop_assert_eq!(network.receivers().len(), n - 1);
    }
}

/// One machine, node 0 in epoch 5.
struct Node {
    machine: Machine,
    outputs: Outputs,
}

impl Node {
    fn configured(neighbours: &[u32], protocol: &str) -> Self {
        Self::new(&neighbours.iter().map(|to| (*to, 0)).collect::<Vec<_>>(), protocol)
    }

    /// With neighbours and the ns that copies to them are held back.
    fn new(neighbours: &[(u32, u64)], protocol: &str) -> Self {
        let mut node = Self { machine: Machine::new(NodeIx(0)), outputs: Outputs::default() };
        node.outputs_after(0, Input::Configure(config(0, Epoch(5), neighbours, protocol)));
        node
    }

    fn outputs_after(&mut self, at: u64, input: Input) -> Vec<Output> {
        self.machine.handle(Timestamp(at), input, &mut self.outputs);
        std::iter::from_fn(|| self.outputs.next_output()).collect()
    }

    fn sends_after(&mut self, at: u64, input: Input) -> Vec<Send> {
        let only_sends = |output| match output {
            Output::Send(send) => Some(send),
            Output::Reply { .. }
            | Output::Event(_)
            | Output::Ask(_)
            | Output::Control(_)
            | Output::Answer(_)
            | Output::Refuse { .. } => None,
        };
        self.outputs_after(at, input).into_iter().filter_map(only_sends).collect()
    }
}

/// Machines wired by hand: a copy arrives the moment it is sent, in the order of sending, and its reply ends the send.
struct Network {
    machines: Vec<Machine>,
    now: u64,
    arrivals: Vec<Arrival>,
    waiting: BTreeMap<DeliveryId, (usize, SendId)>,
    inputs: std::collections::VecDeque<(usize, Input)>,
    outputs: Outputs,
}

impl Network {
    fn new(graph: &[Vec<usize>], protocol: &str) -> Self {
        Self::with(graph, protocol, |_| {})
    }

    fn with(graph: &[Vec<usize>], protocol: &str, adjust: impl Fn(&mut ProtocolSettings)) -> Self {
        let mut settings = protocol.parse().unwrap();
        adjust(&mut settings);
        let edge = |to: &usize| (NodeIx(*to as u32), Interval::ZERO);
        let neighbours = Adjacency::of(graph.iter().map(|list| list.iter().map(edge).collect::<Vec<_>>()));
        let links = Links::new(&LinkSpec::default(), None, 1).unwrap();
        let common = Arc::new(Common { epoch: Epoch(5), seed: 1, settings, neighbours, links });
        let mut outputs = Outputs::default();
        let machines = (0..graph.len()).map(|me| {
            let me = NodeIx(me as u32);
            let mut machine = Machine::new(me);
            let config = Config { me, name_bytes: 1, first_period: 0, common: Arc::clone(&common) };
            machine.handle(Timestamp(0), Input::Configure(config), &mut outputs);
            machine
        });
        let machines = machines.collect();
        Self { machines, now: 0, arrivals: vec![], waiting: BTreeMap::new(), inputs: Default::default(), outputs }
    }

    fn initiate(&mut self, node: usize) {
        self.inputs.push_back((node, initiate()));
    }

    /// Carries out inputs and outputs until there are none.
    fn drive(&mut self) {
        for _ in 0..1_000_000 {
            let Some((me, input)) = self.inputs.pop_front() else { break };
            self.now += 1;
            self.machines[me].handle(Timestamp(self.now), input, &mut self.outputs);
            while let Some(output) = self.outputs.next_output() {
                self.carry_out(me, output);
            }
        }
        assert!(self.machines.iter().all(|machine| machine.load().queued + machine.load().in_flight == 0));
        assert!(self.waiting.is_empty(), "each delivery is replied to");
    }

    fn carry_out(&mut self, me: usize, output: Output) {
        self.now += 1;
        match output {
            Output::Send(send) => {
                let delivery = DeliveryId(self.now);
                self.waiting.insert(delivery, (me, send.send));
                let deliver =
                    Input::Deliver { delivery, from: NodeIx(me as u32), bytes: send.bytes, gossip: send.gossip };
                self.inputs.push_back((send.to.index(), deliver));
            }
            Output::Reply { delivery, ack, .. } => {
                let (sender, send) = self.waiting.remove(&delivery).unwrap();
                let result = ack.map(|_| None).map_err(|refusal| Failure::Refused(refusal.to_string()));
                self.inputs.push_back((sender, done(send, result)));
            }
            Output::Event(Event::Received { from, hop, duplicate, .. }) => self.arrivals.push(Arrival {
                receiver: me as u32,
                sender: from.0,
                hop: hop.map(|hop| hop.0),
                duplicate,
            }),
            Output::Event(Event::Initiated { .. }) => {}
            Output::Event(Event::Failed { .. }) => panic!("nothing fails here"),
            Output::Ask(_) | Output::Control(_) | Output::Answer(_) | Output::Refuse { .. } => {
                panic!("these protocols only push")
            }
        }
    }

    fn receivers(&self) -> Vec<u32> {
        let mut receivers: Vec<u32> = self.arrivals.iter().filter(|a| !a.duplicate).map(|a| a.receiver).collect();
        receivers.sort_unstable();
        receivers
    }
}

fn complete(n: usize) -> Vec<Vec<usize>> {
    (0..n).map(|me| (0..n).filter(|other| *other != me).collect()).collect()
}

/// A random tree with up to `extra` more edges.
fn connected(n: usize, extra: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut random = Random::keyed(seed, &["test graph"]);
    let mut edges = std::collections::BTreeSet::new();
    for child in 1..n {
        edges.insert((random.below(child as u64) as usize, child));
    }
    for _ in 0..extra {
        let (a, b) = (random.below(n as u64) as usize, random.below(n as u64) as usize);
        if a != b {
            edges.insert((a.min(b), a.max(b)));
        }
    }
    let mut graph = vec![Vec::new(); n];
    for (a, b) in edges {
        graph[a].push(b);
        graph[b].push(a);
    }
    graph
}

/// Of node `me`, with neighbours and the ns that copies to them are held back.
fn config(me: u32, epoch: Epoch, neighbours: &[(u32, u64)], protocol: &str) -> Config {
    let list = neighbours.iter().map(|(to, hold)| (NodeIx(*to), Interval(*hold)));
    let common = Common {
        epoch,
        seed: 1,
        settings: protocol.parse().unwrap(),
        neighbours: Adjacency::of([list.collect::<Vec<_>>()]),
        links: Links::new(&LinkSpec { delay: DelaySpec::Weights, ..LinkSpec::default() }, None, 1).unwrap(),
    };
    Config { me: NodeIx(me), name_bytes: 1, first_period: 0, common: Arc::new(common) }
}

fn initiate() -> Input {
    Input::Initiate { message: M, text_bytes: 3, payload: Bytes::new() }
}

fn gossip(hop: Option<Hop>) -> Gossip {
    Gossip { message: M, text_bytes: 3, hop, epoch: None, payload: Bytes::new() }
}

fn deliver(delivery: u64, from: u32, hop: Option<Hop>) -> Input {
    Input::Deliver { delivery: DeliveryId(delivery), from: NodeIx(from), bytes: 40, gossip: gossip(hop) }
}

fn done(send: SendId, result: Result<Option<bool>, Failure>) -> Input {
    Input::SendDone { send, sent: Timestamp(1), result }
}
