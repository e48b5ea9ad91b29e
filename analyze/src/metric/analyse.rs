//! From events to measurements: every round on its own, in parallel; then rounds into groups, in a fixed order.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::expected::{self, Known};
use super::spread::{Scratch, Spread};
use super::{Analysis, Deliveries, Group, RoundMetrics};
use super::{convergence, coverage, duplicates, hops, latency, path, setup};
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
    let conditions = conditions(inputs);
    let places: Vec<Place<'_>> = inputs
        .iter()
        .zip(&rounds)
        .flat_map(|(input, rounds)| {
            let nodes_by_run = coverage::nodes_by_run(rounds);
            let condition = conditions[input.condition.as_str()];
            let place = move |round| Place { input, condition, nodes: coverage::nodes(&round, &nodes_by_run), round };
            rounds.iter().map(place).collect::<Vec<_>>()
        })
        .collect();
    let mut measured: Vec<Measured<'_>> =
        places.into_par_iter().map_init(Scratch::default, |scratch, place| place.measure(scratch, options)).collect();
    measured.sort_by(|a, b| a.key().cmp(&b.key()));
    let groups = measured.chunk_by(|a, b| a.place.group() == b.place.group());
    Analysis { groups: groups.map(group).collect() }
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

/// One round and where it belongs.
struct Place<'a> {
    input: &'a Loaded,
    condition: usize,
    nodes: u32,
    round: Round<'a>,
}

struct Measured<'a> {
    place: Place<'a>,
    metrics: RoundMetrics,
    deliveries: Deliveries,
}

impl<'a> Place<'a> {
    fn group(&self) -> (usize, u32) {
        (self.condition, self.nodes)
    }

    fn measure(self, scratch: &mut Scratch, options: &Options) -> Measured<'a> {
        let spread = scratch.spread(&self.round);
        let hops = hops::hops(&spread);
        let latencies = latency::latencies(&spread);
        let metrics = RoundMetrics {
            scored: self.round.round >= options.warm_up,
            hops_max: hops.max(),
            hops_mean: hops.mean(),
            hops_derived: hops.derived,
            latency_median_ns: latency::median_ns(&latencies),
            ..timing(&self.round, &spread, self.nodes)
        };
        let deliveries = match metrics.scored {
            true => Deliveries { hop: hops.each, latency_ns: latencies },
            false => Deliveries::default(),
        };
        Measured { place: self, metrics, deliveries }
    }
}

/// A round's measurements but for hops and latencies.
fn timing(round: &Round<'_>, spread: &Spread<'_>, nodes: u32) -> RoundMetrics {
    let expected = nodes.saturating_sub(1);
    let delivered = spread.firsts.len() as u32;
    let initiate_ns = spread.initiate.map(|initiate| initiate.at_ns);
    let copies = duplicates::copies(spread);
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
        path: path::time_spent(spread),
        reached_ns: spread.firsts.iter().map(|first| first.received_ns).collect(),
    }
}

impl Measured<'_> {
    fn key(&self) -> impl Ord + '_ {
        (self.place.group(), &self.metrics.run_id, self.metrics.round)
    }
}

fn group(measured: &[Measured<'_>]) -> Group {
    let first = &measured[0].place;
    let runs = measured.chunk_by(|a, b| a.metrics.run_id == b.metrics.run_id).map(|rounds| known(&rounds[0].place));
    let expected_duplicates = expected::duplicates(runs);
    let mut deliveries = Deliveries::default();
    for round in measured {
        deliveries.hop.extend(&round.deliveries.hop);
        deliveries.latency_ns.extend(&round.deliveries.latency_ns);
    }
    Group {
        condition: first.input.condition.clone(),
        nodes: first.nodes,
        rounds: measured.iter().map(|round| round.metrics.clone()).collect(),
        deliveries,
        expected_duplicates,
    }
}

fn known<'a>(place: &Place<'a>) -> Known<'a> {
    let events = place.round.events;
    let protocol = place.round.rows.first().map_or("", |row| events.names.protocols.text(events.protocol[*row as usize]));
    Known { facts: place.input.runs.get(place.round.run_id()), protocol }
}
