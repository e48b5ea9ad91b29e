//! Where the events of a queue lie until their turn is near: short blocks, chained to unsorted heaps of any length.

use std::cmp::Ordering;

use super::key::Key;

/// Events a block holds. Each bucket that is in use leaves half a block empty.
const BLOCK: usize = 32;

/// Empty blocks that are kept for use in any case.
const SPARE_MIN: usize = 64;

/// The block after the last.
const NONE: u32 = u32::MAX;

/// An event. The greatest is the one whose key is first, as a heap and the end of a sorted list give the greatest.
pub(super) struct Entry<T> {
    pub(super) key: Key,
    pub(super) payload: T,
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Entry<T> {}

/// Unsorted events that lie in [`Blocks`]: the places they are between, and where they are.
pub(super) struct Chain {
    pub(super) least: u128,
    pub(super) greatest: u128,
    first: u32,
    len: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { least: u128::MAX, greatest: 0, first: NONE, len: 0 };

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }
}

/// The blocks of all chains of a queue.
pub(super) struct Blocks<T> {
    blocks: Vec<Block<T>>,
    /// The first block that no chain holds.
    free: u32,
    /// How many blocks no chain holds.
    n_free: usize,
    /// How many of them have kept their memory.
    n_spare: usize,
}

struct Block<T> {
    entries: Vec<Entry<T>>,
    next: u32,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), free: NONE, n_free: 0, n_spare: 0 }
    }
}

impl<T> Blocks<T> {
    pub(super) fn push(&mut self, chain: &mut Chain, entry: Entry<T>) {
        let place = entry.key.place();
        chain.least = chain.least.min(place);
        chain.greatest = chain.greatest.max(place);
        // Blocks are filled one after the other: only when the number is a multiple of their size is the first one full.
        if chain.len().is_multiple_of(BLOCK) {
            chain.first = self.take(chain.first);
        }
        chain.len += 1;
        self.blocks[chain.first as usize].entries.push(entry);
    }

    /// Gives each event of the chain away, in no order.
    pub(super) fn empty(&mut self, chain: Chain, mut each: impl FnMut(&mut Self, Entry<T>)) {
        let mut at = chain.first;
        while at != NONE {
            let block = &mut self.blocks[at as usize];
            let next = block.next;
            let mut entries = std::mem::take(&mut block.entries);
            for entry in entries.drain(..) {
                each(self, entry);
            }
            self.give_back(at, entries);
            at = next;
        }
    }

    /// For how many events there is memory.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.blocks.iter().map(|block| block.entries.capacity()).sum()
    }

    /// An empty block, before `next`.
    fn take(&mut self, next: u32) -> u32 {
        let Some(block) = self.blocks.get_mut(self.free as usize) else {
            let at = u32::try_from(self.blocks.len()).expect("a machine's memory is too small for 2^32 blocks");
            self.blocks.push(Block { entries: Vec::with_capacity(BLOCK), next });
            return at;
        };
        let at = std::mem::replace(&mut self.free, block.next);
        block.next = next;
        self.n_free -= 1;
        if block.entries.capacity() == 0 {
            block.entries.reserve_exact(BLOCK);
        } else {
            self.n_spare -= 1;
        }
        at
    }

    /// Takes an emptied block back. It keeps its memory unless many do: a queue that shrinks gives memory back.
    fn give_back(&mut self, at: u32, entries: Vec<Entry<T>>) {
        let n_used = self.blocks.len() - self.n_free;
        let block = &mut self.blocks[at as usize];
        if self.n_spare < SPARE_MIN.max(n_used / 4) {
            block.entries = entries;
            self.n_spare += 1;
        }
        block.next = std::mem::replace(&mut self.free, at);
        self.n_free += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::Class;
    use super::*;
    use cnsim::id::NodeIx;
    use cnsim::time::Timestamp;

    #[test]
    fn what_a_queue_has_grown_to_is_given_back_when_it_shrinks() {
        let mut blocks = Blocks::default();
        let mut chain = Chain::EMPTY;
        for time in 0..100_000 {
            blocks.push(&mut chain, at(time));
        }
        assert!(blocks.capacity() < 100_000 + BLOCK);
        assert_eq!((chain.least, chain.greatest), (at(0).key.place(), at(99_999).key.place()));
        let mut times = Vec::new();
        blocks.empty(chain, |_, entry| times.push(entry.key.time.0));
        times.sort_unstable();
        assert!(times.into_iter().eq(0..100_000));
        assert!(blocks.capacity() <= 100_000 / 4, "{} are held", blocks.capacity());
    }

    fn at(time: u64) -> Entry<()> {
        let (destination, source) = (NodeIx(0), NodeIx(0));
        Entry { key: Key { time: Timestamp(time), class: Class::Timer, destination, source, sequence: 0 }, payload: () }
    }
}
