//! What lies between a machine and its links, driven by hand.

use super::*;
use crate::link::{LinkSpec, Links};
use crate::protocol::Body;
use crate::topology::Adjacency;
use std::sync::Arc;

const M: Message = Message(1);
const MS: u64 = 1_000_000;
/// When things begin; a multiple of every time in these tests.
const START: u64 = 1_000 * MS;

#[test]
fn the_kth_copy_of_a_fifo_uplink_leaves_after_exactly_k_times_its_size() {
    let mut node = Node::new("flood", &links(&[("uplink", "1Mbit"), ("sharing", "fifo"), ("delay", "constant:20ms")]));
    assert!(sends(node.after(START, initiate())).is_empty(), "nothing leaves at once");
    assert_eq!((node.machine.load().queued, node.machine.load().in_flight, node.machine.held_up()), (0, 4, 4));
    let left = sends(node.run());
    for (k, send) in (1..).zip(&left) {
        let ns = (k * send.bytes * 8 * 1_000_000_000).div_ceil(1_000_000);
        assert_eq!((send.since, send.hold.0), (Timestamp(START), ns + 20 * MS), "copy {k}");
    }
    assert_eq!((left.len(), node.machine.held_up(), node.machine.poll_access()), (4, 0, None));
}

#[test]
fn a_fair_uplink_lets_equal_copies_to_different_nodes_go_together() {
    let mut node = Node::new("flood", &links(&[("uplink", "1Mbit")]));
    node.after(START, initiate());
    let left = sends(node.run());
    let ns = 4 * left[0].bytes * 8 * 1_000;
    assert_eq!(left.iter().map(|send| send.hold.0).collect::<Vec<_>>(), [ns; 4]);
}

#[test]
fn a_host_that_wakes_late_changes_no_time() {
    let options =
        links(&[("uplink", "1Mbit"), ("downlink", "1Mbit"), ("sharing", "fifo"), ("validate", "constant:3ms")]);
    let run = |late: u64| {
        let mut node = Node::new("flood", &options);
        node.after(START, deliver(7, 1));
        let mut outputs = node.run_late(late);
        outputs.retain(|output| !matches!(output, Output::Reply { .. }));
        outputs
    };
    assert_eq!(run(0), run(500 * MS));
    assert_eq!(run(0).len(), 4, "a receipt and three copies");
}

#[test]
fn a_copy_is_received_when_it_is_through_the_downlink() {
    let mut node = Node::new("flood", &links(&[("downlink", "1Mbit"), ("sharing", "fifo")]));
    assert_eq!(node.after(START, deliver(7, 1)), []);
    assert_eq!(node.after(START, deliver(8, 2)), []);
    assert_eq!((node.machine.seen(M), node.machine.held_up()), (None, 2));
    let receipts = receipts(node.run());
    // 40 bytes at 1 Mbit/s.
    assert_eq!(receipts, [(7, false, START + 320_000), (8, true, START + 640_000)]);
}

#[test]
fn a_node_that_starts_its_own_message_needs_no_downlink() {
    let mut node = Node::new("flood", &links(&[("downlink", "1bit")]));
    let outputs = node.after(START, deliver(7, 0));
    assert!(matches!(outputs[0], Output::Event(Event::Initiated { .. })), "{outputs:?}");
}

#[test]
fn a_message_is_received_and_acknowledged_at_once_and_goes_on_when_it_is_checked() {
    let mut node = Node::new("flood", &links(&[("validate", "constant:5ms")]));
    let outputs = node.after(START, deliver(7, 1));
    let is_reply = |output: &Output| matches!(output, Output::Reply { .. });
    assert!(outputs.len() == 2 && outputs.iter().any(is_reply), "a receipt and a reply: {outputs:?}");
    assert_eq!(
        (node.machine.load().queued, node.machine.load().in_flight),
        (3, 0),
        "whoever asks sees it has to go on"
    );
    assert_eq!(node.machine.poll_timeout(), Some(Timestamp(START + 5 * MS)));
    let left = sends(node.after(START + 5 * MS, Input::Timeout));
    assert_eq!(left.iter().map(|send| send.since.0).collect::<Vec<_>>(), [START + 5 * MS; 3]);
    assert_eq!(node.machine.load().queued, 0);
}

#[test]
fn messages_are_checked_side_by_side_each_for_its_own_time() {
    let mut node = Node::new("flood", &links(&[("validate", "uniform:1ms:9ms")]));
    for message in 1..=8 {
        let gossip = Gossip { message: Message(message), ..gossip() };
        let (delivery, from) = (DeliveryId(u64::from(message)), NodeIx(1));
        node.after(START, Input::Deliver { delivery, from, bytes: 40, gossip });
    }
    let mut begun: Vec<u64> = sends(node.run()).iter().map(|send| send.since.0 - START).collect();
    assert!(begun.iter().all(|ns| (MS..=9 * MS).contains(ns)) && begun.is_sorted(), "{begun:?}");
    begun.dedup();
    assert_eq!(begun.len(), 8);
}

#[test]
fn the_initiator_checks_nothing() {
    let mut node = Node::new("flood", &links(&[("validate", "constant:5ms")]));
    assert_eq!(sends(node.after(START, initiate())).len(), 4);
}

#[test]
fn an_answer_waits_for_the_check_of_what_it_carries_and_an_empty_one_does_not() {
    let mut node = Node::new("announce", &links(&[("validate", "constant:5ms")]));
    node.after(START, deliver(7, 1));
    let getdata = |asked, message| {
        let words = Words { nth: 1, epoch: None, body: Body::new(2, [Message(message)]) };
        Input::Asked { asked: DeliveryId(asked), from: NodeIx(2), bytes: 9, words }
    };
    let other = node.after(START + 1, getdata(8, 2));
    assert!(matches!(&other[..], [Output::Answer(answer)] if answer.copies.is_empty()), "{other:?}");
    assert_eq!(node.after(START + 1, getdata(9, 1)), []);
    let answers = node.after(START + 5 * MS, Input::AccessTimeout);
    let [Output::Answer(answer)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((answer.asked, answer.copies.len(), answer.since), (DeliveryId(9), 1, Timestamp(START + 5 * MS)));
}

#[test]
fn what_announces_a_message_waits_for_its_check() {
    let mut node = Node::new("plumtree", &links(&[("validate", "constant:5ms")]));
    node.after(START, deliver(7, 1));
    let outputs = node.after(START + 1, deliver(8, 2));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Control(_))), "{outputs:?}");
    let is_prune = |output: &Output| matches!(output, Output::Control(prune) if prune.to == NodeIx(2));
    assert!(node.after(START + 5 * MS, Input::Timeout).iter().any(is_prune));
}

#[test]
fn a_processor_works_on_one_copy_after_the_other_and_receipts_keep_the_time_of_arrival() {
    let mut node = Node::new("flood", &links(&[("service", "constant:4ms")]));
    for (delivery, from) in [(7, 1), (8, 2), (9, 3)] {
        assert_eq!(node.after(START + delivery, deliver(delivery, from)), []);
    }
    let outputs = node.run();
    let left: Vec<u64> = sends(outputs.clone()).iter().map(|send| send.since.0).collect();
    assert_eq!(left, [START + 7 + 4 * MS; 3], "it goes on when the first is done");
    let times: Vec<u64> = receipts(outputs).iter().map(|(.., at)| *at).collect();
    assert_eq!((times, node.machine.poll_access()), (vec![START + 7, START + 8, START + 9], None));
    assert_eq!(node.now, START + 7 + 12 * MS);
}

#[test]
fn questions_and_answers_pass_the_ports_with_their_size() {
    let mut node = Node::new("pull", &links(&[("uplink", "1Mbit"), ("downlink", "1Mbit")]));
    node.after(START, initiate());
    let words = Words { nth: 1, epoch: None, body: Body::new(1, []) };
    let (asked, from) = (DeliveryId(9), NodeIx(2));
    assert_eq!(node.after(START, Input::Asked { asked, from, bytes: 1_000, words }), []);
    let outputs = node.run();
    let answer = outputs.iter().find_map(|output| match output {
        Output::Answer(answer) => Some(answer),
        Output::Send(_)
        | Output::Reply { .. }
        | Output::Event(_)
        | Output::Ask(_)
        | Output::Control(_)
        | Output::Refuse { .. } => None,
    });
    let answer = answer.unwrap_or_else(|| panic!("no answer: {outputs:?}"));
    assert_eq!(answer.since, Timestamp(START + 1_000 * 8 * 1_000));
    assert!(answer.copies.len() == 1 && answer.hold.0 == answer.bytes * 8 * 1_000, "{answer:?}");
}

#[test]
fn what_is_inside_when_a_node_stops_or_is_configured_anew_ends_once() {
    let options =
        links(&[("uplink", "1kbit"), ("downlink", "1kbit"), ("validate", "constant:5ms"), ("service", "constant:2ms")]);
    for end in ["stopped", "configured anew"] {
        let mut node = Node::new("flood", &options);
        // Four copies in the uplink, two in the downlink.
        node.after(START, initiate());
        node.after(START, deliver(7, 1));
        node.after(START, deliver(8, 2));
        let input = if end == "stopped" { Input::Stop } else { Input::Configure(config("flood", &options)) };
        let outputs = node.after(START + 1, input);
        let refused =
            outputs.iter().filter(|output| matches!(output, Output::Reply { ack: Err(Refusal::CutShort(_)), .. }));
        let is_given_up = |output: &&Output| matches!(output, Output::Event(Event::Failed { reason: Failure::Abandoned(why), .. }) if *why == end);
        assert_eq!((refused.count(), outputs.iter().filter(is_given_up).count()), (2, 4), "{end}: {outputs:?}");
        let load = node.machine.load();
        assert_eq!((load.queued + load.in_flight + load.control, node.machine.poll_access()), (0, None), "{end}");
    }
}

#[test]
fn copies_that_wait_for_a_check_are_given_up_with_the_others() {
    let mut node = Node::new("seed-o", &links(&[("validate", "constant:5ms")]));
    node.after(START, deliver(7, 1));
    let outputs = node.after(START + 1, Input::Stop);
    let failed = outputs.iter().filter(|output| matches!(output, Output::Event(Event::Failed { .. }))).count();
    let replies = outputs.iter().filter(|output| matches!(output, Output::Reply { ack: Ok(_), .. })).count();
    assert_eq!((failed, replies), (3, 1), "the reply was owed: {outputs:?}");
}

#[test]
fn without_rates_and_times_nothing_is_in_between() {
    let node = Node::new("flood", &links(&[("delay", "constant:20ms")]));
    assert!(node.machine.access.is_none());
}

/// Node 0, which knows four others.
struct Node {
    machine: Machine,
    outputs: Outputs,
    now: u64,
}

impl Node {
    fn new(protocol: &str, links: &LinkSpec) -> Self {
        let mut node = Self { machine: Machine::new(NodeIx(0)), outputs: Outputs::default(), now: 0 };
        node.after(0, Input::Configure(config(protocol, links)));
        node
    }

    fn after(&mut self, at: u64, input: Input) -> Vec<Output> {
        self.now = at;
        self.machine.handle(Timestamp(at), input, &mut self.outputs);
        std::iter::from_fn(|| self.outputs.next_output()).collect()
    }

    /// Everything until nothing is inside any more.
    fn run(&mut self) -> Vec<Output> {
        self.run_late(0)
    }

    fn run_late(&mut self, late: u64) -> Vec<Output> {
        let mut outputs = Vec::new();
        while let Some(at) = self.machine.poll_access() {
            outputs.extend(self.after(at.0 + late, Input::AccessTimeout));
        }
        outputs
    }
}

fn config(protocol: &str, links: &LinkSpec) -> Config {
    let neighbours = Adjacency::of([(1..=4).map(|node| (NodeIx(node), Interval::ZERO)).collect::<Vec<_>>()]);
    let links = Links::new(links, None, 1).unwrap();
    let common = Common { epoch: Epoch(5), seed: 1, settings: protocol.parse().unwrap(), neighbours, links };
    Config { me: NodeIx(0), name_bytes: 1, first_period: 0, common: Arc::new(common) }
}

fn links(options: &[(&str, &str)]) -> LinkSpec {
    let mut links = LinkSpec::default();
    for (name, value) in options {
        match *name {
            "delay" => links.delay = value.parse().unwrap(),
            "uplink" => links.uplink = Some(value.parse().unwrap()),
            "downlink" => links.downlink = Some(value.parse().unwrap()),
            "sharing" => links.sharing = value.parse().unwrap(),
            "validate" => links.validate = value.parse().unwrap(),
            "service" => links.service = value.parse().unwrap(),
            _ => panic!("{name}"),
        }
    }
    links
}

fn initiate() -> Input {
    Input::Initiate { message: M, text_bytes: 3, payload: Bytes::from_static(&[7; 100]) }
}

fn gossip() -> Gossip {
    Gossip { message: M, text_bytes: 3, hop: Some(Hop(0)), epoch: None, payload: Bytes::new() }
}

fn deliver(delivery: u64, from: u32) -> Input {
    Input::Deliver { delivery: DeliveryId(delivery), from: NodeIx(from), bytes: 40, gossip: gossip() }
}

fn sends(outputs: Vec<Output>) -> Vec<Send> {
    let only_sends = |output| match output {
        Output::Send(send) => Some(send),
        Output::Reply { .. }
        | Output::Event(_)
        | Output::Ask(_)
        | Output::Control(_)
        | Output::Answer(_)
        | Output::Refuse { .. } => None,
    };
    outputs.into_iter().filter_map(only_sends).collect()
}

/// Delivery, whether it was a duplicate, and when.
fn receipts(outputs: Vec<Output>) -> Vec<(u64, bool, u64)> {
    let only_receipts = |output| match output {
        Output::Event(Event::Received { delivery, duplicate, at, .. }) => Some((delivery.0, duplicate, at.unwrap().0)),
        Output::Send(_)
        | Output::Reply { .. }
        | Output::Event(_)
        | Output::Ask(_)
        | Output::Control(_)
        | Output::Answer(_)
        | Output::Refuse { .. } => None,
    };
    outputs.into_iter().filter_map(only_receipts).collect()
}
