//! What measuring comes to: rounds with their measurements, by condition and number of nodes.

use std::collections::BTreeSet;

use super::bottleneck::Bottlenecks;
use super::by_hop::HopDeliveries;
use super::clock::RunClocks;
use super::control::RoundControl;
use super::critical::CriticalHop;
use super::hop_band::Band;
use super::hosts::BetweenHosts;
use super::load::{RoundLoad, RunLoad};
use super::path::PathTime;
use super::reachable::Reachable;
use super::resources::RoundResources;
use super::settings::{BEGINS, CLOSED, MOTION, NONE, Settings};
use super::shape::Shape;
use super::traffic::Moved;
use super::under_faults::UnderFaults;
use super::weighted::Weighted;

/// The measurements of every input.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// One for each condition and number of nodes, in the order of conditions as given, then of nodes.
    pub groups: Vec<Group>,
}

/// The rounds of one condition at one number of nodes, over all its runs.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The condition.
    pub condition: String,
    /// Nodes in the network.
    pub nodes: u32,
    /// Every round, warm-up too, in the order of run id and round.
    pub rounds: Vec<RoundMetrics>,
    /// First deliveries of the scored rounds, in the order of hops; those whose hop is not known come last.
    pub deliveries: Vec<HopDeliveries>,
    /// Duplicates that the topology dictates for a complete round, where protocol and topology are known and do.
    pub expected_duplicates: Option<u64>,
    /// What theory says of the largest hop of a round, where it says anything.
    pub expected_hops: Option<Band>,
    /// Copies sent per node, of each run over its scored rounds.
    pub loads: Vec<RunLoad>,
    /// What copies between machines say of their clocks, of each run over all its rounds.
    pub clocks: Vec<RunClocks>,
    /// How its runs were made, as far as manifests say; empty without one.
    pub(crate) settings: Settings,
    /// The ids of its runs that were simulated.
    pub simulated: BTreeSet<String>,
    /// Latencies of first deliveries of the scored rounds by machine; empty where all nodes run on one.
    pub between_hosts: BetweenHosts,
    /// What the ways to the last nodes of the scored rounds lead over.
    pub bottlenecks: Bottlenecks,
}

/// The shares of the expected deliveries at which time is taken, in per cent.
pub const PERCENTS: [u32; 5] = [50, 90, 95, 99, 100];

/// When each of [`PERCENTS`] was reached, in ns since an origin; none where coverage fell short.
pub type Convergence = [Option<i64>; 5];

/// One round.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundMetrics {
    /// The run's id.
    pub run_id: String,
    /// The round; 0 is warm-up.
    pub round: u32,
    /// Whether statistics count it.
    pub scored: bool,
    /// Who initiated it; none where no record says.
    pub initiator: Option<String>,
    /// When it was initiated, ns since the Unix epoch.
    pub initiate_ns: Option<i64>,
    /// Deliveries of a complete round: nodes - 1.
    pub expected: u32,
    /// Nodes with a first receipt, the initiator not counted.
    pub delivered: u32,
    /// From `initiate` to the initiator's first send; none where either is unknown.
    pub setup_ns: Option<i64>,
    /// Time from `initiate`.
    pub from_initiate: Convergence,
    /// Time from the initiator's first send.
    pub from_first_send: Convergence,
    /// Copies that reached a node which held the message; none where the run kept no records of them.
    pub duplicates: Option<u64>,
    /// Sends without an acknowledgment, as logged.
    pub failed: u64,
    /// received + duplicate + failed without a matching delivery; none where the run did not keep all of these.
    pub sends: Option<u64>,
    /// The same where copies that a node sent at one instant are one; none where sends are not known.
    pub transmissions: Option<u64>,
    /// What copies moved; none where the run did not keep all records, and where no copy says its size.
    pub moved: Option<Moved>,
    /// sends / reached - 1, where reached counts the initiator; none where only the initiator was reached, or sends are not known.
    pub rmr: Option<f64>,
    /// Largest hop of a first delivery.
    pub hops_max: Option<u32>,
    /// Mean hop of first deliveries.
    pub hops_mean: Option<f64>,
    /// Whether hops were not logged and follow from the tree of first deliveries.
    pub hops_derived: bool,
    /// Median latency of first deliveries.
    pub latency_median_ns: Option<f64>,
    /// Where the time until the last delivery went; none where the path to it is not known.
    pub path: Option<PathTime>,
    /// The shape of the tree of first deliveries; none where it leads nowhere.
    pub shape: Option<Shape>,
    /// The hops of the path to the node that was reached last, from the initiator on; empty where it is not known. Of nodes that
    /// tie the last one by id is meant.
    pub critical: Vec<CriticalHop>,
    /// How copies are shared among nodes.
    pub load: RoundLoad,
    /// What processes used in it; none where no manifest tells.
    pub resources: Option<RoundResources>,
    /// What nodes sent in it beside copies; none where nobody has counted.
    pub control: Option<RoundControl>,
    /// What the clocks of its ends leave open of its times, in ns: half of the distance between the least and the most that they
    /// may be apart. None where nobody knows.
    pub clock_open_ns: Option<f64>,
    /// How long it lasted, from `initiate`, in ns; none where nobody knows.
    pub lasts_ns: Option<i64>,
    /// What its faults come to; none where it had none, or nobody knows them.
    pub under_faults: Option<UnderFaults>,
    /// Whom its message could reach; none where the network stands still and no fault befell it, and where nobody knows.
    pub reachable: Option<Reachable>,
    /// How much of the weight of nodes was reached; none where nodes have no weights.
    pub weighted: Option<Weighted>,
    /// When each first delivery happened, ns since the Unix epoch, sorted.
    pub reached_ns: Vec<i64>,
}

/// What time is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The `initiate` record.
    Initiate,
    /// The first copy that the initiator sent.
    FirstSend,
}

impl Origin {
    /// Both, in the order of the tables.
    pub const ALL: [Self; 2] = [Self::Initiate, Self::FirstSend];

    /// As typed and as printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initiate => "initiate",
            Self::FirstSend => "first-send",
        }
    }
}

impl Group {
    /// The rounds that statistics count.
    pub fn scored(&self) -> impl Iterator<Item = &RoundMetrics> {
        self.rounds.iter().filter(|round| round.scored)
    }

    /// Whether its runs have one round each, and nothing says that they were deployments: a script that names each round as a run
    /// of its own makes such records.
    pub fn has_runs_of_one_round(&self) -> bool {
        let is_of_one_run = |pair: &[RoundMetrics]| pair[0].run_id == pair[1].run_id;
        let is_unknown = self.settings.is_empty() && self.simulated.is_empty();
        is_unknown && self.rounds.len() > 1 && !self.rounds.windows(2).any(is_of_one_run)
    }

    /// The scored rounds of each deployment: of each run, but that runs of one round each are the rounds of one deployment.
    pub fn deployments(&self) -> Vec<Vec<&RoundMetrics>> {
        let scored: Vec<&RoundMetrics> = self.scored().collect();
        if self.has_runs_of_one_round() {
            return if scored.is_empty() { Vec::new() } else { vec![scored] };
        }
        scored.chunk_by(|a, b| a.run_id == b.run_id).map(<[_]>::to_vec).collect()
    }

    /// Whether rounds of it begin whether or not the ones before have ended.
    pub fn is_open_loop(&self) -> bool {
        self.settings.get(BEGINS).is_some_and(|begins| begins.iter().any(|word| word != CLOSED))
    }

    /// Whether links of it come and go.
    pub fn moves(&self) -> bool {
        self.settings.get(MOTION).is_some_and(|motions| motions.iter().any(|word| word != NONE))
    }

    /// How many first deliveries the scored rounds have.
    pub fn delivered(&self) -> u64 {
        self.deliveries.iter().map(|at_hop| at_hop.count).sum()
    }
}

impl RoundMetrics {
    /// Convergence times from `origin`.
    pub fn convergence(&self, origin: Origin) -> &Convergence {
        match origin {
            Origin::Initiate => &self.from_initiate,
            Origin::FirstSend => &self.from_first_send,
        }
    }

    /// When time began, ns since the Unix epoch; none where that is unknown.
    pub fn origin_ns(&self, origin: Origin) -> Option<i64> {
        match origin {
            Origin::Initiate => self.initiate_ns,
            Origin::FirstSend => Some(self.initiate_ns?.saturating_add(self.setup_ns?)),
        }
    }

    /// Of copies only first receipts and failures were kept: what counts all of them is not known.
    pub(super) fn forget_copies(&mut self) {
        (self.duplicates, self.sends, self.rmr) = (None, None, None);
        (self.transmissions, self.moved) = (None, None);
    }

    /// Time until the last expected delivery; none where it never came or its origin is unknown.
    pub fn complete_ns(&self, origin: Origin) -> Option<i64> {
        self.convergence(origin)[PERCENTS.len() - 1]
    }

    /// Whether every expected delivery was made, whether or not it is known from when on; under faults, to every node that was up
    /// all the time.
    pub fn is_complete(&self) -> bool {
        match &self.under_faults {
            None => self.delivered >= self.expected,
            Some(faults) => faults.expected_up > 0 && faults.delivered_up >= faults.expected_up,
        }
    }

    /// Share of the expected deliveries that were made.
    pub fn coverage(&self) -> f64 {
        f64::from(self.delivered) / f64::from(self.expected.max(1))
    }
}
