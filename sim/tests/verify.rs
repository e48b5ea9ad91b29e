//! The simulator against exact values: a short form of `just verify-simulator`.

#[path = "../verify/exact/mod.rs"]
#[allow(dead_code, reason = "each part of the verification uses some of the exact values")]
mod exact;

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::Common;
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundSpec, simulate_round};

fn complete(nodes: u32) -> Adjacency {
    Adjacency::of((0..nodes).map(|me| {
        (0..nodes).filter(move |other| *other != me).map(|other| (NodeIx(other), Interval::ZERO)).collect::<Vec<_>>()
    }))
}

#[test]
fn a_flood_over_exponential_delays_is_a_pure_birth_chain() {
    let (nodes, rounds, mean_ns) = (100_u32, 400_u32, 20e6);
    let spec = LinkSpec { delay: "exponential:20ms".parse().unwrap(), ..LinkSpec::default() };
    let links = Links::new(&spec, None, 11).unwrap();
    let mut settings: cnsim::protocol::ProtocolSettings = "flood".parse().unwrap();
    settings.in_flight = u32::MAX;
    settings.deadline = None;
    let common = Common { epoch: Epoch(1), seed: 11, settings, neighbours: complete(nodes), links };
    let network = Network::new(common, &vec![8; nodes as usize]);
    let exact = exact::pure_birth::flood(nodes);
    let (mut t100, mut copies) = (Vec::new(), 0);
    for round in 0..rounds {
        let spec = RoundSpec {
            message: Message(round),
            text_bytes: 12,
            payload: Bytes::new(),
            initiator: NodeIx(round % nodes),
            begins: Timestamp(1_893_456_000_000_000_000),
            limit: Interval(u64::MAX),
        };
        let mut entries: Vec<Entry> = Vec::new();
        let end = simulate_round(&network, &spec, &mut entries, &mut |_| true);
        assert_eq!(end.outcome, Outcome::Quiescent);
        let received = entries.iter().filter(|entry| entry.fact == Fact::Received);
        t100.push(received.map(|entry| entry.at.since(spec.begins).0).max().unwrap() as f64 / mean_ns);
        copies += end.load.started;
    }
    let mean = t100.iter().sum::<f64>() / f64::from(rounds);
    assert_eq!(copies, u64::from(rounds) * exact.copies);
    assert!(
        (mean - exact.t100_mean).abs() < 4.0 * exact.t100_sd / f64::from(rounds).sqrt(),
        "{mean} {:?}",
        exact.t100_mean
    );
}
