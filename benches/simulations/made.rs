//! Numbers by chance, and runs whose rounds take given times.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::Manifest;
use cnsim::random::Random;
use cnsim_analyze::inputs::{About, Loaded, RunFacts};
use cnsim_records::columns::{EventColumns, EventNames};
use cnsim_records::events::Events;
use cnsim_records::names::Names;

const EPOCH_NS: i64 = 1_742_869_853_000_000_000;

/// A generator of its own for each simulation.
pub(crate) struct Chance(Random);

impl Chance {
    /// Uniform in (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.below(1 << 53) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// So many standard normal numbers.
    pub(crate) fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// So many numbers that are exponential with mean 1.
    pub(crate) fn exponentials(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| -self.uniform().ln()).collect()
    }

    /// The numbers from 0 on, shuffled (Fisher and Yates).
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for place in (1..count).rev() {
            order.swap(place, self.0.below(place as u64 + 1) as usize);
        }
        order
    }

    /// Deployments of five rounds that differ as much as rounds do: with a standard deviation of 1.
    pub(crate) fn deployments(&mut self, count: usize, centre: f64) -> Vec<Vec<f64>> {
        self.deployments_of(count, 5, centre)
    }

    /// The same of so many rounds.
    pub(crate) fn deployments_of(&mut self, count: usize, rounds: usize, centre: f64) -> Vec<Vec<f64>> {
        let mut deployments = Vec::new();
        for _ in 0..count {
            let of_deployment = centre + self.normal();
            deployments.push(self.normals(rounds).into_iter().map(|noise| of_deployment + noise).collect());
        }
        deployments
    }
}

/// The share of `simulations` in which something is so.
pub(crate) fn share(simulations: u64, what: &str, is_so: impl Fn(&mut Chance) -> bool + Sync) -> f64 {
    let [share] = shares(simulations, what, |chance| [is_so(chance)]);
    share
}

/// The same of several things that are looked at in each.
pub(crate) fn shares<const N: usize>(
    simulations: u64,
    what: &str,
    are_so: impl Fn(&mut Chance) -> [bool; N] + Sync,
) -> [f64; N] {
    let look = |seed: u64| are_so(&mut Chance(Random::keyed(seed, &["simulations", what])));
    // Threads of their own: one of the pool that waits for a part of its study would take up another whole study on its stack.
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let of_thread = |thread: u64| (thread..simulations).step_by(threads as usize).map(look).collect::<Vec<[bool; N]>>();
    let looked: Vec<[bool; N]> = std::thread::scope(|scope| {
        let begun: Vec<_> = (0..threads).map(|thread| scope.spawn(move || of_thread(thread))).collect();
        begun.into_iter().flat_map(|thread| thread.join().expect("no simulation panics")).collect()
    });
    std::array::from_fn(|thing| looked.iter().filter(|are| are[thing]).count() as f64 / simulations as f64)
}

/// A run of two nodes whose rounds take so many milliseconds.
pub(crate) fn run(condition: &str, run_id: &str, times_ms: &[f64], manifest: Option<Manifest>) -> Loaded {
    let mut events = EventColumns::default();
    for (round, took_ms) in times_ms.iter().enumerate() {
        let begun_ns = EPOCH_NS + round as i64 * 1_000_000_007;
        for (kind, receiver, received_ns) in
            [(Kind::Initiate, 0, begun_ns), (Kind::Received, 1, begun_ns + 13 + (took_ms * 1e6) as i64)]
        {
            events.kind.push(kind);
            events.run.push(0);
            events.round.push(round as u32);
            events.nodes.push(2);
            events.sender.push(0);
            events.receiver.push(receiver);
            events.received_ns.push(received_ns);
            events.sent_ns.push(begun_ns);
            events.latency_ns.push(received_ns - begun_ns);
            events.hop.push(-1);
            events.send.push(0);
            events.send_number.push(0);
            events.bytes.push(0);
            events.seq.push(0);
            events.process.push(0);
            events.host.push(0);
            events.protocol.push(0);
            events.condition.push(0);
            events.float_timestamp.push(false);
        }
    }
    let unknown = || Names::of_any([""]);
    let (nodes, runs) = (Names::of_any(["a", "b"]), Names::of_any([run_id]));
    events.names =
        EventNames { runs, nodes, processes: unknown(), hosts: unknown(), protocols: unknown(), conditions: unknown() };
    let facts = |manifest: Manifest| RunFacts {
        manifest: Manifest { run_id: run_id.to_owned(), ..manifest },
        topology: None,
        topology_sha256: None,
        control: None,
        faults: None,
        motion: None,
    };
    let runs = manifest.into_iter().map(|manifest| (run_id.to_owned(), facts(manifest)));
    let about = About { condition: condition.to_owned(), runs: BTreeMap::from_iter(runs), ..About::default() };
    Loaded { about, events: Events::of_columns(&events).expect("every number has its text") }
}
