//! What figures show of networks that move: into how many pieces they fall, and how early a message could be where.

use std::collections::BTreeSet;

use cnsim::motion::{Contacts, Present};
use cnsim::time::Interval;
use cnsim_charts::data::{ComponentPanel, Components};

use super::evenly::evenly;
use super::group::label;
use crate::inputs::About;
use crate::measure::{Analysis, Group, Origin, RoundMetrics};
use crate::stats::Summary;

/// Instants at which a network is looked at.
const INSTANTS: usize = 200;
/// Runs drawn in one panel.
const RUNS_MAX: usize = 50;

/// A network at an instant: pieces, nodes that are there, nodes of the largest piece.
type Counts = [usize; 3];

/// Pieces and nodes of networks that move until the longest round was over, a panel for each condition and number of nodes.
pub fn components(inputs: &[About], analysis: &Analysis) -> Components {
    Components { panels: analysis.groups.iter().filter_map(|group| panel(inputs, analysis, group)).collect() }
}

fn panel(inputs: &[About], analysis: &Analysis, group: &Group) -> Option<ComponentPanel> {
    let run_ids: BTreeSet<&str> = group.scored().map(|round| round.run_id.as_str()).collect();
    let facts = |run_id: &&str| {
        inputs.iter().filter(|input| input.condition == group.condition).find_map(|input| input.runs.get(*run_id))
    };
    let networks: Vec<&Contacts> = run_ids.iter().filter_map(|run_id| facts(run_id)?.contacts()).collect();
    let networks: Vec<&Contacts> = evenly(networks.len(), RUNS_MAX).map(|place| networks[place]).collect();
    let longest_ns = group.scored().filter_map(|round| round.lasts_ns).max().filter(|_| !networks.is_empty())?;
    let until = Interval(u64::try_from(longest_ns).ok()?);
    let at = |place: usize| Interval((u128::from(until.0) * place as u128 / (INSTANTS - 1) as u128) as u64);
    let of_runs: Vec<Vec<Counts>> = networks.iter().map(|contacts| counts(contacts, (0..INSTANTS).map(at))).collect();
    let curve = |values: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        (0..INSTANTS).map(|place| (at(place).as_ms(), values(place))).collect()
    };
    let mean = |what: usize| {
        let sum = |place: usize| of_runs.iter().map(|run| run[place][what]).sum::<usize>() as f64;
        curve(&|place| sum(place) / of_runs.len() as f64)
    };
    Some(ComponentPanel {
        label: label(analysis, group),
        runs: of_runs.iter().map(|run| curve(&|place| run[place][0] as f64)).collect(),
        pieces: mean(0),
        there: mean(1),
        largest: mean(2),
    })
}

/// The network at some instants, the earlier before the later; what goes at an instant is gone.
fn counts(contacts: &Contacts, instants: impl Iterator<Item = Interval>) -> Vec<Counts> {
    let (mut present, mut applied) = (Present::of(contacts), 0);
    let nodes = contacts.nodes().len() as u32;
    let count = |at: Interval| {
        let end = contacts.first_after(at);
        (applied..end).filter_map(|place| contacts.get(place)).for_each(|(_, change)| present.apply(change));
        applied = end;
        let pieces = present.pieces();
        let there = (0..nodes).filter(|node| present.is_there(cnsim::id::NodeIx(*node))).count();
        [pieces.len(), there, pieces.into_iter().max().unwrap_or(0)]
    };
    instants.map(count).collect()
}

/// The earliest that the links of a network that moves allow: for each share of the nodes, the median over scored rounds of the time
/// at which foremost paths reach it. Empty where links stand still. It ends where they do not come so far in half the rounds or more.
pub(super) fn bound(group: &Group, origin: Origin, steps: usize) -> Vec<(f64, f64)> {
    let rounds: Vec<&RoundMetrics> = group.scored().collect();
    let expected = group.nodes.saturating_sub(1) as usize;
    if !group.moves() || rounds.iter().all(|round| round.reachable.is_none()) {
        return Vec::new();
    }
    let time = |round: &RoundMetrics, step: usize| {
        let earliest_ns = *round.reachable.as_ref()?.earliest_ns.get(step)?;
        // Nothing is reached before the first send, though it could have been.
        Some(earliest_ns.saturating_sub(round.origin_ns(origin)?.saturating_sub(round.initiate_ns?)).max(0))
    };
    let point = |step: usize| {
        let summary = Summary::of(rounds.iter().map(|round| time(round, step)));
        Some((summary.median_ns? / 1e6, (step + 1) as f64 / expected.max(1) as f64))
    };
    evenly(expected, steps).map_while(point).collect()
}
