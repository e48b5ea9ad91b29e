//! A flood over a random 8-regular graph with a constant delay: the load that simulators are compared by.

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::Common;
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::{Adjacency, TopologySpec, default_ids};
use cnsim_sim::journal::NoJournal;
use cnsim_sim::network::Network;
use cnsim_sim::round::{RoundSpec, simulate_round};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

#[divan::bench(args = [1_000, 10_000, 100_000, 1_000_000], sample_count = 3, sample_size = 1)]
fn constant_20_ms(bencher: Bencher, nodes: u32) {
    flood(bencher, nodes, "constant:20ms");
}

#[divan::bench(args = [100_000], sample_count = 3, sample_size = 1)]
fn exponential_20_ms(bencher: Bencher, nodes: u32) {
    flood(bencher, nodes, "exponential:20ms");
}

fn flood(bencher: Bencher, nodes: u32, delay: &str) {
    let spec: TopologySpec = "k-regular:8".parse().expect("a topology");
    let topology = spec.generate(default_ids(nodes), 1).expect("a graph of degree 8");
    let weightless = |list: Vec<cnsim::topology::Neighbour>| {
        list.into_iter().map(|neighbour| (NodeIx(neighbour.node), Interval::ZERO)).collect::<Vec<_>>()
    };
    let neighbours = Adjacency::of(topology.neighbours().into_iter().map(weightless));
    let links = LinkSpec { delay: delay.parse().expect("a delay"), ..LinkSpec::default() };
    let links = Links::new(&links, None, 1).expect("it needs no file");
    let settings = "flood".parse().expect("a protocol");
    let network =
        Network::new(Common { epoch: Epoch(1), seed: 1, settings, neighbours, links }, &vec![12; nodes as usize]);
    let round = RoundSpec {
        message: Message(1),
        text_bytes: 20,
        payload: Bytes::new(),
        initiator: NodeIx(0),
        begins: Timestamp(1_893_456_000_000_000_000),
        limit: Interval(u64::MAX),
    };
    let copies = 7 * u64::from(nodes) + 1;
    bencher.counter(ItemsCount::new(copies)).bench(|| {
        let end = simulate_round(&network, &round, &mut NoJournal, &mut |_| true);
        assert_eq!(end.load.started, copies);
        end
    });
}
