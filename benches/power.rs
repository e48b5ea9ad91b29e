//! What the checks of drift, of two humps and of outliers can find: `power [SIMULATIONS]` prints it; `analyze/src/audit/power.rs` holds
//! the table of the first two. Times of rounds are log-normal; an effect is sought that the check finds in 80 % of runs.

use cnsim::event::Kind;
use cnsim::random::Random;
use cnsim_analyze::audit::{Check, Severity, audit};
use cnsim_analyze::evaluation::evaluate_loaded;
use cnsim_analyze::inputs::{About, Loaded};
use cnsim_records::columns::{EventColumns, EventNames};
use cnsim_records::events::Events;
use cnsim_records::names::Names;
use mimalloc::MiMalloc;
use rayon::prelude::*;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Standard deviation of the logarithm of times: about 20 %.
const SPREAD: f64 = 0.2;
const POWER: f64 = 0.8;
const ROUNDS: [u32; 7] = [10, 20, 30, 50, 100, 200, 500];
const EPOCH_NS: i64 = 1_742_869_853_000_000_000;

/// The time of a round by its place from 0 to 1, given its noise and a number that is drawn for it.
type Times = fn(effect: f64, place: f64, noise: f64, drawn: f64) -> f64;

/// A check with how its effect changes times, and the largest effect that is tried.
const CHECKS: [(&str, Check, f64, Times); 3] = [
    ("drift, spreads from the first to the last round", Check::DriftOverRounds, 12.0, |effect, place, noise, _| {
        (SPREAD * (noise + effect * (place - 0.5))).exp()
    }),
    ("hump, spreads between two equal halves", Check::BimodalConvergence, 12.0, |effect, _, noise, drawn| {
        (SPREAD * (noise + if drawn < 0.5 { effect } else { 0.0 })).exp()
    }),
    ("outliers at three times the time, share of rounds", Check::OutlierRounds, 0.25, |effect, _, noise, drawn| {
        (SPREAD * noise).exp() * if drawn < effect { 3.0 } else { 1.0 }
    }),
];

fn main() {
    let simulations = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    for (what, check, most, times) in CHECKS {
        println!("{what}");
        for rounds in ROUNDS {
            let found = |effect: f64| {
                share_found(check, rounds, simulations, &|place, noise, drawn| times(effect, place, noise, drawn))
            };
            match smallest(most, found) {
                Some(effect) => println!("  {rounds} rounds: {effect:.2} (and found without it: {:.3})", found(0.0)),
                None => println!("  {rounds} rounds: none up to {most}"),
            }
        }
    }
}

/// The smallest effect that is found often enough: step by step, because a very large one may hide itself, then by bisection.
fn smallest(most: f64, found: impl Fn(f64) -> f64) -> Option<f64> {
    const STEPS: u32 = 16;
    let at = |step: u32| most * f64::from(step) / f64::from(STEPS);
    let first = (1..=STEPS).find(|step| found(at(*step)) >= POWER)?;
    let (mut low, mut high) = (at(first - 1), at(first));
    for _ in 0..4 {
        let middle = (low + high) / 2.0;
        if found(middle) < POWER { low = middle } else { high = middle }
    }
    Some(high)
}

fn share_found(check: Check, rounds: u32, simulations: u64, time: &(dyn Fn(f64, f64, f64) -> f64 + Sync)) -> f64 {
    let is_found = |seed: u64| {
        let quality = audit(&evaluate_loaded([run(rounds, seed, time)], 0));
        quality.findings.iter().any(|found| found.check == check && found.severity >= Severity::Caution)
    };
    let found = (0..simulations).into_par_iter().filter(|seed| is_found(*seed)).count();
    found as f64 / simulations as f64
}

/// A run of two nodes whose rounds take what `time` says, in 10 ms.
fn run(rounds: u32, seed: u64, time: &dyn Fn(f64, f64, f64) -> f64) -> Loaded {
    let mut random = Random::keyed(seed, &["power", &rounds.to_string()]);
    let mut uniform = || (random.below(1 << 53) as f64 + 0.5) / (1_u64 << 53) as f64;
    let mut events = EventColumns::default();
    for round in 0..rounds {
        // Box and Muller (1958).
        let noise = (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        let took = time(f64::from(round) / f64::from(rounds - 1), noise, uniform());
        let begun_ns = EPOCH_NS + i64::from(round) * 1_000_000_007;
        for (kind, receiver, received_ns) in
            [(Kind::Initiate, 0, begun_ns), (Kind::Received, 1, begun_ns + 13 + (took * 1e7) as i64)]
        {
            events.kind.push(kind);
            events.run.push(0);
            events.round.push(round);
            events.nodes.push(2);
            events.sender.push(0);
            events.receiver.push(receiver);
            events.received_ns.push(received_ns);
            events.sent_ns.push(begun_ns);
            events.latency_ns.push(received_ns - begun_ns);
            events.hop.push(-1);
            events.send.push(0);
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
    let (nodes, runs) = (Names::of_any(["a", "b"]), Names::of_any(["run"]));
    events.names =
        EventNames { runs, nodes, processes: unknown(), hosts: unknown(), protocols: unknown(), conditions: unknown() };
    let about = About { condition: "c".to_owned(), ..About::default() };
    Loaded { about, events: Events::of_columns(&events).expect("every number has its text") }
}
