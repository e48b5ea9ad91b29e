//! Some rounds, measured together: what is a fold over rows by Polars, what walks a tree or compares clocks row by row.

use std::collections::BTreeMap;

use polars::prelude::{
    Column, DataFrame, DataType, Int64Chunked, IntoLazy, PolarsResult, UInt32Chunked, UInt64Chunked, col, lit,
};

use super::clock::{self, Hosts, RoundWay};
use super::duplicates::{self, ARRIVED, Copies, DUPLICATES, FAILED, SENDS, UNDELIVERED};
use super::frames::{self, EXPECTED, FirstReceipts, PLACE};
use super::hops::{self, HOPS_KNOWN, HOPS_MAX, HOPS_SUM, Hops};
use super::spread::{Scratch, Spread};
use super::whereabouts::Whereabouts;
use super::{BetweenHosts, Convergence, Deliveries, Origin, PERCENTS, RoundMetrics};
use super::{convergence, coverage, critical, hosts, latency, load, path, resources, setup, shape};
use crate::inputs::About;
use crate::rounds::{Batch, Round};

/// What the rounds of an input are measured with beside their records.
pub(crate) struct Circumstances<'a> {
    about: &'a About,
    /// By run number: nodes in the run's network, as far as its id or its ids say.
    nodes_by_run: Vec<u32>,
    warm_up: u32,
}

/// What one round gives.
#[derive(Debug)]
pub(crate) struct MeasuredRound {
    pub(super) nodes: u32,
    /// Number of the protocol as the round's first record names it.
    pub(super) protocol: u32,
    pub(crate) metrics: RoundMetrics,
    pub(super) deliveries: Deliveries,
    /// Latencies between machines, in a scored round.
    pub(super) between: BetweenHosts,
    /// Copies by the number of who sent them, in a scored round.
    pub(super) sent: Vec<(u32, u64)>,
    pub(super) ways: BTreeMap<(String, String), RoundWay>,
}

/// A round whose rows were walked through; its folds are missing yet.
struct Walked {
    measured: MeasuredRound,
    /// The machines that numbers in the frame of first receipts stand for.
    hosts: Vec<String>,
}

impl<'a> Circumstances<'a> {
    pub(super) fn new(about: &'a About, nodes_by_run: Vec<u32>, warm_up: u32) -> Self {
        Self { about, nodes_by_run, warm_up }
    }

    /// Measures some rounds, in their order.
    pub(crate) fn measure(&self, batch: &Batch) -> Vec<MeasuredRound> {
        let (mut scratch, mut firsts) = (Scratch::default(), FirstReceipts::default());
        let walk = |(place, round): (u32, Round<'_>)| self.walk(place, &round, &mut scratch, &mut firsts);
        let walked: Vec<Walked> = (0..).zip(batch.iter()).map(walk).collect();
        fold(batch, walked, firsts).expect("the frames have the columns that the metrics fold over")
    }

    /// Measures what is no fold, and adds the round's first receipts to the frame of all.
    fn walk(&self, place: u32, round: &Round<'_>, scratch: &mut Scratch, firsts: &mut FirstReceipts) -> Walked {
        let nodes = coverage::nodes(round, self.nodes_by_run[round.run as usize]);
        let spread = scratch.spread(round);
        let facts = self.about.runs.get(round.run_id());
        let whereabouts = Whereabouts::of(facts);
        let hops = hops::hops(&spread);
        let is_scored = round.round >= self.warm_up;
        let is_apart = is_scored && !clock::is_on_one_machine(&spread);
        let mut hosts = Hosts::new(&spread, &whereabouts);
        let ends = |position: usize| {
            let row = spread.row(position);
            let [from, to] = [spread.events.sender[row], spread.events.receiver[row]].map(|node| hosts.number(node));
            (from, to)
        };
        let ends: Vec<_> = if is_apart { (0..spread.firsts.len()).map(ends).collect() } else { Vec::new() };
        let expected = nodes.saturating_sub(1);
        firsts.add(place, expected, &spread, &hops.each, |position| ends.get(position).copied().unwrap_or_default());
        let hosts = hosts.into_names();
        let deliveries = match is_scored {
            true => Deliveries { hop: hops.each.clone(), latency_ns: latency::each(&spread) },
            false => Deliveries::default(),
        };
        let metrics = RoundMetrics {
            scored: is_scored,
            resources: resources::resources(facts, round.round),
            ..walked(round, &spread, nodes, &hops, &whereabouts)
        };
        let ways = clock::ways(&spread, &whereabouts);
        let protocol = round.rows.clone().next().map_or(0, |row| round.events.protocol[row]);
        let (between, sent) = (BTreeMap::new(), Vec::new());
        let measured = MeasuredRound { nodes, protocol, metrics, deliveries, between, sent, ways };
        Walked { measured, hosts }
    }
}

/// A round's measurements but for those that are folds.
fn walked(
    round: &Round<'_>,
    spread: &Spread<'_>,
    nodes: u32,
    hops: &Hops,
    whereabouts: &Whereabouts<'_>,
) -> RoundMetrics {
    let steps = path::critical(spread);
    RoundMetrics {
        run_id: round.run_id().to_owned(),
        round: round.round,
        scored: false,
        initiator: spread.initiate.map(|initiate| round.events.names.nodes.text(initiate.node).to_owned()),
        initiate_ns: spread.initiate.map(|initiate| initiate.at_ns),
        expected: nodes.saturating_sub(1),
        delivered: 0,
        setup_ns: setup::setup_ns(spread),
        from_initiate: [None; PERCENTS.len()],
        from_first_send: [None; PERCENTS.len()],
        duplicates: 0,
        failed: 0,
        sends: 0,
        rmr: None,
        hops_max: None,
        hops_mean: None,
        hops_derived: hops.derived,
        latency_median_ns: None,
        path: steps.as_ref().and_then(|steps| path::time_spent(spread, steps)),
        shape: shape::shape(spread),
        critical: steps.map_or_else(Vec::new, |steps| critical::hops(spread, &steps, whereabouts)),
        load: load::load(&[], nodes),
        resources: None,
        reached_ns: spread.firsts.iter().map(|first| first.received_ns).collect(),
    }
}

/// Adds the folds to rounds that were walked through.
fn fold(batch: &Batch, walked: Vec<Walked>, firsts: FirstReceipts) -> PolarsResult<Vec<MeasuredRound>> {
    let count = walked.len();
    let firsts = firsts.into_frame()?;
    let copies = Copies::of(&frames::copies(batch)?)?;
    let expected = walked.iter().map(|walked| walked.measured.metrics.expected).collect();
    let rounds = by_round(expected, &firsts, &copies)?;
    let folds = Folds::of(&rounds)?;
    let sent = load::by_round(&load::sent_by_node(copies.sent()?)?, count)?;
    let between = hosts::latencies(&firsts, count)?;
    let names = &batch.columns.names.nodes;
    let rounds = walked.into_iter().zip(sent).zip(between).enumerate();
    Ok(rounds
        .map(|(place, ((Walked { mut measured, hosts }, sent), between))| {
            let named: Vec<(&str, u64)> = sent.iter().map(|(node, sent)| (names.text(*node), *sent)).collect();
            folds.put(place, &mut measured.metrics);
            measured.metrics.load = load::load(&named, measured.nodes);
            let name = |number: u32| hosts[number as usize].clone();
            measured.between =
                between.into_iter().map(|((from, to), latencies)| ((name(from), name(to)), latencies)).collect();
            if measured.metrics.scored {
                measured.sent = sent;
            }
            measured
        })
        .collect())
}

/// The folds of rounds: a row each, in order, with [`EXPECTED`] and what each metric's expressions come to.
fn by_round(expected: Vec<u32>, firsts: &DataFrame, copies: &Copies) -> PolarsResult<DataFrame> {
    let places: Vec<u32> = (0..expected.len() as u32).collect();
    let rounds = vec![Column::new(PLACE.into(), places), Column::new(EXPECTED.into(), expected)];
    let mut rounds = DataFrame::new_infer_height(rounds)?.lazy();
    let folds: Vec<_> = [coverage::delivered(), latency::sorted()]
        .into_iter()
        .chain(hops::extent())
        .chain(Origin::ALL.into_iter().flat_map(convergence::times))
        .collect();
    let of_firsts = firsts.clone().lazy().group_by([col(PLACE)]).agg(folds);
    rounds = rounds.left_join(of_firsts, col(PLACE), col(PLACE));
    for counts in copies.counts() {
        rounds = rounds.left_join(counts, col(PLACE), col(PLACE));
    }
    let or_none = |name: &str, dtype: DataType| col(name).fill_null(lit(0).cast(dtype));
    let counted = [ARRIVED, FAILED, UNDELIVERED, HOPS_KNOWN].map(|name| or_none(name, DataType::UInt64));
    rounds
        .with_columns(counted)
        .with_columns([or_none(coverage::DELIVERED, DataType::UInt32), or_none(HOPS_SUM, DataType::Int64)])
        .with_columns(duplicates::totals())
        .sort([PLACE], Default::default())
        .collect()
}

/// The columns of the folds.
struct Folds {
    delivered: UInt32Chunked,
    times: [Vec<Int64Chunked>; 2],
    counts: [UInt64Chunked; 4],
    hops_max: polars::prelude::Int32Chunked,
    hops_sum: Int64Chunked,
    latency_median_ns: Vec<Option<f64>>,
}

impl Folds {
    fn of(rounds: &DataFrame) -> PolarsResult<Self> {
        let count = |name: &str| Ok::<_, polars::prelude::PolarsError>(rounds.column(name)?.u64()?.clone());
        let times = |origin: Origin| -> PolarsResult<Vec<Int64Chunked>> {
            let column = |percent| Ok(rounds.column(&convergence::time(origin, percent))?.i64()?.clone());
            PERCENTS.into_iter().map(column).collect()
        };
        Ok(Self {
            delivered: rounds.column(coverage::DELIVERED)?.u32()?.clone(),
            times: [times(Origin::Initiate)?, times(Origin::FirstSend)?],
            counts: [count(DUPLICATES)?, count(FAILED)?, count(SENDS)?, count(HOPS_KNOWN)?],
            hops_max: rounds.column(HOPS_MAX)?.i32()?.clone(),
            hops_sum: rounds.column(HOPS_SUM)?.i64()?.clone(),
            latency_median_ns: latency::medians_ns(rounds)?,
        })
    }

    /// Puts those of one round into its measurements.
    fn put(&self, place: usize, metrics: &mut RoundMetrics) {
        let convergence = |origin: usize| -> Convergence {
            let mut times = [None; PERCENTS.len()];
            times.iter_mut().zip(&self.times[origin]).for_each(|(time, column)| *time = column.get(place));
            times
        };
        let [duplicates, failed, sends, hops_known] = self.counts.each_ref().map(|count| count.get(place).unwrap_or(0));
        metrics.delivered = self.delivered.get(place).unwrap_or(0);
        metrics.from_initiate = convergence(0);
        metrics.from_first_send = convergence(1);
        metrics.duplicates = duplicates;
        metrics.failed = failed;
        metrics.sends = sends;
        metrics.rmr = duplicates::redundancy(sends, metrics.delivered);
        metrics.hops_max = self.hops_max.get(place).and_then(|hop| u32::try_from(hop).ok());
        metrics.hops_mean = hops::mean(self.hops_sum.get(place).unwrap_or(0), hops_known);
        metrics.latency_median_ns = self.latency_median_ns[place];
    }
}
