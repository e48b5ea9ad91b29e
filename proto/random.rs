//! Repeatable random numbers, keyed by what they are for and never by the order in which they are drawn.
//!
//! The generator is xoshiro256++; the key is hashed with FNV-1a, and sampling compares integers only, so that the same
//! seed gives the same choices on every machine.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A generator for one purpose.
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The generator for `key` under `seed`. The parts of the key are kept apart, so `["ab", "c"]` is not `["a", "bc"]`.
    pub fn keyed(seed: u64, key: &[&str]) -> Self {
        let mut hash = Fnv::default();
        hash.write(&seed.to_le_bytes());
        for part in key {
            hash.write(&(part.len() as u64).to_le_bytes());
            hash.write(part.as_bytes());
        }
        Self(Xoshiro256PlusPlus::seed_from_u64(hash.0))
    }

    /// The generator for numbered things: what they are for, then which one, as (node, round). It is as repeatable as
    /// [`Self::keyed`] and much cheaper, and knows no name, so that two runs of one seed draw alike.
    pub fn at(seed: u64, purpose: Purpose, coordinates: &[u64]) -> Self {
        let begun = mix(seed ^ mix(purpose as u64));
        let key = coordinates.iter().fold(begun, |key, coordinate| mix(key.wrapping_add(GOLDEN) ^ coordinate));
        Self(Xoshiro256PlusPlus::seed_from_u64(key))
    }

    /// A number above 0 and at most 1: 53 random bits, so that its logarithm is finite.
    pub fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number below `bound`, each equally likely (Lemire 2019, "Fast random integer generation in an interval").
    ///
    /// # Panics
    /// When `bound` is 0: there is no such number.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a number below 0 was asked for");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.0.next_u64()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// True with probability `p`, by comparing 53 random bits with an integer threshold. `p` is clamped to [0, 1].
    pub fn chance(&mut self, p: f64) -> bool {
        const ONE: f64 = (1u64 << 53) as f64;
        let threshold = (p.clamp(0.0, 1.0) * ONE) as u64;
        (self.0.next_u64() >> 11) < threshold
    }

    /// Brings `items` into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// Moves `count` randomly chosen items to the front, in random order, and returns them.
    pub fn choose<'a, T>(&mut self, items: &'a mut [T], count: usize) -> &'a mut [T] {
        let count = count.min(items.len());
        for next in 0..count {
            let other = next + self.below((items.len() - next) as u64) as usize;
            items.swap(next, other);
        }
        &mut items[..count]
    }
}

/// What a draw is for. The numbers are part of every result that a seed stands for: they stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Whom a node sends a message to: (node, round).
    Targets = 1,
    /// In which order: (node, round).
    Order = 2,
    /// How long a copy is on its way: (from, to, round, kind, which on that edge).
    Delay = 3,
    /// Whether it is lost: as for the delay.
    Loss = 4,
    /// Where in its period a node's timer stands: (node).
    Phase = 5,
    /// Whom a node asks or tells in a period: (node, round, which period).
    Contact = 6,
    /// What a node that has told in vain does next: (node, round, which contact).
    Interest = 7,
    /// How fast a node's link is: (node).
    Rate = 8,
    /// Which region a node is in: (node).
    Region = 9,
    /// How long a node works on a copy: (node, first period, which copy); of processors that all share: (first period, which work).
    Service = 10,
    /// When the next message begins: (round).
    Begin = 11,
    /// How long a node checks a message before it goes on: (node, round).
    Validation = 12,
    /// Whom a fault meets: (which fault, round).
    FaultTargets = 20,
    /// When a node that a fault has taken down is up again, and down again: (which fault, round, node).
    FaultTimes = 21,
    /// Whether a copy is lost to a fault: as for its loss, and which fault.
    FaultLoss = 22,
    /// How long a fault holds a copy: as for its delay, and which fault.
    FaultDelay = 23,
    /// Who sends a probe of a fault to whom: (which fault, round, which probe).
    Probe = 24,
    /// Where a node of random waypoints goes next, how fast, and how long it stays: (node, leg).
    Waypoint = 32,
    /// Which way a node of a random walk goes next, and how fast: (node, leg).
    Walk = 33,
    /// The graph that redrawn edges are taken from: (period).
    Graph = 34,
    /// Whether an edge is redrawn: (period, lower node, higher node).
    Redrawn = 35,
    /// How far a link reaches: (lower node, higher node, which meeting).
    Reach = 36,
}

/// The odd number nearest to 2^64 over the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every bit of the input changes about half of the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_gives_the_same_permutation_for_ever() {
        let mut items: Vec<u32> = (0..10).collect();
        Random::keyed(7, &["gossip-statefulset-3", "run-1"]).shuffle(&mut items);
        assert_eq!(items, [8, 5, 7, 9, 0, 4, 3, 2, 6, 1]);
    }

    #[test]
    fn key_parts_are_kept_apart() {
        let draw = |key: &[&str]| Random::keyed(1, key).below(u64::MAX);
        assert_ne!(draw(&["ab", "c"]), draw(&["a", "bc"]));
    }

    #[test]
    fn numbers_below_a_bound_are_spread_evenly() {
        let mut random = Random::keyed(3, &["even"]);
        let mut counts = [0u32; 5];
        for _ in 0..50_000 {
            counts[random.below(5) as usize] += 1;
        }
        assert!(counts.iter().all(|c| (9_500..10_500).contains(c)), "{counts:?}");
    }

    #[test]
    fn numbered_draws_are_the_same_for_ever_and_differ_by_purpose_seed_and_every_coordinate() {
        let draw = |seed, purpose, coordinates: &[u64]| Random::at(seed, purpose, coordinates).below(u64::MAX);
        assert_eq!(draw(7, Purpose::Targets, &[3, 5]), 3_525_972_469_802_846_002);
        let others: [(u64, Purpose, &[u64]); 6] = [
            (8, Purpose::Targets, &[3, 5]),
            (7, Purpose::Order, &[3, 5]),
            (7, Purpose::Targets, &[5, 3]),
            (7, Purpose::Targets, &[3, 6]),
            (7, Purpose::Targets, &[3, 5, 0]),
            (7, Purpose::Targets, &[3]),
        ];
        for (seed, purpose, coordinates) in others {
            assert_ne!(draw(seed, purpose, coordinates), draw(7, Purpose::Targets, &[3, 5]), "{coordinates:?}");
        }
    }

    #[test]
    fn neighbouring_coordinates_give_independent_numbers() {
        let first = |node: u64, round: u64| Random::at(1, Purpose::Delay, &[node, round]).unit();
        let count = 40_000.0;
        let pairs = (0..200).flat_map(|node| (0..200).map(move |round| (first(node, round), first(node, round + 1))));
        let (sum, product) =
            pairs.fold((0.0, 0.0), |(sum, product), (a, b)| (sum + a, product + (a - 0.5) * (b - 0.5)));
        // Four standard deviations of the mean of uniform numbers, and of the product of two of them.
        assert!((sum / count - 0.5).abs() < 4.0 * (1.0f64 / 12.0 / count).sqrt(), "{sum}");
        assert!((product / count).abs() < 4.0 / 12.0 / f64::sqrt(count), "{product}");
    }

    #[test]
    fn certain_chances_are_certain() {
        let mut random = Random::keyed(3, &["chance"]);
        assert!((0..1000).all(|_| random.chance(1.0)));
        assert!((0..1000).all(|_| !random.chance(0.0)));
    }
}
