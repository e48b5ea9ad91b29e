//! Theory: how far from the initiator the node at the largest hop of a round has to be, where protocol and topology say so.
//!
//! Bands for rounds of repeated calls, as that of Doerr and Künnemann (2014) on the complete graph, are deliberately absent:
//! a node of this push calls `fanout` others once, when it first hears, and never again, so that their assumptions do not
//! hold. Its own hops are a Markov chain that can be computed exactly.

use std::collections::{BTreeMap, VecDeque};

use cnsim::protocol::Hops;
use cnsim::topology::{Neighbour, Topology};

use super::RoundMetrics;
use super::expected::Known;
use super::hop_band::Band;
use crate::inputs::RunFacts;

/// Up to so many nodes a push is computed: the work grows with the cube of their number.
const PUSH_NODES_MAX: u32 = 256;

/// What lies outside a push's band on either side.
const TAIL: f64 = 0.025;

/// States less likely than that add nothing that a band shows.
const NEGLIGIBLE: f64 = 1e-15;

/// The band that holds for every round of these runs of one group; none where the protocol or the topology of one is not
/// known, where they have bands of different kinds, or where nothing is known of them.
pub(super) fn expected_hops(runs: &[Known<'_>], rounds: &[RoundMetrics]) -> Option<Band> {
    let of_runs = rounds.chunk_by(|a, b| a.run_id == b.run_id).zip(runs);
    let bands: Option<Vec<Band>> = of_runs.map(|(rounds, run)| of_run(run, rounds)).collect();
    bands?.into_iter().map(Some).reduce(|all, one| together(all?, one?)).flatten()
}

fn together(a: Band, b: Band) -> Option<Band> {
    let high = a.high.zip(b.high).map(|(a, b)| a.max(b));
    (a.label == b.label).then(|| Band { low: a.low.min(b.low), high, label: a.label })
}

fn of_run(run: &Known<'_>, rounds: &[RoundMetrics]) -> Option<Band> {
    if run.had_faults() {
        return None;
    }
    match run.promises()?.hops {
        Hops::One => Some(Band { low: 1.0, high: Some(1.0), label: "one hop, as of any direct mail".to_owned() }),
        Hops::Distance => flood(run.facts?, rounds),
        Hops::Open => None,
        Hops::Push { fanout, ttl } => {
            let manifest = &run.facts?.manifest;
            let chain = Push { nodes: manifest.options.nodes, fanout, ttl };
            manifest.topology_complete.then(|| chain.band()).flatten()
        }
    }
}

/// A flood takes no way that is shorter than the shortest, so that the largest hop of a complete round is at least the
/// eccentricity of its initiator. The least of them over complete rounds; none without one.
fn flood(facts: &RunFacts, rounds: &[RoundMetrics]) -> Option<Band> {
    let mut complete = rounds.iter().filter(|round| round.scored && round.is_complete()).peekable();
    complete.peek()?;
    let least = match facts.manifest.topology_complete {
        true => 1,
        false => least_eccentricity(facts.topology.as_ref()?, complete)?,
    };
    let label = "at least the distance to the farthest node, as of any flood".to_owned();
    Some(Band { low: f64::from(least), high: None, label })
}

/// That of the initiators of `rounds`.
fn least_eccentricity<'a>(topology: &Topology, rounds: impl Iterator<Item = &'a RoundMetrics>) -> Option<u32> {
    let places: BTreeMap<&str, u32> = topology.nodes.iter().map(|node| node.as_str()).zip(0..).collect();
    let neighbours = topology.neighbours();
    let mut known: BTreeMap<u32, Option<u32>> = BTreeMap::new();
    let mut least: Option<u32> = None;
    for round in rounds {
        let start = *places.get(round.initiator.as_deref()?)?;
        let distance = (*known.entry(start).or_insert_with(|| eccentricity(&neighbours, start)))?;
        least = Some(least.map_or(distance, |least| least.min(distance)));
    }
    least
}

/// The number of edges on the shortest way to the node that is farthest from `start`; none where one cannot be reached.
fn eccentricity(neighbours: &[Vec<Neighbour>], start: u32) -> Option<u32> {
    let mut distance = vec![None; neighbours.len()];
    distance[start as usize] = Some(0);
    let mut open = VecDeque::from([(start, 0)]);
    while let Some((node, so_far)) = open.pop_front() {
        for next in &neighbours[node as usize] {
            if distance[next.node as usize].is_none() {
                distance[next.node as usize] = Some(so_far + 1);
                open.push_back((next.node, so_far + 1));
            }
        }
    }
    // None is less than any distance.
    if distance.contains(&None) { None } else { distance.into_iter().max().flatten() }
}

/// A push on the complete graph without loss: every node sends once, on its first receipt, to `fanout` different nodes
/// drawn at random from all but itself and the one it heard from.
struct Push {
    nodes: u32,
    fanout: u32,
    ttl: Option<u32>,
}

impl Push {
    fn band(&self) -> Option<Band> {
        let chances = self.largest_hop()?;
        let label = format!("95 % of rounds of push:{}, if all copies took equally long", self.fanout);
        Some(Band { low: quantile(&chances, TAIL), high: Some(quantile(&chances, 1.0 - TAIL)), label })
    }

    /// The probability that the largest hop is 0, 1, 2, …, where every copy takes equally long; none of a network that is too
    /// large, or that has nobody to send to.
    ///
    /// Nodes that first hear at one hop are a generation. A sender of a later one draws its targets from N - 2 nodes, among
    /// which are all that have not heard: of `left` of these it reaches a hypergeometric number. So what is left and how large
    /// the generation is are a Markov chain, and the largest hop is its last generation.
    fn largest_hop(&self) -> Option<Vec<f64>> {
        if !(2..=PUSH_NODES_MAX).contains(&self.nodes) {
            return None;
        }
        let others = self.nodes as usize - 1;
        let first = others.min(self.fanout as usize);
        let draw = Draw::new(others - 1, (others - 1).min(self.fanout as usize));
        let mut generation = BTreeMap::from([((others - first, first), 1.0)]);
        let mut ended = vec![0.0, 0.0];
        while !generation.is_empty() {
            let hop = ended.len() - 1;
            let goes_on = self.ttl.is_none_or(|ttl| (hop as u64) < u64::from(ttl));
            let next = if goes_on { draw.next(&generation) } else { BTreeMap::new() };
            let going_on: f64 = next.values().sum();
            ended[hop] = generation.values().sum::<f64>() - going_on;
            ended.push(0.0);
            generation = next;
        }
        Some(ended)
    }
}

/// By how many nodes have not heard and how many first heard at this hop, both with their probability.
type Generation = BTreeMap<(usize, usize), f64>;

/// One sender's draw of targets.
struct Draw {
    /// By how many of the candidates have not heard: the probability to reach 0, 1, 2, … of them.
    reached: Vec<Vec<f64>>,
}

impl Draw {
    /// `targets` different ones of `candidates`.
    fn new(candidates: usize, targets: usize) -> Self {
        let of = |left: usize| {
            // One target after another: each is one that has not heard with the share of those among what is left to draw.
            let mut chances = vec![1.0];
            for drawn in 0..targets {
                let mut next = vec![0.0; chances.len() + 1];
                for (reached, chance) in chances.iter().enumerate() {
                    let share = left.saturating_sub(reached) as f64 / (candidates - drawn) as f64;
                    next[reached + 1] += chance * share;
                    next[reached] += chance * (1.0 - share);
                }
                chances = next;
            }
            chances
        };
        Self { reached: (0..=candidates).map(of).collect() }
    }

    /// The generation after this one, without those in which nobody hears any more.
    fn next(&self, generation: &Generation) -> Generation {
        let mut next = Generation::new();
        for states in generation.iter().collect::<Vec<_>>().chunk_by(|((a, _), _), ((b, _), _)| a == b) {
            let before = states[0].0.0;
            let mut left = vec![0.0; before + 1];
            left[before] = 1.0;
            let mut senders = 0;
            for ((_, size), chance) in states {
                while senders < *size {
                    left = self.after_one(&left);
                    senders += 1;
                }
                for (after, share) in left.iter().enumerate().take(before) {
                    let chance = *chance * share;
                    if chance > NEGLIGIBLE {
                        *next.entry((after, before - after)).or_insert(0.0) += chance;
                    }
                }
            }
        }
        next
    }

    /// How many have not heard after one more sender.
    fn after_one(&self, left: &[f64]) -> Vec<f64> {
        let mut after = vec![0.0; left.len()];
        for (count, chance) in left.iter().enumerate().filter(|(_, chance)| **chance > NEGLIGIBLE) {
            for (reached, share) in self.reached[count].iter().enumerate().take(count + 1) {
                after[count - reached] += chance * share;
            }
        }
        after
    }
}

/// The least hop up to which lies that share.
fn quantile(chances: &[f64], share: f64) -> f64 {
    let mut sum = 0.0;
    let place = chances.iter().position(|chance| {
        sum += chance;
        sum >= share
    });
    place.unwrap_or(chances.len() - 1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{manifest, silent_round};
    use super::*;

    /// Every choice of every sender, generation by generation, with its probability.
    fn by_enumeration(push: &Push) -> Vec<f64> {
        let mut chances = vec![0.0; push.nodes as usize + 2];
        let heard = BTreeMap::from([(0, 0)]);
        enumerate(push, &[0], &heard, &heard, 1.0, 0, &mut chances);
        chances
    }

    /// `senders` are left to choose at this hop; `heard` and `with_new` say who heard from whom, before it and with it.
    fn enumerate(
        push: &Push,
        senders: &[u32],
        heard: &BTreeMap<u32, u32>,
        with_new: &BTreeMap<u32, u32>,
        chance: f64,
        hop: usize,
        chances: &mut Vec<f64>,
    ) {
        let Some((sender, rest)) = senders.split_first() else {
            let new: Vec<u32> = with_new.keys().copied().filter(|node| !heard.contains_key(node)).collect();
            let may_send = push.ttl.is_none_or(|ttl| hop as u32 + 1 < ttl);
            match new.is_empty() {
                true => chances[hop] += chance,
                false if may_send => enumerate(push, &new, with_new, with_new, chance, hop + 1, chances),
                false => chances[hop + 1] += chance,
            }
            return;
        };
        let candidates: Vec<u32> =
            (0..push.nodes).filter(|node| node != sender && (*node != heard[sender] || *sender == 0)).collect();
        let sets: Vec<u32> = (0..1 << candidates.len())
            .filter(|set: &u32| set.count_ones() == push.fanout.min(candidates.len() as u32))
            .collect();
        for set in &sets {
            let mut with_new = with_new.clone();
            for (place, target) in candidates.iter().enumerate() {
                if set & (1 << place) != 0 {
                    with_new.entry(*target).or_insert(*sender);
                }
            }
            enumerate(push, rest, heard, &with_new, chance / sets.len() as f64, hop, chances);
        }
    }

    #[test]
    fn the_hops_of_a_push_are_those_of_every_choice_enumerated() {
        for (nodes, fanout, ttl) in
            [(2, 1, None), (3, 1, None), (4, 1, None), (5, 1, None), (5, 2, None), (5, 2, Some(2)), (6, 1, Some(3))]
        {
            let push = Push { nodes, fanout, ttl };
            let (found, expected) = (push.largest_hop().unwrap(), by_enumeration(&push));
            for (hop, expected) in expected.iter().enumerate() {
                let found = found.get(hop).copied().unwrap_or(0.0);
                assert!((found - expected).abs() < 1e-12, "{nodes} {fanout} {ttl:?}, hop {hop}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn a_push_to_everyone_takes_one_hop_and_one_to_few_takes_more() {
        let band = |nodes, fanout, ttl| Push { nodes, fanout, ttl }.band().map(|band| (band.low, band.high.unwrap()));
        assert_eq!(band(30, 29, None), Some((1.0, 1.0)));
        let (low, high) = band(100, 3, None).unwrap();
        assert!(low >= 4.0 && high <= 12.0 && low < high, "{low} to {high}: log4 of 100 is 3.3");
        assert_eq!(band(100, 3, Some(2)), Some((2.0, 2.0)));
        assert_eq!(band(PUSH_NODES_MAX + 1, 3, None), None);
    }

    proptest! {
        #[test]
        fn the_probabilities_of_a_push_add_up_to_one(nodes in 2_u32..30, fanout in 1_u32..8, ttl in prop::option::of(1_u32..9)) {
            let sum: f64 = Push { nodes, fanout, ttl }.largest_hop().unwrap().iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
        }
    }

    fn line_round(initiator: &str, delivered: u32) -> RoundMetrics {
        RoundMetrics { initiator: Some(initiator.to_owned()), delivered, expected: 3, ..silent_round("run", 1) }
    }

    #[test]
    fn a_flood_is_bound_by_the_farthest_node_of_its_complete_rounds() {
        let facts = manifest("flood", ["a", "b", "c", "d"], &[(0, 1), (1, 2), (2, 3)], false);
        let known = [Known { facts: Some(&facts), protocol: String::new() }];
        let low = |rounds: &[RoundMetrics]| expected_hops(&known, rounds).map(|band| (band.low, band.high));
        assert_eq!(low(&[line_round("a", 3)]), Some((3.0, None)));
        assert_eq!(low(&[line_round("a", 3), line_round("b", 3)]), Some((2.0, None)));
        assert_eq!(low(&[line_round("a", 3), line_round("b", 2)]), Some((3.0, None)), "one is not complete");
        assert_eq!(low(&[line_round("nobody", 3)]), None);
    }

    #[test]
    fn what_is_not_known_or_not_alike_has_no_band() {
        let mail = Known { facts: None, protocol: "direct-mail".to_owned() };
        let round = |run: &str| silent_round(run, 1);
        assert_eq!(expected_hops(&[mail], &[round("r")]).map(|band| (band.low, band.high)), Some((1.0, Some(1.0))));
        let unknown = || Known { facts: None, protocol: String::new() };
        assert_eq!(expected_hops(&[unknown()], &[round("r")]), None);
        let mail = Known { facts: None, protocol: "direct-mail".to_owned() };
        assert_eq!(expected_hops(&[mail, unknown()], &[round("r"), round("s")]), None);
        let mut on_a_line = manifest("push:1", ["a", "b", "c"], &[(0, 1), (1, 2)], false);
        let push = |facts: &_| expected_hops(&[Known { facts: Some(facts), protocol: String::new() }], &[round("r")]);
        assert_eq!(push(&on_a_line), None, "not every two nodes are neighbours");
        on_a_line.manifest.topology_complete = true;
        assert!(push(&on_a_line).is_some_and(|band| band.label.contains("if all copies took equally long")));
    }
}
