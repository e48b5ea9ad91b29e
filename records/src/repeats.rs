//! Records that came more than once, and records that contradict each other.

use rayon::prelude::*;

use crate::hash::Mix;
use crate::table::Table;

/// Rows of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Those that say what an earlier row says, in order.
    pub repeated: Vec<u32>,
    /// Those that have an earlier record's process, run and seq but say something else, in order.
    pub conflicting: Vec<u32>,
}

/// Finds them. Equal 128-bit hashes of content are taken for equal content.
pub fn find(table: &Table) -> Repeats {
    let repeated = later_equals(&table.content);
    if table.seq.is_default() {
        return Repeats { repeated, conflicting: Vec::new() };
    }
    let mut is_repeat = vec![false; table.rows()];
    repeated.iter().for_each(|row| is_repeat[*row as usize] = true);
    let numbered: Vec<u32> =
        (0..table.rows() as u32).filter(|row| !is_repeat[*row as usize] && table.seq.get(*row as usize) > 0).collect();
    let keys: Vec<u128> = numbered.iter().map(|row| place(table, *row as usize)).collect();
    let conflicting = later_equals(&keys).into_iter().map(|index| numbered[index as usize]).collect();
    Repeats { repeated, conflicting }
}

/// Process, run and seq in one key.
fn place(table: &Table, row: usize) -> u128 {
    let process = u64::from(table.process.number(row));
    let run = u64::from(table.run.number(row));
    Mix::new().with(process << 32 | run, table.seq.get(row)).finish()
}

/// The indices of keys that an earlier key equals, in order.
fn later_equals(keys: &[u128]) -> Vec<u32> {
    const BUCKET_BITS: u32 = 10;
    let bucket = |key: u128| (key >> (128 - BUCKET_BITS)) as usize;
    let mut starts = vec![0_usize; (1 << BUCKET_BITS) + 1];
    for key in keys {
        starts[bucket(*key) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut places = starts.clone();
    let mut entries = vec![(0_u64, 0_u32); keys.len()];
    for (index, key) in keys.iter().enumerate() {
        let place = &mut places[bucket(*key)];
        entries[*place] = (*key as u64, index as u32);
        *place += 1;
    }
    let mut later: Vec<u32> =
        starts.par_windows(2).flat_map_iter(|range| later_in_bucket(keys, &entries[range[0]..range[1]])).collect();
    later.par_sort_unstable();
    later
}

fn later_in_bucket(keys: &[u128], entries: &[(u64, u32)]) -> Vec<u32> {
    let mask = (entries.len() * 2).next_power_of_two() - 1;
    let mut slots = vec![u32::MAX; mask + 1];
    let mut later = Vec::new();
    for (number, (low, index)) in entries.iter().enumerate() {
        let mut slot = *low as usize & mask;
        slots[slot] = loop {
            let Some((other_low, other)) = entries.get(slots[slot] as usize) else { break number as u32 };
            if other_low == low && keys[*other as usize] == keys[*index as usize] {
                later.push(*index);
                break slots[slot];
            }
            slot = (slot + 1) & mask;
        };
    }
    later
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
