//! From events to measurements: every round on its own, in parallel, input by input; then rounds into groups, in a fixed
//! order.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::clock::RoundWay;
use super::expected::{self, Known};
use super::spread::{Scratch, Spread};
use super::whereabouts::Whereabouts;
use super::{Analysis, BetweenHosts, Deliveries, Group, RoundMetrics, RunClocks, RunLoad};
use super::{
    clock, convergence, coverage, critical, duplicates, hops, hosts, latency, load, path, resources, setup, shape,
    silent, theory,
};
use crate::inputs::{About, Loaded};
use crate::rounds::{Round, Rounds};

/// What the measurements depend on beside the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Rounds below it are measured and in no statistic.
    pub warm_up: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { warm_up: 1 }
    }
}

/// Measures every round of every input. Inputs of the same condition are one condition. The result does not depend on
/// the order of records, nor on the number of threads.
pub fn analyse(inputs: &[Loaded], options: &Options) -> Analysis {
    let mut measuring = Measuring::new(*options);
    for input in inputs {
        measuring.add(&input.about, &Rounds::of(&input.events)).for_each(drop);
    }
    let about: Vec<&About> = inputs.iter().map(|input| &input.about).collect();
    measuring.finish(&about)
}

/// The inputs so far, measured; their records are not needed any more.
pub(crate) struct Measuring {
    options: Options,
    /// By name, numbered in the order in which they were given.
    conditions: BTreeMap<String, usize>,
    inputs: usize,
    rounds: Vec<Measured>,
    runs: BTreeMap<(Place, String), RunSoFar>,
}

/// A condition's number, and nodes.
type Place = (usize, u32);

/// A round, measured.
struct Measured {
    place: Place,
    metrics: RoundMetrics,
    deliveries: Deliveries,
    /// Latencies between machines, in a scored round.
    between: BetweenHosts,
}

/// What is summed over the rounds of a run.
#[derive(Default)]
struct RunSoFar {
    /// Number of the input that had its first round.
    input: usize,
    /// As its first record names it.
    protocol: String,
    load: RunLoad,
    clocks: RunClocks,
}

/// What a round is measured with beside its records.
struct Circumstances<'a> {
    about: &'a About,
    /// By run number: nodes in the run's network, as far as its id or its ids say.
    nodes_by_run: Vec<u32>,
    warm_up: u32,
}

/// What one round gives.
struct OfRound<'a> {
    nodes: u32,
    metrics: RoundMetrics,
    deliveries: Deliveries,
    between: BetweenHosts,
    /// Copies by who sent them, in a scored round.
    sent: Vec<(&'a str, u64)>,
    ways: BTreeMap<(String, String), RoundWay>,
}

impl Measuring {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, conditions: BTreeMap::new(), inputs: 0, rounds: Vec::new(), runs: BTreeMap::new() }
    }

    /// Measures the rounds of one input more; gives them in their order.
    pub(crate) fn add(&mut self, about: &About, rounds: &Rounds<'_>) -> impl Iterator<Item = &RoundMetrics> {
        let condition = self.condition(&about.condition);
        let nodes_by_run = coverage::nodes_by_run(rounds);
        let circumstances = Circumstances { about, nodes_by_run, warm_up: self.options.warm_up };
        let places: Vec<Round<'_>> = rounds.iter().collect();
        let of_rounds: Vec<OfRound<'_>> = places
            .par_iter()
            .map_init(Scratch::default, |scratch, round| circumstances.measure(round, scratch))
            .collect();
        let before = self.rounds.len();
        for (round, of_round) in places.iter().zip(of_rounds) {
            self.put((condition, of_round.nodes), round, of_round);
        }
        self.inputs += 1;
        self.rounds[before..].iter().map(|round| &round.metrics)
    }

    fn condition(&mut self, name: &str) -> usize {
        let next = self.conditions.len();
        *self.conditions.entry(name.to_owned()).or_insert(next)
    }

    fn put(&mut self, place: Place, round: &Round<'_>, of_round: OfRound<'_>) {
        let OfRound { metrics, deliveries, between, sent, ways, .. } = of_round;
        let run = self.runs.entry((place, metrics.run_id.clone())).or_insert_with(|| RunSoFar {
            input: self.inputs,
            protocol: round.protocol().to_owned(),
            clocks: RunClocks { run_id: metrics.run_id.clone(), ..RunClocks::default() },
            ..RunSoFar::default()
        });
        run.load.add(&sent);
        run.clocks.add(ways);
        self.rounds.push(Measured { place, metrics, deliveries, between });
    }

    /// The measurements of all inputs, which are given again in the order in which they were added.
    pub(crate) fn finish(mut self, inputs: &[&About]) -> Analysis {
        self.add_silent_rounds(inputs);
        let Self { conditions, mut rounds, runs, .. } = self;
        rounds.sort_by(|a, b| a.key().cmp(&b.key()));
        let mut names: Vec<&String> = conditions.keys().collect();
        names.sort_by_key(|name| conditions[*name]);
        let mut groups: BTreeMap<Place, Group> = BTreeMap::new();
        for Measured { place, metrics, deliveries, between } in rounds {
            let new = || Group { condition: names[place.0].clone(), nodes: place.1, ..Group::default() };
            groups.entry(place).or_insert_with(new).push(metrics, deliveries, between);
        }
        let mut known: BTreeMap<Place, Vec<Known<'_>>> = BTreeMap::new();
        for ((place, run_id), RunSoFar { input, protocol, load, clocks }) in runs {
            let facts = inputs[input].runs.get(&run_id);
            known.entry(place).or_default().push(Known { facts, protocol });
            let group = groups.get_mut(&place).expect("a run has a round in its group");
            group.loads.push(load);
            group.clocks.push(clocks);
        }
        for (place, group) in &mut groups {
            group.expected_hops = theory::expected_hops(&known[place], &group.rounds);
            group.expected_duplicates = expected::duplicates(&known[place]);
        }
        Analysis { groups: groups.into_values().collect() }
    }

    /// Adds the rounds that manifests have and no input has a record of, each once.
    fn add_silent_rounds(&mut self, inputs: &[&About]) {
        let heard = |round: &Measured| (round.place.0, round.metrics.run_id.clone(), round.metrics.round);
        let mut heard: BTreeSet<(usize, String, u32)> = self.rounds.iter().map(heard).collect();
        for (number, about) in inputs.iter().enumerate() {
            let condition = self.condition(&about.condition);
            for (run_id, facts) in &about.runs {
                let manifest = &facts.manifest;
                let place = (condition, manifest.options.nodes);
                for round in &manifest.rounds {
                    if !heard.insert((condition, run_id.clone(), round.round)) {
                        continue;
                    }
                    self.runs.entry((place, run_id.clone())).or_insert_with(|| RunSoFar {
                        input: number,
                        clocks: RunClocks { run_id: run_id.clone(), ..RunClocks::default() },
                        ..RunSoFar::default()
                    });
                    let metrics = silent::metrics(manifest, round, self.options.warm_up);
                    let (deliveries, between) = (Deliveries::default(), BTreeMap::new());
                    self.rounds.push(Measured { place, metrics, deliveries, between });
                }
            }
        }
    }
}

impl Circumstances<'_> {
    fn measure<'a>(&self, round: &Round<'a>, scratch: &mut Scratch) -> OfRound<'a> {
        let nodes = coverage::nodes(round, self.nodes_by_run[round.run as usize]);
        let spread = scratch.spread(round);
        let facts = self.about.runs.get(round.run_id());
        let hops = hops::hops(&spread);
        let latencies = latency::latencies(&spread);
        let sent = load::sent(round.events, &spread);
        let whereabouts = Whereabouts::of(facts);
        let ways = clock::ways(&spread, &whereabouts);
        let metrics = RoundMetrics {
            scored: round.round >= self.warm_up,
            hops_max: hops.max(),
            hops_mean: hops.mean(),
            hops_derived: hops.derived,
            latency_median_ns: latency::median_ns(&latencies),
            load: load::load(&sent, nodes),
            resources: resources::resources(facts, round.round),
            ..timing(round, &spread, nodes, &whereabouts)
        };
        let (deliveries, sent, between) = match metrics.scored {
            true => {
                let deliveries = Deliveries { hop: hops.each, latency_ns: latencies };
                (deliveries, sent, hosts::latencies(&spread, &whereabouts))
            }
            false => (Deliveries::default(), Vec::new(), BTreeMap::new()),
        };
        OfRound { nodes, metrics, deliveries, between, sent, ways }
    }
}

/// A round's measurements but for hops and latencies.
fn timing(round: &Round<'_>, spread: &Spread<'_>, nodes: u32, whereabouts: &Whereabouts<'_>) -> RoundMetrics {
    let expected = nodes.saturating_sub(1);
    let delivered = spread.firsts.len() as u32;
    let initiate_ns = spread.initiate.map(|initiate| initiate.at_ns);
    let copies = duplicates::copies(spread);
    let steps = path::critical(spread);
    RoundMetrics {
        run_id: round.run_id().to_owned(),
        round: round.round,
        scored: false,
        initiator: spread.initiate.map(|initiate| round.events.names.nodes.text(initiate.node).to_owned()),
        initiate_ns,
        expected,
        delivered,
        setup_ns: setup::setup_ns(spread),
        from_initiate: convergence::times(spread.firsts, expected, initiate_ns),
        from_first_send: convergence::times(spread.firsts, expected, spread.first_send_ns),
        duplicates: copies.duplicates,
        failed: copies.failed,
        sends: copies.sends,
        rmr: duplicates::redundancy(copies.sends, delivered),
        hops_max: None,
        hops_mean: None,
        hops_derived: false,
        latency_median_ns: None,
        path: steps.as_ref().and_then(|steps| path::time_spent(spread, steps)),
        shape: shape::shape(spread),
        critical: steps.map_or_else(Vec::new, |steps| critical::hops(spread, &steps, whereabouts)),
        load: load::load(&[], nodes),
        resources: None,
        reached_ns: spread.firsts.iter().map(|first| first.received_ns).collect(),
    }
}

impl Measured {
    fn key(&self) -> impl Ord + '_ {
        (self.place, &self.metrics.run_id, self.metrics.round)
    }
}

impl Group {
    fn push(&mut self, metrics: RoundMetrics, deliveries: Deliveries, between: BetweenHosts) {
        self.deliveries.hop.extend(&deliveries.hop);
        self.deliveries.latency_ns.extend(&deliveries.latency_ns);
        for (ends, latencies) in between {
            self.between_hosts.entry(ends).or_default().extend(latencies);
        }
        self.rounds.push(metrics);
    }
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
