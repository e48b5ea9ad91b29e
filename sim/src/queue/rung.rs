//! A row of buckets of one width that together hold the events between two places.

use super::blocks::{Blocks, Chain, Entry};

/// Events a bucket is to hold; as widths are powers of two, it is up to twice as many.
const BUCKET: usize = 32;

/// Buckets a row has at least, so that each is much narrower than the row.
const BUCKETS_MIN: usize = 16;

/// Buckets a row has at most, so that the ends of all of them stay in the cache while events are put into them.
const BUCKETS_MAX: usize = 2048;

/// A row of buckets. The last is as wide as it must be to reach the end of the row.
pub(super) struct Rung {
    buckets: Vec<Chain>,
    /// Where the first bucket begins.
    start: u128,
    /// Each bucket is 2^`shift` wide.
    shift: u32,
    /// The first bucket that may hold an event: all places before it are past.
    current: usize,
    len: usize,
    /// The last place of the row.
    last: u128,
}

impl Rung {
    /// A row for the events of `chain`, which is to hold what comes until `last`. `buckets` is memory to use.
    pub(super) fn for_events(chain: &Chain, last: u128, mut buckets: Vec<Chain>) -> Self {
        let wanted = (chain.len() / BUCKET).clamp(BUCKETS_MIN, BUCKETS_MAX);
        let span = chain.greatest - chain.least;
        let shift = (u128::BITS - span.leading_zeros()).saturating_sub(wanted.ilog2());
        let narrow = (span >> shift) as usize + 1;
        buckets.resize_with(narrow + 1, || Chain::EMPTY);
        Self { buckets, start: chain.least, shift, current: 0, len: 0, last }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The last place of the row.
    pub(super) fn last(&self) -> u128 {
        self.last
    }

    /// Puts an event into its bucket. What is before the current bucket belongs there: nothing is pending before it.
    pub(super) fn push<T>(&mut self, blocks: &mut Blocks<T>, entry: Entry<T>) {
        let offset = entry.key.place().saturating_sub(self.start) >> self.shift;
        let widest = self.buckets.len() - 1;
        let at = offset.min(widest as u128) as usize;
        blocks.push(&mut self.buckets[at.max(self.current)], entry);
        self.len += 1;
    }

    /// Takes the first bucket that holds anything, with the last place that belongs to it.
    pub(super) fn take_first(&mut self) -> Option<(Chain, u128)> {
        let at = self.first_at()?;
        self.current = at;
        let chain = std::mem::replace(&mut self.buckets[at], Chain::EMPTY);
        self.len -= chain.len();
        Some((chain, self.end_of(at)))
    }

    /// The first place at which there is an event.
    pub(super) fn least(&self) -> Option<u128> {
        self.first_at().map(|at| self.buckets[at].least)
    }

    /// The memory of a row that is at its end.
    pub(super) fn into_buckets(mut self) -> Vec<Chain> {
        debug_assert!(self.is_empty(), "a row with events was thrown away");
        self.buckets.clear();
        self.buckets
    }

    fn first_at(&self) -> Option<usize> {
        let held = self.buckets[self.current..].iter().position(|bucket| !bucket.is_empty())?;
        Some(self.current + held)
    }

    /// The last place that belongs to a bucket from which all was just taken. Behind the last event of a row it is the
    /// end of the row, which what takes its place may as well keep; before that it is the end of the bucket, as the
    /// next one holds something or may.
    fn end_of(&self, at: usize) -> u128 {
        if self.is_empty() {
            return self.last;
        }
        self.start + ((at as u128 + 1) << self.shift) - 1
    }
}
