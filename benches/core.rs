//! The core alone: how many inputs machines handle in a second, without any IO.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use cnsim::id::{DeliveryId, Epoch, Hop, Message, NodeIx, SendId};
use cnsim::link::Links;
use cnsim::machine::{Common, Config, Gossip, Input, Machine, Output, Outputs};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// One message at one node of degree 8: a first receipt, seven sends that end, seven duplicates.
#[divan::bench]
fn flood_steps_at_degree_8(bencher: Bencher) {
    let neighbours = (1..=8).map(|node| (NodeIx(node), Interval::ZERO));
    let (mut machine, mut outputs) = (Machine::new(NodeIx(0)), Outputs::default());
    let common = common(Adjacency::of([neighbours.collect::<Vec<_>>()]));
    machine.handle(Timestamp(0), configure(NodeIx(0), &common), &mut outputs);
    let mut round = 0;
    bencher.counter(ItemsCount::new(15u32)).bench_local(|| {
        round += 1;
        machine.handle(Timestamp(1), deliver(0, NodeIx(1), Message(round)), &mut outputs);
        for send in sends(&mut outputs) {
            machine.handle(Timestamp(2), done(send), &mut outputs);
        }
        for from in 2..=8 {
            machine.handle(Timestamp(3), deliver(0, NodeIx(from), Message(round)), &mut outputs);
        }
        sends(&mut outputs).len()
    });
}

/// How many machines are driven, and how many inputs a flood over them makes: each node takes eight copies or, but for the
/// initiator, seven, and each copy's end.
const MACHINES: u32 = 100_000;
const DEGREE: u32 = 8;
const INPUTS: u32 = 1 + 2 * (MACHINES * DEGREE - (MACHINES - 1));

/// One message over a ring of machines where each knows the four next ones on either side: every copy arrives at once.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn flood_over_100_000_machines(bencher: Bencher) {
    let ring = (0..MACHINES).map(|me| {
        let neighbours = (1..=DEGREE / 2).flat_map(move |step| [me + step, me + MACHINES - step]);
        neighbours.map(|other| (NodeIx(other % MACHINES), Interval::ZERO)).collect::<Vec<_>>()
    });
    let common = common(Adjacency::of(ring));
    let make = || -> (Vec<Machine>, Outputs) {
        let mut outputs = Outputs::default();
        let machines = (0..MACHINES).map(|me| {
            let mut machine = Machine::new(NodeIx(me));
            machine.handle(Timestamp(0), configure(NodeIx(me), &common), &mut outputs);
            machine
        });
        (machines.collect(), outputs)
    };
    bencher.counter(ItemsCount::new(INPUTS)).with_inputs(make).bench_local_refs(|(machines, outputs)| {
        assert_eq!(flood(machines, outputs), INPUTS);
    });
}

/// Drives a message from node 0 to the end; how many inputs that took.
fn flood(machines: &mut [Machine], outputs: &mut Outputs) -> u32 {
    let initiate = Input::Initiate { message: Message(1), text_bytes: 7, payload: Bytes::new() };
    let mut inputs = VecDeque::from([(NodeIx(0), initiate)]);
    // Which send a delivery is the end of, by its number.
    let mut deliveries: Vec<(NodeIx, SendId)> = Vec::new();
    let mut handled = 0;
    while let Some((me, input)) = inputs.pop_front() {
        handled += 1;
        machines[me.index()].handle(Timestamp(1), input, outputs);
        while let Some(output) = outputs.next_output() {
            match output {
                Output::Send(send) => {
                    let delivery = DeliveryId(deliveries.len() as u64);
                    deliveries.push((me, send.send));
                    inputs.push_back((
                        send.to,
                        Input::Deliver { delivery, from: me, bytes: send.bytes, gossip: send.gossip },
                    ));
                }
                Output::Reply { delivery, .. } => {
                    let (sender, send) = deliveries[delivery.0 as usize];
                    inputs.push_back((sender, done(send)));
                }
                Output::Event(_) | Output::Ask(_) | Output::Control(_) | Output::Answer(_) | Output::Refuse { .. } => {}
            }
        }
    }
    handled
}

fn common(neighbours: Adjacency) -> Arc<Common> {
    let settings = "flood".parse().expect("flood is a protocol");
    let links = Links::none();
    Arc::new(Common { epoch: Epoch(1), seed: 1, settings, neighbours, links })
}

fn configure(me: NodeIx, common: &Arc<Common>) -> Input {
    Input::Configure(Config { me, name_bytes: 8, first_period: 0, common: Arc::clone(common) })
}

fn deliver(delivery: u64, from: NodeIx, message: Message) -> Input {
    let gossip = Gossip { message, text_bytes: 7, hop: Some(Hop(1)), epoch: None, payload: Bytes::new() };
    Input::Deliver { delivery: DeliveryId(delivery), from, bytes: 40, gossip }
}

fn done(send: SendId) -> Input {
    Input::SendDone { send, sent: Timestamp(1), result: Ok(None) }
}

/// Takes every output; the sends among them.
fn sends(outputs: &mut Outputs) -> Vec<SendId> {
    let mut sends = Vec::new();
    while let Some(output) = outputs.next_output() {
        match output {
            Output::Send(send) => sends.push(send.send),
            Output::Reply { .. }
            | Output::Event(_)
            | Output::Ask(_)
            | Output::Control(_)
            | Output::Answer(_)
            | Output::Refuse { .. } => {}
        }
    }
    sends
}
