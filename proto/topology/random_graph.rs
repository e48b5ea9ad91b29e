//! The random graphs of the literature: Erdős and Rényi, Watts and Strogatz, Barabási and Albert.

use std::collections::BTreeSet;

use super::pairs::Pairs;
use super::probability::Probability;
use crate::random::Random;

/// 1 as a fixed-point number with 63 bits after the point.
const ONE: u64 = 1 << 63;

/// G(n, p): every pair is an edge with the same probability. May be in several pieces.
///
/// Pairs that are no edges are skipped over in one draw (Batagelj and Brandes 2005, "Efficient generation of large
/// random networks"), with thresholds in fixed point in place of a logarithm, so that every machine skips as many.
pub(super) fn erdos_renyi(nodes: u32, probability: Probability, random: &mut Random) -> Pairs {
    let skips = Skips::new(probability);
    let nodes = u64::from(nodes);
    let mut pairs = Vec::new();
    // The pairs are (0, 1), (0, 2), (1, 2), (0, 3), …: row by row below the diagonal.
    let (mut low, mut high) = (0, 1);
    loop {
        low += skips.draw(random);
        while low >= high && high < nodes {
            low -= high;
            high += 1;
        }
        if high >= nodes {
            return pairs;
        }
        pairs.push((low as u32, high as u32));
        low += 1;
    }
}

/// How many pairs in a row are no edges.
struct Skips {
    /// (1 - p) to the power of 2^i in fixed point.
    powers: Vec<u64>,
}

impl Skips {
    /// 2^41 pairs are more than any graph has here.
    const POWERS: usize = 41;

    fn new(probability: Probability) -> Self {
        // A multiplication by a power of two is exact, and so is the subtraction of integers.
        let first = ONE - (probability.get() * ONE as f64) as u64;
        let powers = std::iter::successors(Some(first), |power| Some(product(*power, *power)));
        Self { powers: powers.take(Self::POWERS).collect() }
    }

    /// The largest k with (1 - p)^k above a random number below 1, found bit by bit.
    fn draw(&self, random: &mut Random) -> u64 {
        let number = random.below(ONE);
        let mut reached = ONE;
        let mut skipped = 0;
        for (bit, power) in self.powers.iter().enumerate().rev() {
            let next = product(reached, *power);
            if next > number {
                reached = next;
                skipped += 1 << bit;
            }
        }
        skipped
    }
}

fn product(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 63) as u64
}

/// A ring in which every node has `neighbours` (an even number below `nodes`) nearest ones, whose edges are then
/// rewired, each with the same probability, at one end (Watts and Strogatz 1998, "Collective dynamics of 'small-world'
/// networks", in the order of networkx). May be in several pieces.
pub(super) fn watts_strogatz(nodes: u32, neighbours: u32, rewired: Probability, random: &mut Random) -> Pairs {
    let half = neighbours / 2;
    let mut adjacent = vec![BTreeSet::new(); nodes as usize];
    for (distance, node) in (1..=half).flat_map(|distance| (0..nodes).map(move |node| (distance, node))) {
        join(&mut adjacent, node, (node + distance) % nodes);
    }
    for (distance, node) in (1..=half).flat_map(|distance| (0..nodes).map(move |node| (distance, node))) {
        if !random.chance(rewired.get()) || adjacent[node as usize].len() as u32 >= nodes - 1 {
            continue;
        }
        let mut other = random.below(u64::from(nodes)) as u32;
        while other == node || adjacent[node as usize].contains(&other) {
            other = random.below(u64::from(nodes)) as u32;
        }
        let old = (node + distance) % nodes;
        adjacent[node as usize].remove(&old);
        adjacent[old as usize].remove(&node);
        join(&mut adjacent, node, other);
    }
    let lists = (0..nodes).zip(&adjacent);
    lists.flat_map(|(low, list)| list.range(low + 1..).map(move |high| (low, *high))).collect()
}

fn join(adjacent: &mut [BTreeSet<u32>], a: u32, b: u32) {
    adjacent[a as usize].insert(b);
    adjacent[b as usize].insert(a);
}

/// A star of `attached` + 1 nodes; every further node attaches to `attached` of the older ones, each as likely as it
/// has edges (Barabási and Albert 1999, "Emergence of scaling in random networks", begun like networkx). Connected.
pub(super) fn barabasi_albert(nodes: u32, attached: u32, random: &mut Random) -> Pairs {
    let mut pairs = super::lattice::star(attached + 1);
    // Every node as often as it has edges.
    let mut ends: Vec<u32> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    for node in attached + 1..nodes {
        let mut targets = BTreeSet::new();
        while targets.len() < attached as usize {
            targets.insert(ends[random.below(ends.len() as u64) as usize]);
        }
        for target in targets {
            pairs.push((target, node));
            ends.extend([target, node]);
        }
    }
    pairs
}
