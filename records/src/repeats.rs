//! Which of many keys came before: how repeated records are found.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

/// Keys are split into 2^10 parts, each of which fits into a processor's cache.
const PART_BITS: u32 = 10;

/// The indices of keys that an earlier key equals, in order.
pub(crate) fn later_equals(keys: &[u128]) -> Vec<u32> {
    let part = |key: u128| (mixed(key) >> (u64::BITS - PART_BITS)) as usize;
    let mut starts = vec![0_usize; (1 << PART_BITS) + 1];
    for key in keys {
        starts[part(*key) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut places = starts.clone();
    let mut indices = vec![0_u32; keys.len()];
    for (index, key) in keys.iter().enumerate() {
        let place = &mut places[part(*key)];
        indices[*place] = index as u32;
        *place += 1;
    }
    let mut later: Vec<u32> =
        starts.par_windows(2).flat_map_iter(|range| later_in_part(keys, &indices[range[0]..range[1]])).collect();
    later.par_sort_unstable();
    later
}

/// The same within a part, whose indices are in order.
fn later_in_part(keys: &[u128], indices: &[u32]) -> Vec<u32> {
    let mut seen: HashSet<u128, BuildHasherDefault<Mixed>> = HashSet::default();
    seen.reserve(indices.len());
    indices.iter().copied().filter(|index| !seen.insert(keys[*index as usize])).collect()
}

/// Bits of a key, each of which depends on all of its bits: keys may be hashes, or small numbers side by side.
fn mixed(key: u128) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (key >> 64) as u64 ^ (key as u64).wrapping_mul(ODD);
    (folded ^ folded >> 29).wrapping_mul(ODD)
}

/// A hasher for keys of 128 bits.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u128(u128::from(self.0) << 8 | u128::from(*byte)));
    }

    fn write_u128(&mut self, key: u128) {
        // The upper bits choose the part, so those within it are told apart by the others.
        self.0 = mixed(key).rotate_left(PART_BITS);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn later_equals_are_what_a_set_has_seen(keys in prop::collection::vec(0..40_u128, 0..200), spread in any::<bool>()) {
            let keys: Vec<u128> = keys.iter().map(|key| if spread { key << 119 } else { *key }).collect();
            let mut seen = BTreeSet::new();
            let expected: Vec<u32> = (0..keys.len()).filter(|at| !seen.insert(keys[*at])).map(|at| at as u32).collect();
            prop_assert_eq!(later_equals(&keys), expected);
        }
    }
}
