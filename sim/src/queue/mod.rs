//! The pending events of a simulated run, first in time first out.
//!
//! A binary heap moves an event through as many cache lines as the queue has levels. Here an event lies unsorted in a bucket
//! until its turn is near: the queue sorts a few dozen events at a time. It is a ladder queue (Tang, Goh and Thng 2005, "Ladder
//! queue: an O(1) priority queue structure for large-scale discrete event simulation"), whose rows of buckets are made from the
//! events that are pending, so that there is no width to choose. What differs is that buckets divide the whole order and
//! not time alone: a million events of one instant fall into buckets by class and destination.
//!
//! From the first place to the last there are: `near` and `late`, up to the place `horizon`; the rows from the last to
//! the first, each of which divides a bucket of the row before; and `far`, behind everything else.

mod blocks;
mod key;
mod rung;

use std::collections::BinaryHeap;

use cnsim::time::Timestamp;

use blocks::{Blocks, Chain, Entry};
pub use key::{Class, Key};
use rung::Rung;

/// So many events are sorted at once; more are divided first.
const SORTED_MAX: usize = 128;

/// So many may come late before they are divided, too.
const LATE_MAX: usize = 64;

/// Memory for so many buckets is kept for the next row; that of longer rows is given back.
const SPARE_MAX: usize = 1024;

/// A queue of events, each with its payload. A payload is moved a few times: it should be small, or a number or a box.
///
/// Memory is at most about twice what the events' own keys and payloads take.
pub struct Queue<T> {
    /// The next events in order, the first one last.
    near: Vec<Entry<T>>,
    /// Events that were pushed before `horizon`, when those of `near` were already sorted.
    late: BinaryHeap<Entry<T>>,
    /// The last place that belongs to `near` and `late`; none before the first event was taken.
    horizon: Option<u128>,
    rungs: Vec<Rung>,
    far: Chain,
    blocks: Blocks<T>,
    len: usize,
    /// The time of the last event that was taken.
    now: Timestamp,
    /// The memory of rows that are at their end.
    spare: Vec<Vec<Chain>>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            near: Vec::new(),
            late: BinaryHeap::new(),
            horizon: None,
            rungs: Vec::new(),
            far: Chain::EMPTY,
            blocks: Blocks::default(),
            len: 0,
            now: Timestamp(0),
            spare: Vec::new(),
        }
    }
}

impl<T> Queue<T> {
    /// A queue without events, at time 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of pending events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The time of the last event that was taken; 0 before.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Adds an event. One of this instant may be put before others of it that were already taken.
    ///
    /// # Panics
    /// When the event is earlier than the last one that was taken: time never goes back.
    pub fn push(&mut self, key: Key, payload: T) {
        assert!(key.time >= self.now, "an event for {:?} was pushed at {:?}: time never goes back", key.time, self.now);
        self.len += 1;
        let place = key.place();
        let entry = Entry { key, payload };
        if self.horizon.is_some_and(|horizon| place <= horizon) {
            self.late.push(entry);
            if self.late.len() > LATE_MAX.max(self.near.len()) {
                self.divide_near();
            }
            return;
        }
        match self.rungs.iter_mut().rev().find(|rung| place <= rung.last()) {
            Some(rung) => rung.push(&mut self.blocks, entry),
            None => self.blocks.push(&mut self.far, entry),
        }
    }

    /// Takes the first event.
    pub fn pop(&mut self) -> Option<(Key, T)> {
        if self.near.is_empty() && self.late.is_empty() {
            self.refill();
        }
        let is_late = match (self.near.last(), self.late.peek()) {
            (Some(near), Some(late)) => late > near,
            (None, late) => late.is_some(),
            (Some(_), None) => false,
        };
        let entry = if is_late { self.late.pop() } else { self.near.pop() }?;
        self.len -= 1;
        self.now = entry.key.time;
        Some((entry.key, entry.payload))
    }

    /// The time of the first event.
    pub fn peek_time(&self) -> Option<Timestamp> {
        match (self.near.last(), self.late.peek()) {
            (None, None) => self.least_behind().map(key::time_of),
            (near, late) => near.max(late).map(|entry| entry.key.time),
        }
    }

    /// The first place of an event behind the horizon.
    fn least_behind(&self) -> Option<u128> {
        let in_rungs = self.rungs.iter().rev().find_map(Rung::least);
        in_rungs.or_else(|| (!self.far.is_empty()).then_some(self.far.least))
    }

    /// Sorts the first events behind the horizon, which moves behind them. Buckets that hold too many are divided: each
    /// division narrows them at least eight times, until few events or one place are left.
    fn refill(&mut self) {
        while let Some((chain, last)) = self.take_first() {
            if chain.len() <= SORTED_MAX || chain.least == chain.greatest {
                return self.sort(chain);
            }
            self.divide(chain, last);
        }
    }

    /// The first bucket behind the horizon that holds anything, with the last place that belongs to it.
    fn take_first(&mut self) -> Option<(Chain, u128)> {
        while let Some(rung) = self.rungs.last_mut() {
            let first = rung.take_first();
            if rung.is_empty() {
                let buckets = self.rungs.pop().map(Rung::into_buckets);
                self.spare.extend(buckets.filter(|buckets| buckets.capacity() <= SPARE_MAX));
            }
            if first.is_some() {
                return first;
            }
        }
        let far = std::mem::replace(&mut self.far, Chain::EMPTY);
        let last = far.greatest;
        (!far.is_empty()).then_some((far, last))
    }

    fn sort(&mut self, chain: Chain) {
        self.horizon = Some(chain.greatest);
        let near = &mut self.near;
        self.blocks.empty(chain, |_, entry| near.push(entry));
        near.sort_unstable();
    }

    /// Makes a row of buckets from the events of `chain`, and for what is still to come until `last`.
    fn divide(&mut self, chain: Chain, last: u128) {
        let mut rung = Rung::for_events(&chain, last, self.spare.pop().unwrap_or_default());
        self.blocks.empty(chain, |blocks, entry| rung.push(blocks, entry));
        self.rungs.push(rung);
    }

    /// Puts what is before the horizon into buckets: too much of it came late for a heap.
    fn divide_near(&mut self) {
        let Some(horizon) = self.horizon else { return };
        let mut chain = Chain::EMPTY;
        for entry in self.near.drain(..).chain(self.late.drain()) {
            self.blocks.push(&mut chain, entry);
        }
        self.divide(chain, horizon);
        self.refill();
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;
    use cnsim::id::NodeIx;
    use cnsim::random::Random;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    /// How long after its cause an event happens.
    #[derive(Debug, Clone, Copy)]
    enum Delays {
        /// One of these, in ns.
        OneOf(&'static [u64]),
        /// Any number of binary digits up to this, all numbers of so many digits alike.
        Digits(u64),
    }

    const DELAYS: [Delays; 7] = [
        Delays::OneOf(&[0]),
        Delays::OneOf(&[20 * MS]),
        Delays::OneOf(&[0, 20 * MS]),
        Delays::OneOf(&[1_000, 10_000_000_000]),
        Delays::OneOf(&[0, 1, 5, u64::MAX]),
        Delays::Digits(12),
        Delays::Digits(60),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn events_come_in_the_order_of_a_binary_heap(
            seed: u64,
            delays in prop::sample::select(&DELAYS[..]),
            nodes in prop::sample::select(&[1u64, 3, 100, 1 << 32][..]),
            grown in 1..3000u64,
        ) {
            Both::new(seed, delays, nodes).run(grown);
        }
    }

    #[test]
    fn the_last_instant_there_is_is_one_like_any_other() {
        let mut queue = Queue::new();
        for sequence in [2, 0, 1] {
            queue.push(key(u64::MAX, sequence), sequence);
        }
        assert_eq!(queue.pop().map(|(_, payload)| payload), Some(0));
        queue.push(key(u64::MAX, 3), 3);
        let rest: Vec<u32> = std::iter::from_fn(|| queue.pop()).map(|(_, payload)| payload).collect();
        assert_eq!(rest, [1, 2, 3]);
        assert!(queue.is_empty() && queue.peek_time().is_none());
    }

    #[test]
    #[should_panic(expected = "time never goes back")]
    fn an_event_of_the_past_is_refused() {
        let mut queue = Queue::new();
        queue.push(key(5, 0), ());
        queue.pop();
        queue.push(key(4, 1), ());
    }

    #[test]
    fn rows_and_memory_stay_small_however_the_times_lie() {
        for (seed, delays) in DELAYS.into_iter().enumerate() {
            for nodes in [1, 100, 1 << 20] {
                let mut both = Both::new(seed as u64, delays, nodes);
                both.run(10_000);
                assert!(both.most_rungs <= 44, "{delays:?}: {} rows", both.most_rungs);
                assert!(both.most_memory < 2.1, "{delays:?} on {nodes}: {} times the events", both.most_memory);
            }
        }
    }

    fn key(time: u64, sequence: u32) -> Key {
        let (destination, source) = (NodeIx(0), NodeIx(0));
        Key { time: Timestamp(time), class: Class::Timer, destination, source, sequence }
    }

    /// A queue and a heap that are given the same events.
    struct Both {
        queue: Queue<u32>,
        heap: BinaryHeap<Reverse<(Key, u32)>>,
        random: Random,
        delays: Delays,
        nodes: u64,
        pushed: u32,
        most_rungs: usize,
        /// The most events for which there was memory, as a multiple of those that were pending.
        most_memory: f64,
    }

    impl Both {
        fn new(seed: u64, delays: Delays, nodes: u64) -> Self {
            let random = Random::keyed(seed, &["queue"]);
            let (queue, heap) = (Queue::new(), BinaryHeap::new());
            Self { queue, heap, random, delays, nodes, pushed: 0, most_rungs: 0, most_memory: 0.0 }
        }

        /// The queue grows to about `grown` events with some taken in between, holds as many for a while, and is emptied.
        fn run(&mut self, grown: u64) {
            for _ in 0..grown {
                self.push();
                if self.random.chance(0.3) {
                    self.pop();
                    self.push();
                }
            }
            for _ in 0..2 * grown {
                self.pop();
                self.push();
                if self.pushed.is_multiple_of(64) {
                    self.most_memory = self.most_memory.max(self.memory());
                }
            }
            while !self.heap.is_empty() {
                self.pop();
            }
            assert!(self.queue.is_empty() && self.queue.pop().is_none());
        }

        fn memory(&self) -> f64 {
            let Queue { near, late, blocks, .. } = &self.queue;
            (near.capacity() + late.capacity() + blocks.capacity()) as f64 / self.queue.len() as f64
        }

        fn push(&mut self) {
            let classes = [Class::LinksUp, Class::Delivery, Class::LinksDown, Class::Timer];
            let delay = match self.delays {
                Delays::OneOf(delays) => delays[self.random.below(delays.len() as u64) as usize],
                Delays::Digits(most) => {
                    let digits = self.random.below(most + 1);
                    self.random.below(1 << digits)
                }
            };
            let key = Key {
                time: Timestamp(self.queue.now().0.saturating_add(delay)),
                class: classes[self.random.below(4) as usize],
                destination: NodeIx(self.random.below(self.nodes) as u32),
                source: NodeIx(self.random.below(self.nodes) as u32),
                sequence: self.pushed,
            };
            self.queue.push(key, self.pushed);
            self.heap.push(Reverse((key, self.pushed)));
            self.pushed += 1;
        }

        fn pop(&mut self) {
            let Some(Reverse(expected)) = self.heap.pop() else { return };
            assert_eq!(self.queue.peek_time(), Some(expected.0.time));
            assert_eq!(self.queue.pop(), Some(expected));
            assert_eq!(self.queue.len(), self.heap.len());
            self.most_rungs = self.most_rungs.max(self.queue.rungs.len());
        }
    }
}
