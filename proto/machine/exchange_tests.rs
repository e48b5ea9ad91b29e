//! Asks, answers and control messages between machines wired by hand.

use super::*;
use crate::id::ContactId;
use crate::link::{LinkSpec, Links, Transport};
use crate::protocol::{Body, Phase, ProtocolSettings};
use crate::time::Interval;
use crate::topology::Adjacency;
use std::sync::Arc;

const M: Message = Message(1);
const SECOND: u64 = 1_000_000_000;

#[test]
fn an_answer_s_copies_are_received_before_the_protocol_hears_of_the_answer() {
    let (mut asking, mut asked) = (Node::new(0, "pull", "0"), Node::new(1, "pull", "0"));
    asked.after(1, initiate());
    let Some(Output::Ask(ask)) = asking.after(SECOND, Input::Timeout).pop() else { panic!("a question") };
    assert_eq!((ask.to, ask.words.nth, ask.words.epoch), (NodeIx(1), 1, Some(Epoch(5))));
    assert_eq!(asking.machine.load().control, 0, "a poll does not count");

    let answer = asked.answer(ask.words.clone());
    let sends: Vec<u64> = answer.copies.iter().map(|copy| copy.send.0).collect();
    assert_eq!((sends, answer.to), (vec![1], NodeIx(0)), "the copy is a send of the node that answers");
    assert_eq!((asked.machine.load().started, asked.machine.load().finished), (1, 1));

    let copies = vec![(DeliveryId(9), answer.copies[0].gossip.clone())];
    let result = Ok(Answered { bytes: answer.bytes, body: answer.body, copies });
    let outputs = asking.after(SECOND + 2, Input::AskDone { contact: ask.contact, result });
    let (delivery, from, hop) = (DeliveryId(9), NodeIx(1), Some(Hop(1)));
    assert_eq!(
        outputs,
        [Output::Event(Event::Received { delivery, message: M, from, hop, duplicate: false, at: None })]
    );
    assert_eq!((asking.machine.load().control, asking.machine.load().delivered), (0, 1));
}

#[test]
fn a_question_that_is_no_poll_counts_until_it_has_ended() {
    let mut node = Node::new(0, "announce", "0");
    let inv = Words { nth: 1, epoch: None, body: Body::new(1, [M]) };
    let Some(Output::Ask(ask)) = node.after(1, Input::Control { from: NodeIx(1), bytes: 9, words: inv }).pop() else {
        panic!("a question")
    };
    assert_eq!((node.machine.load().control, node.machine.load().unsettled), (1, 1));
    node.after(2, Input::AskDone { contact: ask.contact, result: Err(Failure::Deadline) });
    assert_eq!(node.machine.load(), Load::default(), "nobody else announced it");
}

#[test]
fn a_protocol_that_does_not_answer_gives_an_empty_answer() {
    let mut node = Node::new(1, "flood", "0");
    let answer = node.answer(Words { nth: 3, epoch: None, body: Body::new(1, [M]) });
    assert_eq!((answer.body, answer.copies.len(), answer.bytes), (Body::default(), 0, 0));
    let counts = node.machine.control_counts();
    assert_eq!(counts, [ControlCount { name: "empty", messages: 1, bytes: 0 }]);
    node.machine.begin_control_counts();
    assert_eq!(node.machine.control_counts(), []);
}

#[test]
fn a_question_of_another_epoch_is_refused_and_a_control_message_is_not_heard() {
    let mut node = Node::new(1, "plumtree", "0");
    let words = Words { nth: 1, epoch: Some(Epoch(4)), body: Body::new(1, [M]) };
    let asked = Input::Asked { asked: DeliveryId(2), from: NodeIx(0), bytes: 9, words: words.clone() };
    let refusal = Refusal::Epoch { theirs: Epoch(4), mine: Epoch(5) };
    assert_eq!(node.after(1, asked), [Output::Refuse { asked: DeliveryId(2), refusal }]);
    assert_eq!(node.after(1, Input::Control { from: NodeIx(0), bytes: 9, words: words.clone() }), []);
    assert_eq!(node.machine.load().unsettled, 0);
    node.after(1, Input::Control { from: NodeIx(0), bytes: 9, words: Words { epoch: Some(Epoch(5)), ..words } });
    assert_eq!(node.machine.load().unsettled, 1, "what was announced may still be fetched");
}

#[test]
fn what_a_configuration_cut_short_is_not_answered_under_the_next_one() {
    let mut node = Node::new(0, "pull", "0");
    let Some(Output::Ask(ask)) = node.after(SECOND, Input::Timeout).pop() else { panic!("a question") };
    node.after(SECOND, Input::Configure(config(0, "pull", "0")));
    assert_eq!(node.machine.load(), Load::default());
    let gossip = Gossip { message: M, text_bytes: 3, hop: None, epoch: None, payload: Bytes::new() };
    let late = Answered { bytes: 9, body: Body::default(), copies: vec![(DeliveryId(1), gossip)] };
    assert_eq!(node.after(SECOND, Input::AskDone { contact: ask.contact, result: Ok(late) }), []);
    let Some(Output::Ask(again)) = node.after(2 * SECOND, Input::Timeout).pop() else { panic!("a question") };
    assert_eq!((again.words.nth, again.contact), (1, ContactId(2)), "draws alike, and has another name");
}

#[test]
fn a_copy_in_a_lost_answer_has_its_record() {
    let mut node = Node::new(1, "pull", "100%");
    node.after(1, initiate());
    let asked = Input::Asked { asked: DeliveryId(2), from: NodeIx(0), bytes: 9, words: words() };
    let outputs = node.after(2, asked);
    let Output::Event(Event::Failed { to: NodeIx(0), reason: Failure::Lost, bytes, .. }) = outputs[0] else {
        panic!("{outputs:?}")
    };
    assert!(bytes > 0 && matches!(&outputs[1], Output::Answer(answer) if answer.is_lost && answer.copies.len() == 1));
    assert_eq!(node.machine.load().failed, 1);
}

#[test]
fn a_sender_that_wants_to_know_is_told_of_the_use_of_its_copies() {
    let rumor = "rumor:push:feedback:counter:1";
    let mut receiver = Node::new(1, rumor, "0");
    let useful = |outputs: &[Output]| {
        let Output::Reply { useful, .. } = outputs[1] else { panic!("{outputs:?}") };
        useful
    };
    assert_eq!(useful(&receiver.after(1, deliver())), Some(true));
    assert_eq!(useful(&receiver.after(2, deliver())), Some(false));
    assert_eq!(useful(&Node::new(1, "flood", "0").after(1, deliver())), None);

    let mut sender = Node::new(0, rumor, "0");
    sender.after(1, initiate());
    let Some(Output::Send(first)) = sender.after(SECOND, Input::Timeout).pop() else { panic!("a copy") };
    let done = |send, useful| Input::SendDone { send, sent: Timestamp(1), result: Ok(useful) };
    sender.after(SECOND, done(first.send, Some(true)));
    assert_eq!(sender.machine.load().unsettled, 1);
    let Some(Output::Send(second)) = sender.after(2 * SECOND, Input::Timeout).pop() else { panic!("a copy") };
    sender.after(2 * SECOND, done(second.send, None));
    assert_eq!(sender.machine.load().unsettled, 0, "nobody said that it was of use");
}

#[test]
fn copies_that_go_over_one_edge_again_meet_another_delay() {
    let mut node = Node::new(0, "push-periodic:1", "0");
    node.after(1, initiate());
    let mut holds = Vec::new();
    for period in 1..=20 {
        let Some(Output::Send(send)) = node.after(period * SECOND, Input::Timeout).pop() else { panic!("a copy") };
        node.after(period * SECOND, Input::SendDone { send: send.send, sent: Timestamp(1), result: Ok(None) });
        holds.push(send.hold.0);
    }
    holds.sort_unstable();
    holds.dedup();
    assert_eq!(holds.len(), 20);
}

#[test]
fn under_aligned_periods_a_node_acts_on_what_it_held_at_its_last_timer() {
    let mut node = Node::aligned(1, "pull");
    node.after(SECOND, Input::Timeout);
    node.after(SECOND, initiate());
    assert_eq!(node.answer_at(SECOND + 1, words()).copies.len(), 0, "it began behind the timer");
    node.after(2 * SECOND, Input::Timeout);
    assert_eq!(node.answer_at(2 * SECOND + 1, words()).copies.len(), 1);
}

/// One machine with one neighbour, 0 or 1, in epoch 5.
struct Node {
    machine: Machine,
    outputs: Outputs,
}

impl Node {
    fn new(me: u32, protocol: &str, loss: &str) -> Self {
        Self::configured(config(me, protocol, loss))
    }

    fn aligned(me: u32, protocol: &str) -> Self {
        let plain = config(me, protocol, "0");
        let settings = ProtocolSettings { phase: Phase::Aligned, ..plain.common.settings.clone() };
        let neighbours = plain.common.neighbours.clone();
        let links = Links::new(&LinkSpec::default(), None, 1).unwrap();
        let common = Common { epoch: Epoch(5), seed: 1, settings, neighbours, links };
        Self::configured(Config { common: Arc::new(common), ..plain })
    }

    fn configured(config: Config) -> Self {
        let mut node = Self { machine: Machine::new(config.me), outputs: Outputs::default() };
        node.after(0, Input::Configure(config));
        node
    }

    fn after(&mut self, at: u64, input: Input) -> Vec<Output> {
        self.machine.handle(Timestamp(at), input, &mut self.outputs);
        std::iter::from_fn(|| self.outputs.next_output()).collect()
    }

    fn answer(&mut self, words: Words) -> Answer {
        self.answer_at(2, words)
    }

    fn answer_at(&mut self, at: u64, words: Words) -> Answer {
        let asked = Input::Asked { asked: DeliveryId(7), from: NodeIx(0), bytes: 9, words };
        let Some(Output::Answer(answer)) = self.after(at, asked).pop() else { panic!("no answer") };
        answer
    }
}

fn config(me: u32, protocol: &str, loss: &str) -> Config {
    let delay = "uniform:0ms:900ms".parse().unwrap();
    let links = LinkSpec { delay, transport: Transport::Datagram, loss: loss.parse().unwrap(), ..LinkSpec::default() };
    let neighbours = Adjacency::of([[(NodeIx(1), Interval::ZERO)], [(NodeIx(0), Interval::ZERO)]]);
    let links = Links::new(&links, None, 1).unwrap();
    let common = Common { epoch: Epoch(5), seed: 1, settings: protocol.parse().unwrap(), neighbours, links };
    Config { me: NodeIx(me), name_bytes: 1, first_period: 0, common: Arc::new(common) }
}

fn initiate() -> Input {
    Input::Initiate { message: M, text_bytes: 3, payload: Bytes::new() }
}

fn deliver() -> Input {
    let gossip = Gossip { message: M, text_bytes: 3, hop: Some(Hop(0)), epoch: None, payload: Bytes::new() };
    Input::Deliver { delivery: DeliveryId(1), from: NodeIx(0), bytes: 40, gossip }
}

/// A question that names nothing.
fn words() -> Words {
    Words { nth: 1, epoch: None, body: Body::new(1, []) }
}
