//! Rounds of nodes that share processors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::{Common, Failure};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundEnd, RoundSpec, World, simulate_round};

const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);
const SEED: u64 = 3;

/// All know all, a copy takes `work` on so many processors.
fn network(nodes: u32, protocol: &str, delay: &str, work: &str, processors: u32) -> Network {
    let spec = LinkSpec {
        delay: delay.parse().unwrap(),
        service: work.parse().unwrap(),
        processors: Some(processors),
        ..LinkSpec::default()
    };
    let others =
        move |me: u32| (0..nodes).filter(move |other| *other != me).map(|other| (NodeIx(other), Interval::ZERO));
    let neighbours = Adjacency::of((0..nodes).map(others));
    let links = Links::new(&spec, None, SEED).unwrap();
    let settings = protocol.parse().unwrap();
    Network::new(Common { epoch: Epoch(1), seed: SEED, settings, neighbours, links }, &vec![8; nodes as usize])
}

fn round(limit_ms: u64) -> RoundSpec {
    let limit = Interval::from_ms(limit_ms);
    RoundSpec { message: Message(1), text_bytes: 9, payload: Bytes::new(), initiator: NodeIx(0), begins: BEGINS, limit }
}

fn simulated(network: &Network, limit_ms: u64) -> (RoundEnd, Vec<Entry>) {
    let mut entries = Vec::new();
    let end = simulate_round(network, &round(limit_ms), &mut entries, &mut |_| true);
    (end, entries)
}

fn ms(at: Timestamp) -> f64 {
    at.ms_since(BEGINS)
}

/// When copies are sent and received, and when the round is over.
fn times(network: &Network) -> (Vec<(f64, f64)>, f64) {
    let (end, entries) = simulated(network, 60_000);
    assert_eq!(end.outcome, Outcome::Quiescent);
    let received = entries.iter().filter(|entry| entry.fact == Fact::Received);
    (received.map(|entry| (ms(entry.sent), ms(entry.at))).collect(), ms(end.at))
}

#[test]
fn a_copy_is_worked_on_when_it_leaves_when_it_is_received_and_when_it_is_acknowledged() {
    // Works in the order in which they come: both sends, both receipts, both acknowledgments, 1 ms each.
    let one = times(&network(3, "direct-mail", "none", "constant:3ms", 1));
    assert_eq!(one, (vec![(0.0, 3.0), (1.0, 4.0)], 6.0));

    let two = times(&network(3, "direct-mail", "none", "constant:3ms", 2));
    assert_eq!(two, (vec![(0.0, 2.0), (0.0, 2.0)], 3.0));
}

#[test]
fn what_a_link_holds_takes_no_processor_and_is_sent_when_the_link_takes_it() {
    let (received, end) = times(&network(3, "direct-mail", "constant:10ms", "constant:3ms", 1));
    assert_eq!(received, [(0.0, 13.0), (0.0, 14.0)]);
    // The acknowledgment of the last copy is worked on until 16 ms, and takes its way back.
    assert_eq!(end, 26.0);
}

#[test]
fn busy_processors_take_as_long_as_all_copies_need() {
    // A flood over 40 nodes that know each other: the initiator sends 39 copies, each other node 38.
    let copies = f64::from(39 + 39 * 38);
    for processors in [1, 2, 4] {
        let (received, end) = times(&network(40, "flood", "none", "constant:30us", processors));
        assert_eq!(received.len(), 39);
        let busy = copies * 0.03 / f64::from(processors);
        assert!((busy..busy * 1.01 + 0.1).contains(&end), "{processors} processors: {end} ms, busy for {busy} ms");
    }
}

#[test]
fn every_copy_of_a_round_that_was_given_up_has_a_record_and_the_next_round_finds_free_processors() {
    let network = network(30, "flood", "constant:1ms", "exponential:1ms", 2);
    let (mut world, mut entries) = (World::new(&network, BEGINS, 0), Vec::new());
    let cut = world.round(&round(100), &mut entries, &mut |_| true);
    assert_eq!(cut.outcome, Outcome::TimedOut);
    let copies = entries.iter().filter(|entry| entry.fact != Fact::Initiated).count() as u64;
    let is_cut = |entry: &&Entry| matches!(entry.fact, Fact::Failed(Failure::CutShort(_)));
    assert!(copies >= cut.load.started && entries.iter().filter(is_cut).count() > 0, "{copies} copies of {cut:?}");

    entries.clear();
    let next = RoundSpec { message: Message(2), begins: cut.at + Interval::from_ms(1), ..round(60_000) };
    let end = world.round(&next, &mut entries, &mut |_| true);
    assert_eq!((end.outcome, end.load.delivered), (Outcome::Quiescent, 29));
    let first = entries.iter().find(|entry| entry.fact == Fact::Received).unwrap();
    assert!(first.at.since(next.begins) < Interval::from_ms(20), "{first:?}");
}
