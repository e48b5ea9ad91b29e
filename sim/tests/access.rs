//! Rounds with uplinks, downlinks, checks of messages and processors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links, Transport};
use cnsim::machine::{Common, Failure};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundEnd, RoundSpec, World, simulate_round};

const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);
const SEED: u64 = 3;

fn slow() -> LinkSpec {
    LinkSpec {
        delay: "uniform:10ms:90ms".parse().unwrap(),
        uplink: Some("mix:50%=200kbit,50%=1Mbit".parse().unwrap()),
        downlink: Some("500kbit".parse().unwrap()),
        validate: "exponential:20ms".parse().unwrap(),
        service: "constant:2ms".parse().unwrap(),
        ..LinkSpec::default()
    }
}

/// A ring in which each node knows the four next ones on either side.
fn network(nodes: u32, protocol: &str, links: &LinkSpec) -> Network {
    let around = move |me: u32| (1..=4).flat_map(move |step| [(me + step) % nodes, (me + nodes - step) % nodes]);
    let neighbours = Adjacency::of((0..nodes).map(|me| around(me).map(|other| (NodeIx(other), Interval::ZERO))));
    let links = Links::new(links, None, SEED).unwrap();
    let settings = protocol.parse().unwrap();
    Network::new(Common { epoch: Epoch(1), seed: SEED, settings, neighbours, links }, &vec![8; nodes as usize])
}

fn round(limit_ms: u64) -> RoundSpec {
    RoundSpec {
        message: Message(1),
        text_bytes: 9,
        payload: Bytes::from_static(&[7; 500]),
        initiator: NodeIx(1),
        begins: BEGINS,
        limit: Interval::from_ms(limit_ms),
    }
}

fn simulated(network: &Network, limit_ms: u64) -> (RoundEnd, Vec<Entry>) {
    let mut entries = Vec::new();
    let end = simulate_round(network, &round(limit_ms), &mut entries, &mut |_| true);
    (end, entries)
}

#[test]
fn every_protocol_comes_to_its_end_with_every_copy_recorded() {
    for (protocol, outcome) in [
        ("flood", Outcome::Quiescent),
        ("seed-o", Outcome::Quiescent),
        ("plumtree", Outcome::Quiescent),
        ("announce", Outcome::Quiescent),
        ("rumor:push:feedback:counter:3", Outcome::Quiescent),
        ("rumor:pull:feedback:counter:3", Outcome::Quiescent),
        ("pull", Outcome::Horizon),
        ("push-pull", Outcome::Horizon),
        ("anti-entropy:push-pull", Outcome::Horizon),
    ] {
        let (end, entries) = simulated(&network(60, protocol, &slow()), 600_000);
        assert_eq!(end.outcome, outcome, "{protocol}");
        let copies = entries.iter().filter(|entry| entry.fact != Fact::Initiated);
        let named: BTreeSet<_> = copies.map(|copy| (copy.sender, copy.send)).collect();
        assert_eq!(named.len() as u64, end.load.started, "{protocol}");
        assert!(end.load.delivered > 50, "{protocol}: {end:?}");
        assert_eq!((end.load.queued, end.load.in_flight), (0, 0), "{protocol}");
    }
}

#[test]
fn every_copy_of_a_round_that_was_given_up_has_a_record() {
    for (protocol, from_ms) in [("pull", 4_000), ("push-pull", 3_000), ("flood", 100), ("announce", 1_000)] {
        let mut cut_short = 0;
        for limit_ms in (0..20).map(|step| from_ms + 37 * step) {
            let (end, entries) = simulated(&network(100, protocol, &slow()), limit_ms);
            assert_eq!(end.outcome, Outcome::TimedOut, "{protocol}");
            let copies = entries.iter().filter(|entry| entry.fact != Fact::Initiated);
            let named: BTreeSet<_> = copies.map(|copy| (copy.sender, copy.send)).collect();
            // Copies that wait for a check are given up under a number of their own.
            assert!(named.len() as u64 >= end.load.started, "{protocol}: {} of {}", named.len(), end.load.started);
            cut_short += entries.iter().filter(|entry| matches!(entry.fact, Fact::Failed(_))).count();
        }
        assert!(cut_short > 0, "{protocol}: nothing was cut short");
    }
}

#[test]
fn no_copy_is_faster_than_its_rates_and_its_link() {
    let links = slow();
    let (_, entries) = simulated(&network(60, "flood", &links), 600_000);
    let (uplink, downlink) = (links.uplink.unwrap(), links.downlink.unwrap());
    let mut queued = 0;
    for entry in entries.iter().filter(|entry| matches!(entry.fact, Fact::Received | Fact::Duplicate)) {
        let rates = [uplink.rate(SEED, entry.sender), downlink.rate(SEED, entry.receiver)];
        let passing = rates.map(|rate| (entry.bytes * 8 * 1_000_000_000).div_ceil(rate.bits_per_second()));
        let least = passing[0] + passing[1] + 10_000_000;
        let latency = entry.at.since(entry.sent).0;
        assert!(latency >= least, "{entry:?}: {latency} ns, not {least}");
        queued += u32::from(latency > least + 80_000_000);
    }
    assert!(queued > 50, "{queued} copies waited for others");
}

#[test]
fn one_seed_gives_the_same_records_and_a_world_that_is_used_again_begins_empty() {
    let (network, mut entries) = (network(60, "plumtree", &slow()), [Vec::new(), Vec::new()]);
    for entries in &mut entries {
        let mut world = World::new(&network, BEGINS, 0);
        let mut begins = BEGINS;
        for message in 1..4 {
            let spec = RoundSpec { message: Message(message), begins, ..round(600_000) };
            let end = world.round(&spec, entries, &mut |_| true);
            assert_eq!((end.outcome, end.load.delivered), (Outcome::Quiescent, 59));
            begins = end.at + Interval::from_ms(1);
        }
    }
    assert_eq!(entries[0], entries[1]);
}

#[test]
fn who_waits_for_an_answer_that_cannot_leave_in_time_asks_the_next_one() {
    let links = LinkSpec {
        delay: "constant:10ms".parse().unwrap(),
        // A copy takes 8 s, an announcement a fraction of one.
        uplink: Some("mix:30%=5kbit,70%=1Mbit".parse().unwrap()),
        ..LinkSpec::default()
    };
    let is_fast = |node: &u32| links.uplink.as_ref().unwrap().rate(SEED, NodeIx(*node)).bits_per_second() > 5_000;
    let (initiator, payload) = (NodeIx((0..30).find(is_fast).unwrap()), Bytes::from_static(&[7; 5_000]));
    let spec = RoundSpec { initiator, payload, ..round(600_000) };
    let mut entries = Vec::new();
    let end = simulate_round(&network(30, "announce", &links), &spec, &mut entries, &mut |_| true);
    assert_eq!((end.outcome, end.load.delivered), (Outcome::Quiescent, 29));
    assert!(end.load.started > 29, "some answers came too late: {end:?}");
    let is_slow = |entry: &&Entry| entry.at.since(entry.sent) > Interval::from_ms(5_000);
    assert!(!entries.iter().any(|entry| is_slow(&entry) && entry.fact == Fact::Received), "later than the deadline");
}

#[test]
fn lost_datagrams_take_their_part_of_the_uplink_and_nothing_of_the_downlink() {
    let loss = "100%".parse().unwrap();
    let links = LinkSpec { loss, transport: Transport::Datagram, ..slow() };
    let (end, entries) = simulated(&network(60, "flood", &links), 600_000);
    assert_eq!((end.outcome, end.load.started, end.load.failed), (Outcome::Quiescent, 8, 8));
    let lost: Vec<&Entry> = entries.iter().filter(|entry| entry.fact == Fact::Failed(Failure::Lost)).collect();
    let uplink = links.uplink.unwrap().rate(SEED, NodeIx(1)).bits_per_second();
    let last = lost.iter().map(|entry| entry.at).max().unwrap();
    let bytes: u64 = lost.iter().map(|entry| entry.bytes).sum();
    assert!(lost.len() == 8 && last.since(BEGINS).0 >= bytes * 8 * 1_000_000_000 / uplink + 10_000_000, "{lost:?}");
}
