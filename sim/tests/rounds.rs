//! When a simulated round is over.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links, Transport};
use cnsim::machine::Common;
use cnsim::protocol::{Forward, ProtocolSettings};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundEnd, RoundSpec, World, simulate_round};

const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);

/// A ring in which each node knows the four next ones on either side.
fn network(nodes: u32, protocol: &str, links: &LinkSpec, change: impl Fn(&mut ProtocolSettings)) -> Network {
    let mut settings = protocol.parse().unwrap();
    change(&mut settings);
    let around = move |me: u32| (1..=4).flat_map(move |step| [(me + step) % nodes, (me + nodes - step) % nodes]);
    let neighbours = Adjacency::of((0..nodes).map(|me| around(me).map(|other| (NodeIx(other), Interval::ZERO))));
    let links = Links::new(links, None, 3).unwrap();
    Network::new(Common { epoch: Epoch(1), seed: 3, settings, neighbours, links }, &vec![8; nodes as usize])
}

fn round(message: u32, begins: Timestamp) -> RoundSpec {
    let limit = Interval::from_ms(600_000);
    let initiator = NodeIx(message);
    RoundSpec {
        message: Message(message),
        text_bytes: 9,
        payload: Bytes::from_static(b"12345"),
        initiator,
        begins,
        limit,
    }
}

fn delayed(delay: &str) -> LinkSpec {
    LinkSpec { delay: delay.parse().unwrap(), ..LinkSpec::default() }
}

fn simulated(network: &Network) -> (RoundEnd, Vec<Entry>) {
    let mut entries = Vec::new();
    let end = simulate_round(network, &round(1, BEGINS), &mut entries, &mut |_| true);
    (end, entries)
}

#[test]
fn polls_keep_no_round_from_being_over_even_where_some_are_lost() {
    let loss = "20%".parse().unwrap();
    let links = LinkSpec { loss, transport: Transport::Datagram, ..delayed("constant:20ms") };
    let (end, _) = simulated(&network(300, "rumor:pull:feedback:counter:2", &links, |_| {}));
    assert_eq!(end.outcome, Outcome::Quiescent);
    let (end, _) = simulated(&network(300, "pull", &links, |_| {}));
    assert_eq!((end.outcome, end.load.delivered), (Outcome::Horizon, 299));
}

#[test]
fn a_deadline_that_nothing_passed_does_not_lengthen_a_round() {
    let (end, entries) = simulated(&network(50, "flood", &delayed("constant:20ms"), |settings| {
        settings.forward = Forward::BeforeAck;
    }));
    let last = entries.iter().map(|entry| entry.at).max().unwrap();
    assert_eq!(end.outcome, Outcome::Quiescent);
    assert!(end.at.since(last) < Interval::from_ms(1_000), "{:?} after the last receipt", end.at.since(last));
    assert!(entries.iter().all(|entry| !matches!(entry.fact, Fact::Failed(_))));
}

#[test]
fn an_answer_later_than_the_deadline_is_none() {
    let late = network(20, "pull", &delayed("constant:300ms"), |settings| {
        settings.deadline = Some(Interval::from_ms(200));
    });
    let (end, _) = simulated(&late);
    assert_eq!((end.outcome, end.load.delivered), (Outcome::TimedOut, 0));
}

#[test]
fn every_copy_of_a_round_that_was_given_up_has_a_record() {
    for (protocol, limit_ms) in [("pull", 4_500), ("push-pull", 3_400), ("flood", 1_500), ("announce", 3_000)] {
        let network = network(200, protocol, &delayed("uniform:100ms:900ms"), |_| {});
        let spec = RoundSpec { limit: Interval::from_ms(limit_ms), ..round(1, BEGINS) };
        let mut entries: Vec<Entry> = Vec::new();
        let end = simulate_round(&network, &spec, &mut entries, &mut |_| true);
        assert_eq!(end.outcome, Outcome::TimedOut, "{protocol}");
        let copies = entries.iter().filter(|entry| entry.fact != Fact::Initiated);
        // A copy that arrived and was not acknowledged yet has two.
        let named: std::collections::BTreeSet<_> = copies.map(|copy| (copy.sender, copy.send)).collect();
        assert_eq!(named.len() as u64, end.load.started, "{protocol}");
        assert!(entries.iter().any(|entry| matches!(entry.fact, Fact::Failed(_))), "{protocol}: nothing was cut short");
    }
}

#[test]
fn a_tree_that_the_first_round_grew_carries_the_next_ones() {
    let network = network(60, "plumtree", &delayed("constant:20ms"), |_| {});
    let mut world = World::new(&network, BEGINS, 0);
    let mut begins = BEGINS;
    let mut copies = Vec::new();
    for message in 0..5 {
        let end = world.round(&round(message, begins), &mut Vec::new(), &mut |_| true);
        assert_eq!((end.outcome, end.load.delivered), (Outcome::Quiescent, 59));
        copies.push(end.load.started);
        begins = end.at + Interval::from_ms(1);
    }
    assert!(copies[0] > 300 && copies[2..].iter().all(|copies| *copies == 59), "{copies:?}");
}
