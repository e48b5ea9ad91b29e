//! Which of many keys came before: how repeated records are found.

use rayon::prelude::*;

/// Keys are split into 2^10 parts, each of which fits into a processor's cache.
const PART_BITS: u32 = 10;

/// Where a key stands, with 64 bits that equal keys have in common: most keys are told apart by those alone, without a look
/// into memory far away.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    mixed: u64,
    index: u32,
}

/// Keys in several pieces, numbered through.
struct Pieces<'a> {
    pieces: &'a [&'a [u128]],
    /// The number of each piece's first key.
    firsts: Vec<usize>,
    len: usize,
}

/// The indices of keys that an earlier key equals, in order. Keys come in pieces and are numbered through.
pub(crate) fn later_equals(pieces: &[&[u128]]) -> Vec<u32> {
    let keys = Pieces::of(pieces);
    let part = |mixed: u64| (mixed >> (u64::BITS - PART_BITS)) as usize;
    let mut sizes = vec![0_usize; 1 << PART_BITS];
    for key in keys.iter() {
        sizes[part(mixed(key))] += 1;
    }
    let mut places: Vec<usize> = Vec::with_capacity(sizes.len());
    let mut start = 0;
    for size in &sizes {
        places.push(start);
        start += size;
    }
    let mut entries = vec![Entry::default(); keys.len];
    for (index, key) in (0..).zip(keys.iter()) {
        let mixed = mixed(key);
        let place = &mut places[part(mixed)];
        entries[*place] = Entry { mixed, index };
        *place += 1;
    }
    let mut parts = Vec::with_capacity(sizes.len());
    let mut rest = &entries[..];
    for size in sizes {
        let (part, others) = rest.split_at(size);
        parts.push(part);
        rest = others;
    }
    let mut later: Vec<u32> = parts.into_par_iter().flat_map_iter(|part| later_in_part(&keys, part)).collect();
    later.par_sort_unstable();
    later
}

/// The same within a part, whose entries are in order: a table with open places, half of them empty at the most.
fn later_in_part(keys: &Pieces<'_>, entries: &[Entry]) -> Vec<u32> {
    const EMPTY: u32 = u32::MAX;
    let places = (2 * entries.len()).next_power_of_two().max(2);
    let mut table = vec![EMPTY; places];
    let mut later = Vec::new();
    for (number, entry) in (0..).zip(entries) {
        // The bits behind those that chose the part.
        let mut place = (entry.mixed << PART_BITS >> (u64::BITS - places.trailing_zeros())) as usize;
        loop {
            if table[place] == EMPTY {
                table[place] = number;
                break;
            }
            let earlier = &entries[table[place] as usize];
            if earlier.mixed == entry.mixed && keys.get(earlier.index) == keys.get(entry.index) {
                later.push(entry.index);
                break;
            }
            place = (place + 1) & (places - 1);
        }
    }
    later
}

impl<'a> Pieces<'a> {
    fn of(pieces: &'a [&'a [u128]]) -> Self {
        let mut len = 0;
        let mut firsts = Vec::with_capacity(pieces.len());
        for piece in pieces {
            firsts.push(len);
            len += piece.len();
        }
        Self { pieces, firsts, len }
    }

    fn iter(&self) -> impl Iterator<Item = u128> {
        self.pieces.iter().flat_map(|piece| piece.iter().copied())
    }

    fn get(&self, index: u32) -> u128 {
        let index = index as usize;
        let piece = self.firsts.partition_point(|first| *first <= index) - 1;
        self.pieces[piece][index - self.firsts[piece]]
    }
}

/// Bits of a key, each of which depends on all of its bits: keys may be hashes, or small numbers side by side.
fn mixed(key: u128) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (key >> 64) as u64 ^ (key as u64).wrapping_mul(ODD);
    (folded ^ folded >> 29).wrapping_mul(ODD)
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
            let pieces: Vec<&[u128]> = keys.chunks(7).chain([&[][..]]).collect();
            prop_assert_eq!(later_equals(&pieces), expected);
        }
    }
}
