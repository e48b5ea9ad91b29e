//! From events to measurements: every round on its own, in parallel, input by input; then rounds into groups, in a fixed
//! order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cnsim::event::SIMULATED;
use cnsim::time::Clock;
use cnsim_records::columns::EventNames;
use cnsim_records::events::Events;
use rayon::prelude::*;

use super::batch::{Circumstances, MeasuredBatch, MeasuredRound, SentInRun};
use super::bottleneck::Bottlenecks;
use super::by_hop::Deliveries;
use super::clock::{Ends, RunClocks, RunWays};
use super::expected::{self, Known};
use super::hosts::BetweenHosts;
use super::numbered::Numbered;
use super::{Analysis, Group, RoundMetrics, RunLoad};
use super::{clock_error, coverage, settings, silent, theory};
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
        let rounds = Rounds::of_input(&input.about, &input.events);
        let circumstances = measuring.circumstances(&input.about, &input.events);
        let measured = rounds.map_batches(|batch| circumstances.measure(batch));
        measuring.add(&circumstances, rounds.names(), measured);
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
    /// Nodes and machines of all inputs.
    nodes: Numbered,
    machines: Numbered,
    rounds: Vec<Measured>,
    groups: BTreeMap<Place, GroupSoFar>,
    runs: BTreeMap<(Place, String), RunSoFar>,
}

/// A condition's number, and nodes.
type Place = (usize, u32);

/// What is known of a run when all its rounds are there: where it belongs, its files, whether it was simulated, its load and clocks.
type OfRun<'a> = (Place, Known<'a>, bool, RunLoad, RunClocks);

/// A round, measured.
struct Measured {
    place: Place,
    metrics: RoundMetrics,
}

/// What is gathered over the scored rounds of a group.
#[derive(Default)]
struct GroupSoFar {
    deliveries: Deliveries,
    /// Latencies by the numbers of machines.
    between: BTreeMap<Ends, Vec<i64>>,
    bottlenecks: Bottlenecks,
}

/// What is summed over the rounds of a run.
#[derive(Default)]
struct RunSoFar {
    /// Number of the input that had its first round.
    input: usize,
    /// As its first record names it.
    protocol: String,
    /// Copies by the number of the node that sent them.
    sent: BTreeMap<u32, u64>,
    ways: RunWays,
    /// Whether its records name no machine but the simulator.
    names_simulator: bool,
}

impl Measuring {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            conditions: BTreeMap::new(),
            inputs: 0,
            nodes: Numbered::default(),
            machines: Numbered::default(),
            rounds: Vec::new(),
            groups: BTreeMap::new(),
            runs: BTreeMap::new(),
        }
    }

    /// What the rounds of an input are measured with.
    pub(crate) fn circumstances<'a>(&self, about: &'a About, events: &Events) -> Circumstances<'a> {
        Circumstances::new(
            about,
            events.names(),
            coverage::nodes_by_run(events).expect("events have runs, rounds and nodes"),
            self.options.warm_up,
        )
    }

    /// Adds the rounds of one input more, in their order.
    pub(crate) fn add(&mut self, measured_with: &Circumstances<'_>, names: &EventNames, batches: Vec<MeasuredBatch>) {
        let condition = self.condition(&measured_with.about().condition);
        let nodes: Vec<u32> = names.nodes.iter().map(|node| self.nodes.number(node)).collect();
        let machines: Vec<u32> = measured_with.machines().names().map(|name| self.machines.number(name)).collect();
        let renumbered = |(from, to): Ends| (machines[from as usize], machines[to as usize]);
        for MeasuredBatch { rounds, deliveries, between, sent, bottlenecks } in batches {
            for round in rounds {
                self.put((condition, round.nodes), names, round, renumbered);
            }
            for (of_nodes, deliveries) in deliveries {
                self.groups.entry((condition, of_nodes)).or_default().deliveries.append(deliveries);
            }
            for (of_nodes, bottlenecks) in bottlenecks {
                self.groups.entry((condition, of_nodes)).or_default().bottlenecks.append(bottlenecks);
            }
            for (of_nodes, ends, mut latencies) in between {
                let between = &mut self.groups.entry((condition, of_nodes)).or_default().between;
                between.entry(renumbered(ends)).or_default().append(&mut latencies);
            }
            for SentInRun { nodes: of_nodes, run, by_node } in sent {
                let run = ((condition, of_nodes), names.runs.text(run).to_owned());
                let run = self.runs.get_mut(&run).expect("a run with copies has a round");
                by_node.into_iter().for_each(|(node, sent)| *run.sent.entry(nodes[node as usize]).or_default() += sent);
            }
        }
        self.inputs += 1;
    }

    fn condition(&mut self, name: &str) -> usize {
        let next = self.conditions.len();
        *self.conditions.entry(name.to_owned()).or_insert(next)
    }

    fn put(&mut self, place: Place, names: &EventNames, round: MeasuredRound, renumbered: impl Fn(Ends) -> Ends) {
        let MeasuredRound { protocol, metrics, ways, .. } = round;
        let run = self.runs.entry((place, metrics.run_id.clone())).or_insert_with(|| RunSoFar {
            input: self.inputs,
            protocol: names.protocols.text(protocol).to_owned(),
            names_simulator: names.hosts.iter().eq([SIMULATED]),
            ..RunSoFar::default()
        });
        run.ways.add(ways.into_iter().map(|(ends, way)| (renumbered(ends), way)));
        self.rounds.push(Measured { place, metrics });
    }

    /// The measurements of all inputs, which are given again in the order in which they were added.
    pub(crate) fn finish(mut self, inputs: &[&About]) -> Analysis {
        self.add_silent_rounds(inputs);
        let Self { conditions, mut rounds, groups: so_far, runs, machines, .. } = self;
        rounds.sort_by(|a, b| a.key().cmp(&b.key()));
        let mut names: Vec<&String> = conditions.keys().collect();
        names.sort_by_key(|name| conditions[*name]);
        let mut groups: BTreeMap<Place, Group> = BTreeMap::new();
        for Measured { place, metrics } in rounds {
            let new = || Group { condition: names[place.0].clone(), nodes: place.1, ..Group::default() };
            groups.entry(place).or_insert_with(new).rounds.push(metrics);
        }
        let machines = machines.into_texts();
        let compare = |((place, run_id), run): ((Place, String), RunSoFar)| {
            let RunSoFar { input, protocol, sent, ways, names_simulator } = run;
            let known = Known { facts: inputs[input].runs.get(&run_id), protocol };
            let clock = known.facts.map(|facts| facts.manifest.clock);
            let is_simulated = clock.map_or(names_simulator, |clock| clock == Clock::Virtual);
            (
                place,
                known,
                is_simulated,
                RunLoad { sent: sent.into_values().collect() },
                ways.compare(run_id, &machines),
            )
        };
        let sort = |(place, so_far): (Place, GroupSoFar)| {
            (place, so_far.deliveries.by_hop(), named(so_far.between, &machines), so_far.bottlenecks)
        };
        let (sorted, compared): (Vec<_>, Vec<OfRun<'_>>) =
            rayon::join(|| so_far.into_par_iter().map(sort).collect(), || runs.into_par_iter().map(compare).collect());
        for (place, deliveries, between_hosts, bottlenecks) in sorted {
            let group = groups.get_mut(&place).expect("deliveries have a round in their group");
            (group.deliveries, group.between_hosts, group.bottlenecks) = (deliveries, between_hosts, bottlenecks);
        }
        let mut known: BTreeMap<Place, Vec<Known<'_>>> = BTreeMap::new();
        for (place, of_run, is_simulated, load, clocks) in compared {
            known.entry(place).or_default().push(of_run);
            let group = groups.get_mut(&place).expect("a run has a round in its group");
            group.simulated.extend(is_simulated.then(|| clocks.run_id.clone()));
            group.loads.push(load);
            group.clocks.push(clocks);
        }
        for (place, group) in &mut groups {
            group.expected_hops = theory::expected_hops(&known[place], &group.rounds);
            group.expected_duplicates = expected::duplicates(&known[place]);
            let manifests = known[place].iter().filter_map(|known| Some(&known.facts?.manifest));
            group.settings = settings::beside_nodes(manifests);
            let clocks: BTreeMap<&str, &RunClocks> =
                group.clocks.iter().map(|clocks| (clocks.run_id.as_str(), clocks)).collect();
            for round in &mut group.rounds {
                let ends = clocks.get(round.run_id.as_str()).and_then(|clocks| clock_error::end_clocks(round, clocks));
                round.clock_open_ns = ends.map(|ends| ends.open_ns);
            }
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
                    let of_run = self.runs.entry((place, run_id.clone()));
                    of_run.or_insert_with(|| RunSoFar { input: number, ..RunSoFar::default() });
                    let metrics = silent::metrics(facts, round, self.options.warm_up);
                    self.rounds.push(Measured { place, metrics });
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

/// Latencies by the names of machines.
fn named(between: BTreeMap<Ends, Vec<i64>>, machines: &[Arc<str>]) -> BetweenHosts {
    let name = |number: u32| machines[number as usize].to_string();
    between.into_iter().map(|((from, to), latencies)| ((name(from), name(to)), latencies)).collect()
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
