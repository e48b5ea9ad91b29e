//! Some rounds, measured together: what is a fold over rows by Polars, what walks a tree or compares clocks row by row.

use std::collections::BTreeMap;

use cnsim::id::NodeIx;
use cnsim::manifest::{Manifest, Records};
use cnsim_records::columns::EventNames;
use polars::prelude::{
    Column, DataFrame, DataType, Int64Chunked, IntoLazy, PolarsResult, UInt32Chunked, UInt64Chunked, col, lit,
};

use super::bottleneck::{Bottlenecks, Numbers};
use super::by_hop::Deliveries;
use super::clock::{self, Ends, RoundWay};
use super::duplicates::{self, ARRIVED, Copies, DUPLICATES, FAILED, SENDS, UNDELIVERED};
use super::frames::{self, EXPECTED, FirstReceipts, PLACE};
use super::hops::{self, HOPS_KNOWN, HOPS_MAX, HOPS_SUM, Hops};
use super::hosts::BetweenNumbers;
use super::late::GivenUp;
use super::machines::Machines;
use super::network::Networks;
use super::scenario::{RoundScenario, Scenarios};
use super::scored::ScoredRounds;
use super::spread::{Scratch, Spread};
use super::under_faults::{self, UpNodes};
use super::{Convergence, Origin, PERCENTS, RoundMetrics};
use super::{
    control, convergence, coverage, critical, hosts, lasting, latency, load, path, reachable, resources, setup, shape,
    traffic, transmissions, weighted,
};
use crate::inputs::About;
use crate::rounds::{Batch, Round};

/// What the rounds of an input are measured with beside their records.
pub(crate) struct Circumstances<'a> {
    about: &'a About,
    /// By run number: nodes in the run's network, as far as its id or its ids say.
    nodes_by_run: Vec<u32>,
    machines: Machines<'a>,
    given_up: GivenUp,
    scored: ScoredRounds,
    scenarios: Scenarios<'a>,
    networks: Networks<'a>,
}

/// What some rounds give.
#[derive(Debug)]
pub(crate) struct MeasuredBatch {
    /// The rounds, in their order.
    pub(crate) rounds: Vec<MeasuredRound>,
    /// First deliveries of the scored ones, by the number of nodes in the network.
    pub(super) deliveries: BTreeMap<u32, Deliveries>,
    /// Latencies between machines, of the scored ones.
    pub(super) between: BetweenNumbers,
    /// What nodes sent in the scored ones, run by run.
    pub(super) sent: Vec<SentInRun>,
    /// What the ways to the last nodes of the scored ones lead over, by the number of nodes in the network.
    pub(super) bottlenecks: BTreeMap<u32, Bottlenecks>,
}

/// What one round gives.
#[derive(Debug)]
pub(crate) struct MeasuredRound {
    pub(super) nodes: u32,
    /// Number of the protocol as the round's first record names it.
    pub(super) protocol: u32,
    pub(crate) metrics: RoundMetrics,
    pub(super) ways: Vec<(Ends, RoundWay)>,
    /// Which of its records its run kept.
    kept: Records,
}

/// What nodes sent in some rounds of a run.
#[derive(Debug)]
pub(super) struct SentInRun {
    /// Nodes in the network.
    pub(super) nodes: u32,
    /// Number of the run.
    pub(super) run: u32,
    /// Copies by the number of the node that sent them.
    pub(super) by_node: BTreeMap<u32, u64>,
}

impl<'a> Circumstances<'a> {
    pub(super) fn new(about: &'a About, names: &EventNames, nodes_by_run: Vec<u32>, warm_up: u32) -> Self {
        let given_up = GivenUp::of(about, names);
        let scored = ScoredRounds::of(about, names, warm_up);
        let (scenarios, networks) = (Scenarios::of(about, names), Networks::of(about, names));
        Self { about, nodes_by_run, machines: Machines::of(about, names), given_up, scored, scenarios, networks }
    }

    /// What is known of the input beside its records.
    pub(super) fn about(&self) -> &'a About {
        self.about
    }

    /// The machines that numbers in measurements stand for.
    pub(super) fn machines(&self) -> &Machines<'a> {
        &self.machines
    }

    /// Measures some rounds.
    pub(crate) fn measure(&self, batch: &Batch) -> MeasuredBatch {
        let (mut scratch, mut firsts) = (Scratch::default(), FirstReceipts::default());
        let mut deliveries: BTreeMap<u32, Deliveries> = BTreeMap::new();
        let mut bottlenecks: BTreeMap<u32, Numbers<'_>> = BTreeMap::new();
        let (mut rounds, mut room) = (Vec::with_capacity(batch.len()), Vec::new());
        for (place, round) in (0..).zip(batch.iter()) {
            let (spread, nodes) = (scratch.spread(&round, &self.given_up), self.nodes(&round));
            let hops = hops::hops(&spread);
            let scenario = self.scenarios.round(&round);
            let (network, manifest) = (self.networks.of_round(&round), self.manifest(&round));
            let lasts_ns = lasting::lasts_ns(manifest, &round, spread.initiate.map(|initiate| initiate.at_ns));
            let found = scenario.and_then(|scenario| under_faults::measure(&scenario, &round, &spread, lasts_ns));
            let (faults, up) = found.unzip();
            let counted = match (&faults, scenario.zip(up.as_ref())) {
                (Some(faults), Some((scenario, up))) => Counted::Up(faults.expected_up, scenario, up),
                (Some(_) | None, _) => Counted::All(nodes.saturating_sub(1)),
            };
            self.add_firsts(&mut firsts, (place, nodes), &round, (&spread, &hops), &counted);
            if self.is_scored(&round) {
                let deliveries = deliveries.entry(nodes).or_default();
                deliveries.hop.extend(&hops.each);
                deliveries.latency_ns.extend(latency::each(&spread));
                bottlenecks.entry(nodes).or_default().add(&spread, &self.machines);
            }
            let measured = self.measure_round(&round, &spread, nodes, &hops);
            let metrics = RoundMetrics {
                transmissions: Some(transmissions::count(&round, &mut room)),
                lasts_ns,
                reachable: reachable::measure((network, scenario.as_ref()), &spread, lasts_ns),
                weighted: weighted::measure(network, &spread, |place| counted.has(place)),
                under_faults: faults,
                ..measured.metrics
            };
            rounds.push(MeasuredRound { metrics, ..measured });
        }
        let folds = fold(batch, &mut rounds, firsts);
        let (between, sent) = folds.expect("the frames have the columns that the metrics fold over");
        let names = |node: u32| batch.columns.names.nodes.text(node);
        let named = |(nodes, found): (u32, Numbers<'_>)| (nodes, found.named(names, &self.machines));
        MeasuredBatch { rounds, deliveries, between, sent, bottlenecks: bottlenecks.into_iter().map(named).collect() }
    }

    fn manifest(&self, round: &Round<'_>) -> Option<&'a Manifest> {
        self.about.runs.get(round.run_id()).map(|facts| &facts.manifest)
    }

    fn nodes(&self, round: &Round<'_>) -> u32 {
        coverage::nodes(round, self.nodes_by_run[round.run as usize])
    }

    fn is_scored(&self, round: &Round<'_>) -> bool {
        self.scored.contains(round.run, round.round, round.message)
    }

    /// Adds a round's first receipts to the frame of all. The machines at their ends count in scored rounds, where there is
    /// more than one.
    fn add_firsts(
        &self,
        firsts: &mut FirstReceipts,
        (place, nodes): (u32, u32),
        round: &Round<'_>,
        (spread, hops): (&Spread<'_>, &Hops),
        counted: &Counted<'_>,
    ) {
        let is_apart = self.is_scored(round) && !clock::is_on_one_machine(spread);
        let hosts = |position: usize| {
            let (row, number) = (spread.row(position), |node: u32| self.machines.number(spread, node));
            let ends = || (number(spread.events.sender[row]), number(spread.events.receiver[row]));
            if is_apart { ends() } else { (None, None) }
        };
        let counts = |node: u32| counted.contains(node);
        firsts.add((place, nodes), (spread, &hops.each), hosts, (counted.expected(), counts));
    }

    /// Measures what is no fold.
    fn measure_round(&self, round: &Round<'_>, spread: &Spread<'_>, nodes: u32, hops: &Hops) -> MeasuredRound {
        let facts = self.about.runs.get(round.run_id());
        let moved = traffic::moved(round);
        let metrics = RoundMetrics {
            scored: self.is_scored(round),
            resources: resources::resources(facts, round.round),
            control: control::of_round(facts, round.round, moved),
            moved: Some(moved).filter(|moved| moved.sent_bytes > 0),
            ..unfolded(round, spread, nodes, hops, &self.machines)
        };
        let protocol = round.rows.clone().next().map_or(0, |row| round.events.protocol[row]);
        let kept = self.manifest(round).map_or(Records::All, |manifest| manifest.options.records);
        MeasuredRound { nodes, protocol, metrics, ways: clock::ways(spread, &self.machines), kept }
    }
}

/// The nodes that a round's convergence is over.
enum Counted<'s> {
    /// All but the initiator: so many.
    All(u32),
    /// Those that were up all the time.
    Up(u32, RoundScenario<'s>, &'s UpNodes),
}

impl Counted<'_> {
    fn expected(&self) -> u32 {
        match self {
            Self::All(expected) | Self::Up(expected, ..) => *expected,
        }
    }

    fn contains(&self, node: u32) -> bool {
        match self {
            Self::All(_) => true,
            Self::Up(_, scenario, up) => up.contains(scenario, node),
        }
    }

    /// The same by a node's place in the topology.
    fn has(&self, place: NodeIx) -> bool {
        match self {
            Self::All(_) => true,
            Self::Up(_, _, up) => up.has(place),
        }
    }
}

/// A round's measurements but for those that are folds.
fn unfolded(round: &Round<'_>, spread: &Spread<'_>, nodes: u32, hops: &Hops, machines: &Machines<'_>) -> RoundMetrics {
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
        duplicates: None,
        failed: 0,
        sends: None,
        transmissions: None,
        moved: None,
        rmr: None,
        hops_max: None,
        hops_mean: None,
        hops_derived: hops.derived,
        latency_median_ns: None,
        path: steps.as_ref().and_then(|steps| path::time_spent(spread, steps)),
        shape: shape::shape(spread),
        critical: steps.map_or_else(Vec::new, |steps| critical::hops(spread, &steps, machines)),
        load: load::load(&[], |_| "", nodes),
        resources: None,
        control: None,
        clock_open_ns: None,
        lasts_ns: None,
        under_faults: None,
        reachable: None,
        weighted: None,
        reached_ns: spread.firsts.iter().map(|first| first.received_ns).collect(),
    }
}

/// Adds the folds to rounds that were walked through; gives those over more than one round.
fn fold(
    batch: &Batch,
    rounds: &mut [MeasuredRound],
    firsts: FirstReceipts,
) -> PolarsResult<(BetweenNumbers, Vec<SentInRun>)> {
    let firsts = firsts.into_frame()?;
    let copies = Copies::of(&frames::copies(batch)?)?;
    let expected = rounds.iter().map(|round| round.metrics.expected).collect();
    let folded = by_round(expected, &firsts, &copies)?;
    let folds = Folds::of(&folded)?;
    let sent = load::by_round(&load::sent_by_node(copies.sent()?)?, rounds.len())?;
    let names = &batch.columns.names.nodes;
    let mut of_runs: Vec<SentInRun> = Vec::new();
    for (place, ((round, laid_out), sent)) in rounds.iter_mut().zip(batch.iter()).zip(sent).enumerate() {
        folds.put(place, &mut round.metrics);
        match round.kept {
            Records::All => round.metrics.load = load::load(&sent, |node| names.text(node), round.nodes),
            Records::First | Records::None => round.metrics.forget_copies(),
        }
        if !round.metrics.scored || round.kept != Records::All {
            continue;
        }
        let (nodes, run) = (round.nodes, laid_out.run);
        if of_runs.last().is_none_or(|last| (last.nodes, last.run) != (nodes, run)) {
            of_runs.push(SentInRun { nodes, run, by_node: BTreeMap::new() });
        }
        let of_run = of_runs.last_mut().expect("one was added where there was none");
        sent.into_iter().for_each(|(node, sent)| *of_run.by_node.entry(node).or_default() += sent);
    }
    Ok((hosts::latencies(&firsts)?, of_runs))
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
        metrics.duplicates = Some(duplicates);
        metrics.failed = failed;
        metrics.sends = Some(sends);
        metrics.rmr = duplicates::redundancy(sends, metrics.delivered);
        metrics.hops_max = self.hops_max.get(place).and_then(|hop| u32::try_from(hop).ok());
        metrics.hops_mean = hops::mean(self.hops_sum.get(place).unwrap_or(0), hops_known);
        metrics.latency_median_ns = self.latency_median_ns[place];
    }
}
