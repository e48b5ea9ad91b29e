//! What a manifest says of its network, against its own topology and roster.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::initiator::Initiators;
use cnsim::link::{DelaySpec, Loss};
use cnsim::manifest::{Backend, Manifest, Options, Round, RunOutcome};
use cnsim::scenario::{FaultSpec, Kind};
use cnsim::time::Clock;
use cnsim::topology::{Topology, TopologySource, TopologySpec};

use super::super::rounds_words::list_rounds;
use crate::inputs::RunFacts;

/// Graphs above it are not made again to look whether they are those that were asked for.
const NODES_MAX: u32 = 2_000;

/// What a mean of delays may differ by from the delay that was asked for: it is written with few digits.
const DELAY_MS: f64 = 1e-3;

/// Every contradiction, in words.
pub(super) fn contradictions(RunFacts { manifest, topology, topology_sha256, .. }: &RunFacts) -> Vec<String> {
    let mut found = vec![other_roster(manifest), other_packing(manifest), other_delay(manifest), other_clock(manifest)];
    if let Some(topology) = topology {
        found.push(other_nodes(manifest, topology));
        found.push(other_completeness(manifest, topology));
        found.push(other_graph(manifest, topology));
        found.push(other_initiators(manifest, topology));
    }
    if let Some(digest) = topology_sha256 {
        let is_other = manifest.topology_sha256.strip_prefix("sha256:") != Some(digest);
        found.push(is_other.then(|| "a topology.json that is not the run's, by its digest".to_owned()));
    }
    found.into_iter().flatten().collect()
}

/// A run that failed before its nodes came up has no roster.
fn other_roster(manifest: &Manifest) -> Option<String> {
    let (listed, nodes) = (manifest.roster.len(), manifest.options.nodes);
    let distinct: BTreeSet<&str> = manifest.roster.iter().map(|node| node.id.as_str()).collect();
    (listed > 0 && (listed != distinct.len() || listed != nodes as usize))
        .then(|| format!("a roster of {} nodes on {listed} lines for {nodes}", distinct.len()))
}

/// Virtual time is a simulator's, and a simulator has no other.
fn other_clock(manifest: &Manifest) -> Option<String> {
    let is_simulated = match manifest.backend {
        Backend::Sim(_) => true,
        Backend::Local(_) | Backend::Kubernetes(_) => false,
    };
    match manifest.clock {
        Clock::Virtual if !is_simulated => Some("virtual time in a run of real nodes".to_owned()),
        Clock::Wall if is_simulated => Some("times of machines in a simulation".to_owned()),
        Clock::Virtual | Clock::Wall => None,
    }
}

/// Processes of one machine that host other numbers of nodes.
fn other_packing(manifest: &Manifest) -> Option<String> {
    let was_resumed = !manifest.backend.processes().resumed_with.is_empty();
    if was_resumed || !matches!(manifest.backend, Backend::Local(_)) {
        return None;
    }
    let mut hosted: BTreeMap<&str, u32> = BTreeMap::new();
    for node in &manifest.roster {
        *hosted.entry(&node.process).or_default() += 1;
    }
    let (most, asked) = (*hosted.values().max()?, manifest.options.nodes_per_process.min(manifest.options.nodes));
    (most != asked).then(|| format!("up to {most} nodes in a process, not {asked}"))
}

/// A link delay that is not the one that was asked for.
fn other_delay(manifest: &Manifest) -> Option<String> {
    let meant = manifest.link_delay.map(|delay| delay.intended_mean_ms);
    let (asked, has_rounds) = (&manifest.options.link_delay, !manifest.rounds.is_empty());
    let is_complete = has_rounds && manifest.outcome == RunOutcome::Complete && manifest.clock == Clock::Wall;
    let constant_ms = match asked {
        DelaySpec::None => Some(0.0),
        DelaySpec::Constant(delay) => Some(delay.as_ms()),
        DelaySpec::Weights
        | DelaySpec::Uniform { .. }
        | DelaySpec::Exponential { .. }
        | DelaySpec::Lognormal { .. }
        | DelaySpec::Empirical { .. }
        | DelaySpec::Regions { .. } => None,
    };
    // A lost copy of a stream is held longer, and one that waits in an uplink, whether options or faults have it so.
    let holds = |fault: &FaultSpec| matches!(fault.kind, Kind::Loss { .. } | Kind::Delay { .. } | Kind::Uplink { .. });
    let Options { loss, uplink, faults, .. } = &manifest.options;
    let is_alone = *loss == Loss::NONE && uplink.is_none() && !faults.iter().any(holds);
    let constant_ms = constant_ms.filter(|_| is_alone);
    let is_other = match (constant_ms, meant) {
        (Some(asked), Some(meant)) => (asked - meant).abs() > DELAY_MS * asked.max(1.0),
        (Some(asked), None) => asked > 0.0 && is_complete,
        (None, _) => false,
    };
    let meant = meant.map_or_else(|| "none".to_owned(), |ms| format!("{ms} ms"));
    is_other.then(|| format!("copies held for {meant} where the link delay is {asked}"))
}

fn other_nodes(manifest: &Manifest, topology: &Topology) -> Option<String> {
    let of_topology: BTreeSet<&str> = topology.nodes.iter().map(|node| node.as_str()).collect();
    let of_roster: BTreeSet<&str> = manifest.roster.iter().map(|node| node.id.as_str()).collect();
    let is_other =
        of_topology.len() != manifest.options.nodes as usize || !of_roster.is_empty() && of_topology != of_roster;
    is_other.then(|| "a topology of other nodes".to_owned())
}

fn other_completeness(manifest: &Manifest, topology: &Topology) -> Option<String> {
    let (said, is) = (manifest.topology_complete, topology.is_complete());
    (said != is).then(|| format!("a topology that is {}complete", if is { "" } else { "not " }))
}

/// Rounds that another node began than the seed, or whatever else chooses initiators, says. A program whose revision nobody knows
/// may draw otherwise.
fn other_initiators(manifest: &Manifest, topology: &Topology) -> Option<String> {
    if manifest.tool.revision == "unknown" {
        return None;
    }
    let Options { initiator, seed, .. } = &manifest.options;
    if !manifest.options.faults.is_empty() {
        // Who stands still begins no message: `faults.rs` looks at these.
        return None;
    }
    let is_other = |round: &&Round| {
        let chosen = initiator.of_round(round.round, &topology.nodes, *seed);
        chosen.is_none_or(|node| topology.nodes[node].as_str() != round.initiator)
    };
    let rounds: Vec<u32> = manifest.rounds.iter().filter(is_other).map(|round| round.round).collect();
    let chosen_by = match initiator {
        Initiators::Random => format!("seed {seed}"),
        Initiators::Rotate | Initiators::Fixed(_) => format!("--initiator {initiator}"),
    };
    (!rounds.is_empty()).then(|| format!("other initiators than {chosen_by} gives in {}", list_rounds(&rounds)))
}

/// A graph that is not of the kind that was asked for. Which random one it is depends on the program that drew it: of those only the
/// number of edges is compared, and of `er`, where that is drawn too, nothing.
fn other_graph(manifest: &Manifest, topology: &Topology) -> Option<String> {
    let TopologySource::Spec(spec) = manifest.options.topology else { return None };
    if topology.nodes.len() as u32 > NODES_MAX {
        return None;
    }
    let asked = spec.generate(topology.nodes.clone(), manifest.options.seed).ok();
    let is_same = match (spec, &asked) {
        (TopologySpec::Er { .. }, _) => true,
        (_, None) => false,
        (
            TopologySpec::KRegular { .. }
            | TopologySpec::KOut { .. }
            | TopologySpec::Ws { .. }
            | TopologySpec::Ba { .. }
            | TopologySpec::Outbound { .. },
            Some(asked),
        ) => asked.edges.len() == topology.edges.len() && asked.directed == topology.directed,
        (
            TopologySpec::Complete
            | TopologySpec::Ring
            | TopologySpec::Line
            | TopologySpec::Star
            | TopologySpec::Grid
            | TopologySpec::Tree { .. },
            Some(asked),
        ) => pairs(asked) == pairs(topology),
    };
    (!is_same).then(|| format!("a topology that is no {spec}"))
}

/// The edges of an undirected graph, in order.
fn pairs(topology: &Topology) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> =
        topology.edges.iter().map(|edge| (edge.source.min(edge.target), edge.source.max(edge.target))).collect();
    pairs.sort_unstable();
    pairs
}
