//! From events to measurements: every round on its own, in parallel; then rounds into groups, in a fixed order.

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
use crate::round::{Round, Rounds};
use crate::source::Loaded;

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
    let rounds: Vec<Rounds<'_>> = inputs.par_iter().map(|input| Rounds::of(&input.events)).collect();
    let places: Vec<Place<'_>> = places(inputs, &rounds);
    let mut measured: Vec<Measured<'_>> =
        places.par_iter().map_init(Scratch::default, |scratch, place| place.measure(scratch, options)).collect();
    measured.extend(silent_rounds(inputs, &places, options));
    measured.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut groups: Vec<Gathered<'_>> = Vec::new();
    for round in measured {
        match groups.last_mut() {
            Some(group) if group.key == round.group() => group.push(round),
            Some(_) | None => groups.push(Gathered::begin(round)),
        }
    }
    Analysis { groups: groups.into_iter().map(Gathered::finish).collect() }
}

/// One round and where it belongs.
struct Place<'a> {
    input: &'a Loaded,
    condition: usize,
    /// Nodes in the run's network, as far as its id or its ids say.
    nodes_of_run: u32,
    round: Round<'a>,
}

fn places<'a>(inputs: &'a [Loaded], rounds: &'a [Rounds<'a>]) -> Vec<Place<'a>> {
    let conditions = conditions(inputs);
    let mut places = Vec::new();
    for (input, rounds) in inputs.iter().zip(rounds) {
        let condition = conditions[input.condition.as_str()];
        let nodes_by_run = coverage::nodes_by_run(rounds);
        places.extend(rounds.iter().map(|round| {
            let nodes_of_run = nodes_by_run[round.run as usize];
            Place { input, condition, nodes_of_run, round }
        }));
    }
    places
}

/// Conditions by name, numbered in the order in which they were given.
fn conditions(inputs: &[Loaded]) -> BTreeMap<&str, usize> {
    let mut numbers = BTreeMap::new();
    for input in inputs {
        let next = numbers.len();
        numbers.entry(input.condition.as_str()).or_insert(next);
    }
    numbers
}

struct Measured<'a> {
    input: &'a Loaded,
    condition: usize,
    nodes: u32,
    known: Known<'a>,
    metrics: RoundMetrics,
    deliveries: Deliveries,
    /// Copies by who sent them, in a scored round.
    sent: Vec<(&'a str, u64)>,
    ways: BTreeMap<(String, String), RoundWay>,
    /// Latencies between machines, in a scored round.
    between: BetweenHosts,
}

impl<'a> Place<'a> {
    fn measure(&self, scratch: &mut Scratch, options: &Options) -> Measured<'a> {
        let nodes = coverage::nodes(&self.round, self.nodes_of_run);
        let spread = scratch.spread(&self.round);
        let facts = self.input.runs.get(self.round.run_id());
        let hops = hops::hops(&spread);
        let latencies = latency::latencies(&spread);
        let sent = load::sent(self.round.events, &spread);
        let whereabouts = Whereabouts::of(facts);
        let ways = clock::ways(&spread, &whereabouts);
        let metrics = RoundMetrics {
            scored: self.round.round >= options.warm_up,
            hops_max: hops.max(),
            hops_mean: hops.mean(),
            hops_derived: hops.derived,
            latency_median_ns: latency::median_ns(&latencies),
            load: load::load(&sent, nodes),
            resources: resources::resources(facts, self.round.round),
            ..timing(&self.round, &spread, nodes, &whereabouts)
        };
        let (deliveries, sent, between) = match metrics.scored {
            true => {
                let deliveries = Deliveries { hop: hops.each, latency_ns: latencies };
                (deliveries, sent, hosts::latencies(&spread, &whereabouts))
            }
            false => (Deliveries::default(), Vec::new(), BTreeMap::new()),
        };
        Measured {
            input: self.input,
            condition: self.condition,
            nodes,
            known: self.known(),
            metrics,
            deliveries,
            sent,
            ways,
            between,
        }
    }

    fn known(&self) -> Known<'a> {
        let (events, row) = (self.round.events, self.round.rows.first());
        let protocol = row.map_or("", |row| events.names.protocols.text(events.protocol[*row as usize]));
        Known { facts: self.input.runs.get(self.round.run_id()), protocol }
    }
}

/// The rounds that manifests have and no input has a record of, each once.
fn silent_rounds<'a>(inputs: &'a [Loaded], places: &[Place<'a>], options: &Options) -> Vec<Measured<'a>> {
    let conditions = conditions(inputs);
    let runs: BTreeSet<(usize, &str)> = inputs
        .iter()
        .flat_map(|input| input.runs.keys().map(|run_id| (conditions[input.condition.as_str()], run_id.as_str())))
        .collect();
    let with_files = places.iter().filter(|place| runs.contains(&(place.condition, place.round.run_id())));
    let mut seen: BTreeSet<(usize, &str, u32)> =
        with_files.map(|place| (place.condition, place.round.run_id(), place.round.round)).collect();
    let mut silent = Vec::new();
    for input in inputs {
        let condition = conditions[input.condition.as_str()];
        for (run_id, facts) in &input.runs {
            let manifest = &facts.manifest;
            let unheard = manifest.rounds.iter().filter(|round| seen.insert((condition, run_id, round.round)));
            silent.extend(unheard.map(|round| Measured {
                input,
                condition,
                nodes: manifest.options.nodes,
                known: Known { facts: Some(facts), protocol: "" },
                metrics: silent::metrics(manifest, round, options.warm_up),
                deliveries: Deliveries::default(),
                sent: Vec::new(),
                ways: BTreeMap::new(),
                between: BTreeMap::new(),
            }));
        }
    }
    silent
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

impl Measured<'_> {
    fn group(&self) -> (usize, u32) {
        (self.condition, self.nodes)
    }

    fn key(&self) -> impl Ord + '_ {
        (self.group(), &self.metrics.run_id, self.metrics.round)
    }
}

/// A group while its rounds come in.
struct Gathered<'a> {
    key: (usize, u32),
    runs: Vec<Known<'a>>,
    group: Group,
}

impl<'a> Gathered<'a> {
    fn begin(round: Measured<'a>) -> Self {
        let group = Group { condition: round.input.condition.clone(), nodes: round.nodes, ..Group::default() };
        let mut gathered = Self { key: round.group(), runs: Vec::new(), group };
        gathered.push(round);
        gathered
    }

    fn push(&mut self, round: Measured<'a>) {
        let previous = self.group.rounds.last();
        if previous.is_none_or(|previous| previous.run_id != round.metrics.run_id) {
            self.runs.push(round.known);
            self.group.loads.push(RunLoad::default());
            self.group.clocks.push(RunClocks { run_id: round.metrics.run_id.clone(), ..RunClocks::default() });
        }
        self.group.deliveries.hop.extend(&round.deliveries.hop);
        self.group.deliveries.latency_ns.extend(&round.deliveries.latency_ns);
        for (ends, latencies) in round.between {
            self.group.between_hosts.entry(ends).or_default().extend(latencies);
        }
        let load = self.group.loads.last_mut().expect("a first round has begun its run");
        load.add(&round.sent);
        let clocks = self.group.clocks.last_mut().expect("a first round has begun its run");
        clocks.add(round.ways);
        self.group.rounds.push(round.metrics);
    }

    fn finish(self) -> Group {
        let expected_hops = theory::expected_hops(&self.runs, &self.group.rounds);
        Group { expected_duplicates: expected::duplicates(self.runs), expected_hops, ..self.group }
    }
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
