//! Sequence numbers of a process, as many as there may be.

use std::collections::BTreeMap;

/// A set of sequence numbers, which are dense: a bit for each.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seqs {
    blocks: BTreeMap<u64, u64>,
}

impl Seqs {
    /// Adds a number; whether it is new.
    pub fn insert(&mut self, seq: u64) -> bool {
        let bits = self.blocks.entry(seq / 64).or_default();
        let bit = 1 << (seq % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    /// How many there are from 1 to `last`.
    pub fn count_to(&self, last: u64) -> u64 {
        let within = |(block, bits): (&u64, &u64)| {
            let mask = if *block == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            let zero = u64::from(*block == 0 && bits & 1 == 1);
            u64::from((bits & mask).count_ones()) - zero
        };
        self.blocks.range(..=last / 64).map(within).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_up_to_the_last_one() {
        let mut seqs = Seqs::default();
        for seq in [0, 1, 63, 64, 65, 200, u64::MAX] {
            assert!(seqs.insert(seq));
        }
        assert!(!seqs.insert(64));
        let counts: Vec<u64> =
            [0, 1, 2, 63, 64, 65, 127, 200, u64::MAX].iter().map(|last| seqs.count_to(*last)).collect();
        assert_eq!(counts, [0, 1, 1, 2, 3, 4, 4, 5, 6]);
    }
}
