//! Machines wired by hand, without a runtime.

use super::*;
use crate::invariant::{self, Arrival, Flood, Verdict};
use crate::protocol::Protocol;
use crate::random::Random;
use proptest::prelude::*;

const MS: u64 = 1_000_000;

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
    let mut machine = configured(&["b", "c"], "push:2:1", Vec::new());
    machine.handle(Timestamp(1), deliver(1, "stranger", None));
    let sends = sends(&mut machine);
    assert_eq!(sends.len(), 2);
    assert!(sends.iter().all(|send| gossip(send).hop.is_none()));
}

#[test]
fn in_flight_bounds_the_sends_that_wait() {
    let mut machine = configured(&["b", "c", "d"], "seed-h", Vec::new());
    machine.handle(Timestamp(1), initiate("m-1"));
    let first = sends(&mut machine);
    assert_eq!(first.iter().map(|send| send.to.as_str()).collect::<Vec<_>>(), ["b"], "listed order, one at a time");
    assert_eq!(machine.load(), Load { queued: 2, in_flight: 1, started: 1, ..Load::default() });
    machine.handle(Timestamp(2), done(first[0].send, Ok(())));
    assert_eq!(sends(&mut machine).len(), 1);
    assert_eq!(machine.load(), Load { queued: 1, in_flight: 1, started: 2, finished: 1, ..Load::default() });
}

#[test]
fn before_ack_replies_when_the_last_copy_has_ended_even_badly() {
    let mut machine = configured(&["b", "c"], "seed-o", Vec::new());
    machine.handle(Timestamp(1), deliver(7, "b", Some(Hop(0))));
    let outputs = outputs(&mut machine);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Reply { .. })));
    let Some(Output::Send(send)) = outputs.last() else { panic!("a copy for c") };
    machine.handle(Timestamp(2), done(send.send, Err(Failure::Deadline)));
    let replies = replies(&mut machine);
    assert_eq!(replies, [(DeliveryId(7), Ok("a received: 'm-1'".to_owned()))]);
    assert_eq!(machine.load().failed, 1);
}

#[test]
fn after_ack_replies_before_it_forwards() {
    let mut machine = configured(&["b", "c"], "flood", Vec::new());
    machine.handle(Timestamp(1), deliver(7, "b", Some(Hop(0))));
    let outputs = outputs(&mut machine);
    let position = |wanted: fn(&Output) -> bool| outputs.iter().position(wanted).unwrap();
    assert!(position(|o| matches!(o, Output::Reply { .. })) < position(|o| matches!(o, Output::Send(_))));
}

#[test]
fn whoever_sends_under_the_nodes_own_name_makes_it_initiate() {
    let mut machine = configured(&["b"], "direct-mail", Vec::new());
    machine.handle(Timestamp(1), deliver(3, "a", None));
    let outputs = outputs(&mut machine);
    assert!(matches!(&outputs[0], Output::Event(Event::Initiated { message, .. }) if message.as_str() == "m-1"));
    let Some(Output::Send(send)) = outputs.last() else { panic!("a copy for b") };
    machine.handle(Timestamp(2), done(send.send, Ok(())));
    assert_eq!(replies(&mut machine), [(DeliveryId(3), Ok("Done propagate! a received: 'm-1'".to_owned()))]);
}

#[test]
fn a_duplicate_is_recorded_answered_and_not_forwarded() {
    let mut machine = configured(&["b", "c"], "flood", Vec::new());
    machine.handle(Timestamp(1), deliver(1, "b", Some(Hop(0))));
    outputs(&mut machine);
    machine.handle(Timestamp(2), deliver(2, "c", Some(Hop(1))));
    let outputs = outputs(&mut machine);
    assert!(matches!(&outputs[0], Output::Event(Event::Received { duplicate: true, hop: Some(Hop(2)), .. })));
    let text = "Duplicate message ignored by (a)".to_owned();
    assert_eq!(outputs[1..], [Output::Reply { delivery: DeliveryId(2), ack: Ok(text) }]);
}

#[test]
fn a_copy_of_another_epoch_is_refused_and_leaves_no_trace() {
    let mut machine = configured(&["b", "c"], "flood", Vec::new());
    let Input::Deliver { delivery, from, body: Body::Gossip(gossip), receipt } = deliver(1, "b", Some(Hop(0))) else {
        unreachable!("deliver makes a delivery")
    };
    let old = Body::Gossip(Gossip { epoch: Some(Epoch(4)), ..gossip });
    machine.handle(Timestamp(1), Input::Deliver { delivery, from, body: old, receipt });
    let refusal = Refusal::Epoch { theirs: Epoch(4), mine: Epoch(5) };
    assert_eq!(outputs(&mut machine), [Output::Reply { delivery: DeliveryId(1), ack: Err(refusal) }]);
    assert_eq!(refusal.to_string(), "epoch 4 is not this node's epoch 5");
    assert_eq!(machine.seen(&MessageId::new("m-1")), None);
}

#[test]
fn a_link_delay_holds_the_copy_and_keeps_when_it_would_have_gone() {
    let mut machine = configured(&["b"], "flood", vec![Interval::from_ms(20)]);
    machine.handle(Timestamp(5 * MS), initiate("m-1"));
    assert!(sends(&mut machine).is_empty());
    assert_eq!(machine.poll_timeout(), Some(Timestamp(25 * MS)));
    assert_eq!(machine.load().queued, 1);
    machine.handle(Timestamp(24 * MS), Input::Timeout);
    assert!(sends(&mut machine).is_empty());
    machine.handle(Timestamp(26 * MS), Input::Timeout);
    let held = Held { since: Timestamp(5 * MS), intended: Interval::from_ms(20) };
    assert_eq!(sends(&mut machine)[0].held, Some(held));
    assert_eq!(machine.poll_timeout(), None);
}

#[test]
fn stopping_records_what_was_never_sent_and_pays_replies() {
    let mut machine = configured(&["b", "c", "d"], "seed-h", Vec::new());
    machine.handle(Timestamp(1), deliver(3, "a", None));
    outputs(&mut machine);
    machine.handle(Timestamp(2), Input::Stop);
    let outputs = outputs(&mut machine);
    let abandoned = outputs
        .iter()
        .filter(|output| matches!(output, Output::Event(Event::Failed { reason: Failure::Abandoned("stopped"), .. })));
    assert_eq!(abandoned.count(), 2);
    assert!(outputs.iter().any(|output| matches!(output, Output::Reply { delivery: DeliveryId(3), .. })));
}

#[test]
fn a_new_configuration_forgets_messages_and_counts() {
    let mut machine = configured(&["b"], "flood", Vec::new());
    machine.handle(Timestamp(1), initiate("m-1"));
    let send = sends(&mut machine)[0].send;
    machine.handle(Timestamp(2), Input::Configure(config(Epoch(6), &["b"], "flood", &[])));
    assert_eq!(machine.load(), Load::default(), "a new configuration begins with every permit");
    let records = outputs(&mut machine);
    let is_cut_short = |output: &Output| {
        let Output::Event(Event::Failed { send: of, sent, reason, .. }) = output else { return false };
        (*of, *sent, reason) == (send, Timestamp(1), &Failure::CutShort("configured anew"))
    };
    assert!(records.len() == 1 && is_cut_short(&records[0]), "{records:?}");
    machine.handle(Timestamp(3), done(send, Err(Failure::Deadline)));
    assert_eq!(outputs(&mut machine), [], "its end was recorded");
    assert_eq!(machine.load(), Load::default());
    assert_eq!(machine.seen(&MessageId::new("m-1")), None);
}

#[test]
fn an_unconfigured_node_receives_and_forwards_nothing() {
    let mut machine = Machine::new(node("a"));
    machine.handle(Timestamp(1), deliver(1, "b", None));
    assert_eq!(outputs(&mut machine).len(), 2, "an event and a reply");
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

/// Machines wired by hand: a copy arrives the moment it is sent, in the order of sending, and its reply ends the send.
struct Network {
    machines: Vec<Machine>,
    now: u64,
    arrivals: Vec<Arrival>,
    waiting: BTreeMap<DeliveryId, (usize, SendId)>,
}

impl Network {
    fn new(graph: &[Vec<usize>], protocol: &str) -> Self {
        Self::with(graph, protocol, |_| {})
    }

    fn with(graph: &[Vec<usize>], protocol: &str, adjust: impl Fn(&mut Protocol)) -> Self {
        let machines = graph.iter().enumerate().map(|(me, neighbours)| {
            let names: Vec<String> = neighbours.iter().map(usize::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut config = config(Epoch(5), &names, protocol, &[]);
            config.id = node(&me.to_string());
            adjust(&mut config.protocol);
            let mut machine = Machine::new(node(&me.to_string()));
            machine.handle(Timestamp(0), Input::Configure(config));
            machine
        });
        Self { machines: machines.collect(), now: 0, arrivals: Vec::new(), waiting: BTreeMap::new() }
    }

    fn initiate(&mut self, node: usize) {
        self.machines[node].handle(Timestamp(0), initiate("m-1"));
    }

    /// Carries out outputs until no machine has any.
    fn drive(&mut self) {
        for _ in 0..1_000_000 {
            let next =
                (0..self.machines.len()).find_map(|me| self.machines[me].poll_output().map(|output| (me, output)));
            match next {
                Some((me, output)) => self.carry_out(me, output),
                None => break,
            }
        }
        assert!(self.machines.iter().all(|machine| machine.load().queued + machine.load().in_flight == 0));
        assert!(self.waiting.is_empty(), "each delivery is replied to");
    }

    fn carry_out(&mut self, me: usize, output: Output) {
        self.now += 1;
        let now = Timestamp(self.now);
        match output {
            Output::Send(send) => {
                let to: usize = send.to.as_str().parse().unwrap();
                let delivery = DeliveryId(self.now);
                self.waiting.insert(delivery, (me, send.send));
                let from = self.machines[me].id().clone();
                let receipt = receipt(self.now);
                self.machines[to].handle(now, Input::Deliver { delivery, from, body: send.body, receipt });
            }
            Output::Reply { delivery, ack } => {
                let (sender, send) = self.waiting.remove(&delivery).unwrap();
                let result = ack.map(drop).map_err(|refusal| Failure::Refused(refusal.to_string()));
                self.machines[sender].handle(now, done(send, result));
            }
            Output::Event(Event::Received { from, hop, duplicate, .. }) => self.arrivals.push(Arrival {
                receiver: me as u32,
                sender: from.as_str().parse().unwrap(),
                hop: hop.map(|hop| hop.0),
                duplicate,
            }),
            Output::Event(Event::Initiated { .. }) => {}
            Output::Event(Event::Failed { .. }) => panic!("nothing fails here"),
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

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

fn config(epoch: Epoch, neighbours: &[&str], protocol: &str, holds: &[Interval]) -> Config {
    let hold = |index: usize| holds.get(index).copied().unwrap_or(Interval::ZERO);
    let neighbours = neighbours.iter().enumerate().map(|(index, id)| Neighbour { id: node(id), hold: hold(index) });
    Config { id: node("a"), epoch, neighbours: neighbours.collect(), protocol: protocol.parse().unwrap(), seed: 1 }
}

/// Node `a` in epoch 5.
fn configured(neighbours: &[&str], protocol: &str, holds: Vec<Interval>) -> Machine {
    let mut machine = Machine::new(node("a"));
    machine.handle(Timestamp(0), Input::Configure(config(Epoch(5), neighbours, protocol, &holds)));
    machine
}

fn initiate(message: &str) -> Input {
    Input::Initiate { message: MessageId::new(message), payload: Bytes::new() }
}

fn deliver(delivery: u64, from: &str, hop: Option<Hop>) -> Input {
    let body = Body::Gossip(Gossip { message: MessageId::new("m-1"), hop, epoch: None, payload: Bytes::new() });
    Input::Deliver { delivery: DeliveryId(delivery), from: node(from), body, receipt: receipt(delivery) }
}

fn receipt(at: u64) -> Receipt {
    Receipt { received: Timestamp(at), sent: Timestamp(at), send_id: String::new(), bytes: 10 }
}

fn done(send: SendId, result: Result<(), Failure>) -> Input {
    Input::SendDone { send, sent: Timestamp(1), bytes: 10, result }
}

fn outputs(machine: &mut Machine) -> Vec<Output> {
    std::iter::from_fn(|| machine.poll_output()).collect()
}

fn sends(machine: &mut Machine) -> Vec<Send> {
    let only_sends = |output| match output {
        Output::Send(send) => Some(send),
        Output::Reply { .. } | Output::Event(_) => None,
    };
    outputs(machine).into_iter().filter_map(only_sends).collect()
}

fn replies(machine: &mut Machine) -> Vec<(DeliveryId, Ack)> {
    let only_replies = |output| match output {
        Output::Reply { delivery, ack } => Some((delivery, ack)),
        Output::Send(_) | Output::Event(_) => None,
    };
    outputs(machine).into_iter().filter_map(only_replies).collect()
}

fn gossip(send: &Send) -> &Gossip {
    let Body::Gossip(gossip) = &send.body;
    gossip
}
