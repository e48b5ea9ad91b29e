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
    fn certain_chances_are_certain() {
        let mut random = Random::keyed(3, &["chance"]);
        assert!((0..1000).all(|_| random.chance(1.0)));
        assert!((0..1000).all(|_| !random.chance(0.0)));
    }
}
