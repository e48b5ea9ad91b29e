//! Messages of an open loop begin at their times, whatever became of the ones before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::Common;
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundEnd, RoundSpec, World};

const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);
const MS: u64 = 1_000_000;

/// A line of three nodes, 20 ms apart.
fn network(protocol: &str) -> Network {
    let links = LinkSpec { delay: "constant:20ms".parse().unwrap(), ..LinkSpec::default() };
    let neighbours = Adjacency::of(
        [vec![1], vec![0, 2], vec![1]]
            .map(|list: Vec<u32>| list.into_iter().map(|to| (NodeIx(to), Interval::ZERO)).collect::<Vec<_>>()),
    );
    let (settings, links) = (protocol.parse().unwrap(), Links::new(&links, None, 3).unwrap());
    Network::new(Common { epoch: Epoch(1), seed: 3, settings, neighbours, links }, &[8; 3])
}

/// Messages that begin at node 0, one each 10 ms.
fn specs(count: u32, limit_ms: u64) -> Vec<RoundSpec> {
    let spec = |message: u32| RoundSpec {
        message: Message(message),
        text_bytes: 9,
        payload: Bytes::from_static(b"12345"),
        initiator: NodeIx(0),
        begins: BEGINS + Interval(u64::from(message) * 10 * MS),
        limit: Interval::from_ms(limit_ms),
    };
    (0..count).map(spec).collect()
}

fn simulated(protocol: &str, specs: &[RoundSpec]) -> (RoundEnd, Vec<Entry>) {
    let mut entries = Vec::new();
    let end = World::new(&network(protocol), BEGINS, 0).rounds(specs, &mut entries, &mut |_| true);
    (end, entries)
}

#[test]
fn each_begins_and_arrives_at_its_time_while_earlier_ones_are_on_their_way() {
    let (end, entries) = simulated("flood", &specs(5, 60_000));
    assert_eq!((end.outcome, end.load.delivered), (Outcome::Quiescent, 10));
    for message in 0..5 {
        let at = |fact: &Fact| {
            let of = entries.iter().filter(|entry| entry.message == Message(message) && entry.fact == *fact);
            of.map(|entry| entry.at.since(BEGINS).0 / MS).collect::<Vec<u64>>()
        };
        let begun = u64::from(message) * 10;
        assert_eq!(at(&Fact::Initiated), [begun]);
        assert_eq!(at(&Fact::Received), [begun + 20, begun + 40]);
    }
}

#[test]
fn a_protocol_that_never_rests_ends_one_period_after_everybody_has_every_message() {
    let (end, entries) = simulated("pull", &specs(4, 600_000));
    assert_eq!((end.outcome, end.load.delivered), (Outcome::Horizon, 8));
    let last = entries.iter().filter(|entry| entry.fact == Fact::Received).map(|entry| entry.at).max().unwrap();
    assert!(end.at > last && end.at.since(last) <= Interval::from_ms(1_100), "{:?}", end.at.since(last));
}

#[test]
fn the_last_message_is_given_up_at_its_limit() {
    let (end, entries) = simulated("flood", &specs(3, 15));
    // The last one begins at 20 ms; the first copy of it would arrive at 40 ms.
    assert_eq!((end.outcome, end.at.since(BEGINS).0), (Outcome::TimedOut, 35 * MS));
    assert_eq!(entries.iter().filter(|entry| entry.fact == Fact::Received).count(), 2);
}
