//! From events to measurements: every round on its own, in parallel, input by input; then rounds into groups, in a fixed
//! order.

use std::collections::{BTreeMap, BTreeSet};

use cnsim_records::columns::EventNames;
use cnsim_records::events::Events;

use super::batch::{Circumstances, MeasuredRound};
use super::expected::{self, Known};
use super::{Analysis, BetweenHosts, Deliveries, Group, RoundMetrics, RunClocks, RunLoad};
use super::{coverage, silent, theory};
use crate::inputs::{About, Loaded};
use crate::rounds::Rounds;

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
        let rounds = Rounds::of(&input.events);
        let circumstances = measuring.circumstances(&input.about, &input.events);
        let measured = rounds.map_batches(|batch| circumstances.measure(batch)).into_iter().flatten().collect();
        measuring.add(&input.about, rounds.names(), measured);
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

impl Measuring {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, conditions: BTreeMap::new(), inputs: 0, rounds: Vec::new(), runs: BTreeMap::new() }
    }

    /// What the rounds of an input are measured with.
    pub(crate) fn circumstances<'a>(&self, about: &'a About, events: &Events) -> Circumstances<'a> {
        Circumstances::new(
            about,
            coverage::nodes_by_run(events).expect("events have runs, rounds and nodes"),
            self.options.warm_up,
        )
    }

    /// Adds the rounds of one input more, in their order.
    pub(crate) fn add(&mut self, about: &About, names: &EventNames, rounds: Vec<MeasuredRound>) {
        let condition = self.condition(&about.condition);
        for round in rounds {
            self.put((condition, round.nodes), names, round);
        }
        self.inputs += 1;
    }

    fn condition(&mut self, name: &str) -> usize {
        let next = self.conditions.len();
        *self.conditions.entry(name.to_owned()).or_insert(next)
    }

    fn put(&mut self, place: Place, names: &EventNames, round: MeasuredRound) {
        let MeasuredRound { protocol, metrics, deliveries, between, sent, ways, .. } = round;
        let run = self.runs.entry((place, metrics.run_id.clone())).or_insert_with(|| RunSoFar {
            input: self.inputs,
            protocol: names.protocols.text(protocol).to_owned(),
            clocks: RunClocks { run_id: metrics.run_id.clone(), ..RunClocks::default() },
            ..RunSoFar::default()
        });
        run.load.add(sent.into_iter().map(|(node, sent)| (names.nodes.text(node), sent)));
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
