//! What the checks have to know of records, taken down while these are in memory: a few numbers for each round, and who
//! took part in each run.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use rayon::prelude::*;

use super::{deliveries, invariants, runs, sequence, timing};
use crate::inputs::About;
use crate::measure::RoundMetrics;
use crate::measure::traffic::{self, Busiest};
use crate::rounds::{Round, Rounds};
use cnsim_records::frame::{Dictionary, Events};

/// The evidence of every input, in their order.
#[derive(Debug, Default)]
pub struct Evidence {
    pub(super) inputs: Vec<OfInput>,
}

/// The evidence of one input.
#[derive(Debug)]
pub(super) struct OfInput {
    pub(super) names: Names,
    /// In the order of runs and rounds.
    pub(super) rounds: Vec<OfRound>,
    pub(super) runs: BTreeMap<String, OfRun>,
    /// Records whose timestamp went through a float64, and the latest such time in nanoseconds.
    pub(super) blurred: (u64, i64),
}

/// The texts behind the numbers of an input's evidence.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) nodes: Dictionary,
    pub(super) processes: Dictionary,
    pub(super) hosts: Dictionary,
}

/// The evidence of one round.
#[derive(Debug)]
pub(super) struct OfRound {
    pub(super) run_id: String,
    pub(super) round: u32,
    /// Whether a record says who began it.
    pub(super) is_begun: bool,
    /// The host that all of its records name, by number.
    pub(super) host: Option<u32>,
    /// A number that rounds share only if their records agree in kind and times.
    pub(super) fingerprint: u64,
    /// The sequence numbers that are there, by process.
    pub(super) stretches: Vec<(u32, sequence::Stretch)>,
    pub(super) broken: Vec<invariants::Broken>,
    pub(super) early: Option<timing::Early>,
    pub(super) impossible: Option<timing::Impossible>,
    /// Who was heard of, where deliveries are missing.
    pub(super) heard: Option<deliveries::Heard>,
    /// The busiest node, in a scored round of a run whose traffic was to be limited.
    pub(super) busiest: Option<Busiest>,
}

/// The evidence of one run.
#[derive(Debug, Default)]
pub(super) struct OfRun {
    /// The protocol as its first record names it; may be empty.
    pub(super) protocol: String,
    /// Every node that a record names.
    pub(super) nodes: Vec<u32>,
    /// Hosts of the nodes whose own records name one.
    pub(super) hosts: Vec<(u32, u32)>,
}

impl Evidence {
    /// Takes down what there is of one input more. Metrics are those of its rounds, in their order.
    pub(crate) fn add<'m>(
        &mut self,
        about: &About,
        rounds: &Rounds<'_>,
        metrics: impl Iterator<Item = &'m RoundMetrics>,
    ) {
        let events = rounds.events();
        let pairs: Vec<(Round<'_>, &RoundMetrics)> = rounds.iter().zip(metrics).collect();
        let of_rounds = pairs.par_iter().map(|(round, metrics)| OfRound::of(about, round, metrics));
        let (of_rounds, runs) = rayon::join(|| of_rounds.collect(), || runs_of(rounds));
        let names = &events.names;
        let names =
            Names { nodes: names.nodes.clone(), processes: names.processes.clone(), hosts: names.hosts.clone() };
        self.inputs.push(OfInput { names, rounds: of_rounds, runs, blurred: blurred(events) });
    }
}

impl OfRound {
    fn of(about: &About, round: &Round<'_>, metrics: &RoundMetrics) -> Self {
        let manifest = about.runs.get(round.run_id()).map(|facts| &facts.manifest);
        let is_limited = manifest.is_some_and(|manifest| manifest.limits.bandwidth.is_some());
        let is_short = metrics.delivered < metrics.expected;
        Self {
            run_id: round.run_id().to_owned(),
            round: round.round,
            is_begun: round.rows.iter().any(|row| round.events.kind[*row as usize] == Kind::Initiate),
            host: runs::only_host(round),
            fingerprint: runs::fingerprint(round),
            stretches: sequence::stretches(round),
            broken: invariants::broken(round, metrics.initiator.as_deref()),
            early: timing::early(round),
            impossible: timing::impossible(
                round,
                metrics.initiate_ns,
                manifest.and_then(|manifest| timing::Driven::of(manifest, round.round)),
            ),
            heard: is_short.then(|| deliveries::Heard::of(round)),
            busiest: if is_limited && metrics.scored { traffic::busiest(round) } else { None },
        }
    }
}

/// Who took part in each run.
fn runs_of(rounds: &Rounds<'_>) -> BTreeMap<String, OfRun> {
    const NOWHERE: u32 = u32::MAX;
    let mut runs = BTreeMap::new();
    let mut each = rounds.iter().peekable();
    while let Some(first) = each.peek().copied() {
        let events = first.events;
        let mut seen = vec![false; events.names.nodes.texts().len()];
        let (mut hosts, unknown) = (vec![NOWHERE; seen.len()], events.names.hosts.number(""));
        while let Some(round) = each.next_if(|round| round.run == first.run) {
            for row in round.rows.iter().map(|row| *row as usize) {
                seen[events.sender[row] as usize] = true;
                seen[events.receiver[row] as usize] = true;
                let host = events.host[row];
                if Some(host) != unknown {
                    hosts[writer(events, row) as usize] = host;
                }
            }
        }
        let numbers = 0..seen.len() as u32;
        let of_run = OfRun {
            protocol: first.protocol().to_owned(),
            nodes: numbers.clone().filter(|node| seen[*node as usize]).collect(),
            hosts: numbers.map(|node| (node, hosts[node as usize])).filter(|(_, host)| *host != NOWHERE).collect(),
        };
        runs.insert(first.run_id().to_owned(), of_run);
    }
    runs
}

/// The node that logged a row, as a number in `names.nodes`.
pub(super) fn writer(events: &Events, row: usize) -> u32 {
    match events.kind[row] {
        Kind::Initiate | Kind::Received | Kind::Duplicate => events.receiver[row],
        Kind::Failed => events.sender[row],
    }
}

fn blurred(events: &Events) -> (u64, i64) {
    let rows = events.float_timestamp.iter().zip(&events.received_ns).filter(|(float, _)| **float);
    rows.fold((0, 0), |(count, latest), (_, ns)| (count + 1, latest.max(*ns)))
}
