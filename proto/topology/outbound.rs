//! Peers that open some connections and accept others, as nodes of Bitcoin Core do.

use super::pairs::Pairs;
use crate::random::Random;

/// How often a partner is drawn before all nodes are looked through.
const DRAWS: u32 = 64;

/// Each node opens `opened` connections, one after another and in turns, each to a node drawn from all that it has no connection
/// with and that accept one more: a node accepts as long as it has fewer than `total` in all, its own included, whether it has
/// opened these yet or not. None where this attempt came to a node that finds no other.
///
/// Where everybody who would accept is connected already, one of the connections that others have opened is moved to a node
/// that still accepts, and its place is taken.
pub(super) fn outbound(nodes: u32, opened: u32, total: u32, random: &mut Random) -> Option<Pairs> {
    let mut network = Network::new(nodes, opened, total - opened);
    let mut turns: Vec<u32> = (0..nodes).collect();
    random.shuffle(&mut turns);
    for _ in 0..opened {
        for node in &turns {
            network.open(*node, random)?;
        }
    }
    Some(network.pairs())
}

/// Connections while they are opened.
struct Network {
    /// To whom each node has opened connections, the first `used` of its `opened` places.
    targets: Vec<u32>,
    used: Vec<u32>,
    opened: usize,
    /// How many each node has accepted, and the most.
    accepted: Vec<u32>,
    accepted_max: u32,
}

impl Network {
    fn new(nodes: u32, opened: u32, accepted_max: u32) -> Self {
        let nodes = nodes as usize;
        let opened = opened as usize;
        Self { targets: vec![0; nodes * opened], used: vec![0; nodes], opened, accepted: vec![0; nodes], accepted_max }
    }

    fn nodes(&self) -> u32 {
        self.used.len() as u32
    }

    fn opened_by(&self, node: u32) -> &[u32] {
        let start = node as usize * self.opened;
        &self.targets[start..start + self.used[node as usize] as usize]
    }

    /// Whether two nodes may have a connection more.
    fn are_apart(&self, one: u32, other: u32) -> bool {
        one != other && !self.opened_by(one).contains(&other) && !self.opened_by(other).contains(&one)
    }

    fn accepts(&self, node: u32) -> bool {
        self.accepted[node as usize] < self.accepted_max
    }

    fn open(&mut self, node: u32, random: &mut Random) -> Option<()> {
        let is_free = |network: &Self, other: u32| network.accepts(other) && network.are_apart(node, other);
        let target = match self.drawn(random, |network, other| is_free(network, other)) {
            Some(target) => target,
            None => self.make_room(node, random)?,
        };
        let place = node as usize * self.opened + self.used[node as usize] as usize;
        self.targets[place] = target;
        self.used[node as usize] += 1;
        self.accepted[target as usize] += 1;
        Some(())
    }

    /// One of the nodes that `fits`, each equally likely; none where there is none.
    fn drawn(&self, random: &mut Random, fits: impl Fn(&Self, u32) -> bool) -> Option<u32> {
        for _ in 0..DRAWS {
            let other = random.below(u64::from(self.nodes())) as u32;
            if fits(self, other) {
                return Some(other);
            }
        }
        let fitting: Vec<u32> = (0..self.nodes()).filter(|other| fits(self, *other)).collect();
        (!fitting.is_empty()).then(|| fitting[random.below(fitting.len() as u64) as usize])
    }

    /// Moves a connection that somebody has opened to a node that accepts no more, and that `node` has none with, to one that
    /// does accept; whose place is free then.
    fn make_room(&mut self, node: u32, random: &mut Random) -> Option<u32> {
        let full = self.drawn(random, |network, other| network.are_apart(node, other))?;
        let moves: Vec<(usize, u32)> = (0..self.nodes())
            .filter_map(|opener| {
                let slot = self.opened_by(opener).iter().position(|target| *target == full)?;
                let other = (0..self.nodes()).find(|other| self.accepts(*other) && self.are_apart(opener, *other))?;
                Some((opener as usize * self.opened + slot, other))
            })
            .collect();
        let (place, other) = *moves.get(random.below(moves.len().max(1) as u64) as usize)?;
        self.targets[place] = other;
        self.accepted[full as usize] -= 1;
        self.accepted[other as usize] += 1;
        Some(full)
    }

    fn pairs(self) -> Pairs {
        let openers = self.targets.chunks_exact(self.opened).zip(0..);
        openers.flat_map(|(targets, opener)| targets.iter().map(move |target| (opener, *target))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_made_where_there_is_hardly_room_for_them() {
        // Everybody accepts just as many as it opens, so that the last ones find room only where somebody makes it.
        for seed in 0..50 {
            let draw = |attempt: u32| outbound(12, 4, 8, &mut Random::keyed(seed, &["tight", &attempt.to_string()]));
            let pairs = (0..20).find_map(draw).unwrap();
            let mut degrees = [0; 12];
            pairs.iter().flat_map(|&(one, other)| [one, other]).for_each(|node| degrees[node as usize] += 1);
            assert_eq!(degrees, [8; 12], "{seed}");
        }
    }

    #[test]
    fn every_pair_of_nodes_is_as_likely_as_every_other() {
        let mut counts = [[0u32; 9]; 9];
        for seed in 0..4000 {
            for (one, other) in outbound(9, 2, 8, &mut Random::keyed(seed, &["pairs"])).unwrap() {
                counts[one.min(other) as usize][one.max(other) as usize] += 1;
            }
        }
        // 2000 are expected of each of the 36 pairs; four standard deviations are 127.
        let pairs = (0..9).flat_map(|low| (low + 1..9).map(move |high| (low, high)));
        for (low, high) in pairs {
            assert!((1873..2127).contains(&counts[low][high]), "{low} {high}: {}", counts[low][high]);
        }
    }
}
