//! Rates and work: when copies are through a queue, and how long they wait before it.

use bytes::Bytes;
use cnsim::id::{DeliveryId, Epoch, Hop, Message, NodeIx};
use cnsim::link::{LinkSpec, Links, WorkModel};
use cnsim::machine::{Common, Config, Event, Gossip, Input, Machine, Output, Outputs};
use cnsim::random::{Purpose, Random};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Adjacency;
use cnsim_sim::journal::Fact;

use super::check::{Check, Effort};
use super::exact::queueing::{fifo_left_ns, mg1_wait};
use super::laboratory::{Laboratory, complete};

/// One byte takes 8 us.
const RATE: u64 = 1_000_000;
const NODES: usize = 100;
const DELAY_NS: u64 = 20_000_000;

/// A mail to all: of the copies that a node is given at once, the k-th arrives one delay after all bytes up to its own have left,
/// and, where the receiver has a rate too, after its own bytes once more.
pub(crate) fn fifo_uplink(seed: u64, _: Effort) -> Vec<Check> {
    let mut checks = Vec::new();
    for downlink in [None, Some("300kbit")] {
        let links = LinkSpec {
            delay: "constant:20ms".parse().expect("a delay"),
            uplink: Some("1Mbit".parse().expect("a rate")),
            downlink: downlink.map(|rate| rate.parse().expect("a rate")),
            sharing: "fifo".parse().expect("a sharing"),
            ..LinkSpec::default()
        };
        let spread = Laboratory::new(&complete(NODES), "direct-mail", &links, seed).spread(1, 0);
        let mut copies: Vec<_> = spread.entries.iter().filter(|entry| entry.fact == Fact::Received).collect();
        copies.sort_by_key(|entry| entry.send);
        let mut bytes = 0;
        let is_off = |entry: &&&cnsim_sim::journal::Entry| {
            bytes += entry.bytes;
            let received = downlink.map_or(0, |_| fifo_left_ns(1, entry.bytes, 300_000));
            entry.at.since(entry.sent).0 != fifo_left_ns(1, bytes, RATE) + DELAY_NS + received
        };
        let (arrived, off) = (copies.len(), copies.iter().filter(is_off).count());
        let behind = downlink.map_or_else(String::new, |rate| format!(", downlinks of {rate}"));
        let experiment = format!("direct mail to {}, FIFO uplink of 1 Mbit/s{behind}", NODES - 1);
        checks.push(Check::certain(&experiment, "copies that arrived", (NODES - 1) as f64, arrived as f64));
        checks.push(Check::certain(&experiment, "copies through at another time", 0.0, off as f64));
    }
    checks
}

/// A check of constant length lies between each two hops of a line.
pub(crate) fn validation(seed: u64, _: Effort) -> Vec<Check> {
    const LENGTH: usize = 25;
    const CHECK_NS: u64 = 7_000_000;
    let links = LinkSpec {
        delay: "constant:20ms".parse().expect("a delay"),
        validate: "constant:7ms".parse().expect("a time"),
        ..LinkSpec::default()
    };
    let next_to = |me: usize| (0..LENGTH).filter(|other| me.abs_diff(*other) == 1).collect();
    let line: Vec<Vec<usize>> = (0..LENGTH).map(next_to).collect();
    let laboratory = Laboratory::new(&line, "flood", &links, seed);
    let hops = |node: u32| u64::from(node).max(LENGTH as u64 - 1 - u64::from(node));
    let exact = |node: u32| hops(node) * DELAY_NS + (hops(node) - 1) * CHECK_NS;
    let off = (0..LENGTH as u32).filter(|node| laboratory.spread(*node, *node).t100_ns() != exact(*node)).count();
    let experiment = "flood, line of 25, constant delay, checks of 7 ms";
    vec![Check::certain(experiment, "initiators with another t100", 0.0, off as f64)]
}

/// What a queue lies before.
#[derive(Debug, Clone, Copy)]
enum Server {
    /// A downlink that passes one copy after the other.
    Downlink,
    /// A processor.
    Processor,
}

/// Copies that arrive at one node as a Poisson process: how long they wait before its downlink or its processor, by Pollaczek and
/// Khinchin.
pub(crate) fn waiting(seed: u64, effort: Effort) -> Vec<Check> {
    let mut checks = Vec::new();
    for (server, service, spread) in [
        (Server::Downlink, "constant", 0.0),
        (Server::Processor, "constant", 0.0),
        (Server::Processor, "exponential", 1.0),
    ] {
        for utilisation in [0.5, 0.8, 0.9, 0.95] {
            let size = effort.rounds(30_000);
            let waits = waits(server, service, utilisation, BATCHES * size, seed);
            let batches: Vec<f64> = waits.chunks(size as usize).map(mean).collect();
            let name = match server {
                Server::Downlink => "a FIFO downlink",
                Server::Processor => "a processor",
            };
            let experiment = format!(
                "Poisson arrivals at {name}, {service} service, utilisation {utilisation}, {BATCHES} batches of {size} copies"
            );
            let exact = mg1_wait(utilisation, spread);
            checks.push(Check::mean_of_sample(&experiment, "mean wait, in mean services", exact, &batches));
        }
    }
    checks
}

/// Waits are correlated: their error is that of the means of so many batches, each far longer than a busy time.
const BATCHES: u32 = 64;

/// The size of every copy, and how long it takes at [`RATE`].
const COPY_BYTES: u64 = 1_000;
const SERVICE_NS: u64 = COPY_BYTES * 8_000;

/// How long each copy waits, in mean services.
fn waits(server: Server, service: &str, utilisation: f64, copies: u32, seed: u64) -> Vec<f64> {
    let mut machine = lone_machine(server, service, seed);
    let (mut outputs, mut arrived, mut waits) = (Outputs::default(), Vec::new(), Vec::new());
    let between = format!("exponential:{}ns", (SERVICE_NS as f64 / utilisation).round() as u64);
    let between = WorkModel::new(&between.parse().expect("a time"), None).expect("it needs no file");
    let mut at = Timestamp(1_000_000_000_000);
    for copy in 0..copies {
        at = at + between.draw(|| Random::at(seed, Purpose::Begin, &[server as u64, copy.into()]));
        while let Some(due) = machine.poll_access().filter(|due| *due <= at) {
            machine.handle(due, Input::AccessTimeout, &mut outputs);
            note(&mut outputs, due, &arrived, &mut waits);
        }
        arrived.push(at);
        let gossip =
            Gossip { message: Message(7), text_bytes: 9, hop: Some(Hop(1)), epoch: None, payload: Bytes::new() };
        let (delivery, from) = (DeliveryId(copy.into()), NodeIx(1 + copy % 5));
        machine.handle(at, Input::Deliver { delivery, from, bytes: COPY_BYTES, gossip }, &mut outputs);
        note(&mut outputs, at, &arrived, &mut waits);
    }
    while let Some(due) = machine.poll_access() {
        machine.handle(due, Input::AccessTimeout, &mut outputs);
        note(&mut outputs, due, &arrived, &mut waits);
    }
    waits
}

/// A sojourn without the mean service has the mean of the waits.
fn note(outputs: &mut Outputs, now: Timestamp, arrived: &[Timestamp], waits: &mut Vec<f64>) {
    while let Some(output) = outputs.next_output() {
        if let Output::Event(Event::Received { delivery, .. }) = output {
            let sojourn = now.since(arrived[delivery.0 as usize]).0 as f64;
            waits.push(sojourn / SERVICE_NS as f64 - 1.0);
        }
    }
}

/// A node that nobody is a neighbour of.
fn lone_machine(server: Server, service: &str, seed: u64) -> Machine {
    let links = match server {
        Server::Downlink => LinkSpec {
            downlink: Some("1Mbit".parse().expect("a rate")),
            sharing: "fifo".parse().expect("a sharing"),
            ..LinkSpec::default()
        },
        Server::Processor => {
            LinkSpec { service: format!("{service}:8ms").parse().expect("a time"), ..LinkSpec::default() }
        }
    };
    let common = Common {
        epoch: Epoch(1),
        seed,
        settings: "direct-mail".parse().expect("a protocol"),
        neighbours: Adjacency::of([Vec::<(NodeIx, Interval)>::new()]),
        links: Links::new(&links, None, seed).expect("these links need no file"),
    };
    let config = Config { me: NodeIx(0), name_bytes: 8, first_period: 0, common: std::sync::Arc::new(common) };
    let mut machine = Machine::new(NodeIx(0));
    machine.handle(Timestamp(0), Input::Configure(config), &mut Outputs::default());
    machine
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
