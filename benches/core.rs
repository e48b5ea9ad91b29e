//! The core alone: how many inputs a machine handles in a second, without any IO.

use bytes::Bytes;
use cnsim::id::{DeliveryId, Epoch, Hop, MessageId, NodeId, SendId};
use cnsim::machine::{Body, Config, Gossip, Input, Machine, Neighbour, Output, Receipt};
use cnsim::protocol::Protocol;
use cnsim::time::{Interval, Timestamp};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// One message at one node of degree 8: a first receipt, seven sends that end, seven duplicates.
#[divan::bench]
fn flood_steps_at_degree_8(bencher: Bencher) {
    let neighbours: Vec<NodeId> = (0..8).map(|i| node(&format!("n{i}"))).collect();
    let mut machine = configured(&neighbours);
    let mut round = 0;
    bencher.counter(ItemsCount::new(15u32)).bench_local(|| {
        round += 1;
        let message = MessageId::new(&format!("bench-{round}"));
        machine.handle(Timestamp(1), deliver(round * 8, &neighbours[0], &message));
        for send in sends(&mut machine) {
            machine.handle(Timestamp(2), done(send));
        }
        for (index, from) in neighbours.iter().enumerate().skip(1) {
            machine.handle(Timestamp(3), deliver(round * 8 + index as u64, from, &message));
        }
        sends(&mut machine).len()
    });
}

fn configured(neighbours: &[NodeId]) -> Machine {
    let mut machine = Machine::new(node("me"));
    let neighbours = neighbours.iter().map(|id| Neighbour { id: id.clone(), hold: Interval::ZERO });
    let protocol: Protocol = "flood".parse().expect("flood is a protocol");
    let config = Config { id: node("me"), epoch: Epoch(1), neighbours: neighbours.collect(), protocol, seed: 1 };
    machine.handle(Timestamp(0), Input::Configure(config));
    machine
}

fn deliver(delivery: u64, from: &NodeId, message: &MessageId) -> Input {
    let gossip = Gossip { message: message.clone(), hop: Some(Hop(1)), epoch: None, payload: Bytes::new() };
    let receipt = Receipt { received: Timestamp(1), sent: Timestamp(0), send_id: String::new(), bytes: 40 };
    Input::Deliver { delivery: DeliveryId(delivery), from: from.clone(), body: Body::Gossip(gossip), receipt }
}

fn done(send: SendId) -> Input {
    Input::SendDone { send, sent: Timestamp(1), bytes: 40, result: Ok(()) }
}

/// Takes every output; the sends among them.
fn sends(machine: &mut Machine) -> Vec<SendId> {
    let mut sends = Vec::new();
    while let Some(output) = machine.poll_output() {
        match output {
            Output::Send(send) => sends.push(send.send),
            Output::Reply { .. } | Output::Event(_) => {}
        }
    }
    sends
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).expect("a name without spaces")
}
