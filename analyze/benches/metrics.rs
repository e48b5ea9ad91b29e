//! Metrics and tables of a million records, from columns in memory: what a report costs after reading.

use cnsim::event::Kind;
use cnsim_analyze::inputs::{About, Loaded};
use cnsim_analyze::measure::{Options, analyse};
use cnsim_analyze::output;
use cnsim_analyze::rounds::Rounds;
use cnsim_records::columns::{EventColumns, EventNames, UNKNOWN_NS};
use cnsim_records::events::Events;
use cnsim_records::names::Names;
use divan::Bencher;
use divan::counter::ItemsCount;

const RUNS: u32 = 100;
const ROUNDS: u32 = 10;
const NODES: u32 = 1000;
const ROWS: u32 = RUNS * ROUNDS * NODES;

fn main() {
    divan::main();
}

#[divan::bench(args = [Order::Rounds, Order::Shuffled])]
fn group_by_round(bencher: Bencher, order: Order) {
    let input = input(order);
    bencher.counter(ItemsCount::new(ROWS)).bench(|| Rounds::of(&input.events).len());
}

#[divan::bench(args = [Order::Rounds, Order::Shuffled])]
fn metrics(bencher: Bencher, order: Order) {
    let inputs = [input(order)];
    bencher.counter(ItemsCount::new(ROWS)).bench(|| analyse(&inputs, &Options::default()));
}

#[divan::bench]
fn tables(bencher: Bencher) {
    let analysis = analyse(&[input(Order::Rounds)], &Options::default());
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        let tables = output::all(&analysis);
        tables.iter().map(|table| table.to_csv().len()).sum::<usize>()
    });
}

/// In which order an input holds its records.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// Round after round, as logs are exported.
    Rounds,
    /// Any.
    Shuffled,
}

/// Rounds that spread along a tree of eight children a node, without logged hops, so that they have to be derived.
fn input(order: Order) -> Loaded {
    let mut events = EventColumns { names: names(), ..EventColumns::default() };
    let mut random = 1;
    for row in rows(order, &mut random) {
        let (run, round, node) = (row / NODES / ROUNDS, row / NODES % ROUNDS, row % NODES);
        let parent = node.saturating_sub(1) / 8;
        let base_ns = 1_742_869_853_000_000_000 + i64::from(row / NODES) * 1_000_000_000;
        let received_ns = base_ns + i64::from(node) * 6_000_000 + i64::from(next(&mut random) % 9_000_000);
        let latency_ns = 2_000_000 + i64::from(next(&mut random) % 5_000_000);
        let (kind, latency_ns) = if node == 0 { (Kind::Initiate, UNKNOWN_NS) } else { (Kind::Received, latency_ns) };
        events.kind.push(kind);
        events.run.push(run);
        events.round.push(round);
        events.nodes.push(0);
        events.sender.push(parent);
        events.receiver.push(node);
        events.received_ns.push(if node == 0 { base_ns } else { received_ns });
        events.sent_ns.push(if node == 0 { base_ns } else { received_ns - latency_ns });
        events.latency_ns.push(latency_ns);
        events.hop.push(-1);
        events.send.push(0);
        events.send_number.push(0);
        events.bytes.push(0);
        events.seq.push(0);
        events.process.push(0);
        events.host.push(0);
        events.protocol.push(0);
        events.condition.push(0);
        events.float_timestamp.push(true);
    }
    let events = Events::of_columns(&events).expect("every number stands for a name");
    Loaded { about: About { condition: "generated".to_owned(), ..About::default() }, events }
}

fn rows(order: Order, random: &mut u64) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..ROWS).collect();
    match order {
        Order::Rounds => {}
        Order::Shuffled => (1..rows.len()).rev().for_each(|last| rows.swap(last, next(random) as usize % (last + 1))),
    }
    rows
}

fn names() -> EventNames {
    let unknown = || Names::of_sorted([""]);
    let runs: Vec<String> = (0..RUNS).map(|run| format!("{run:08x}-cubaan{NODES}")).collect();
    let nodes: Vec<String> = (0..NODES).map(|node| format!("node-{node:04}")).collect();
    EventNames {
        runs: Names::of_sorted(runs.iter().map(String::as_str)),
        nodes: Names::of_sorted(nodes.iter().map(String::as_str)),
        processes: unknown(),
        hosts: unknown(),
        protocols: unknown(),
        conditions: unknown(),
    }
}

/// A linear congruential generator: the bench needs disorder, not randomness.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as u32
}
