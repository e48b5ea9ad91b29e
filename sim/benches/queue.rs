//! The event queue beside a binary heap: pairs of a pop and a push while a million events are pending.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use cnsim::id::NodeIx;
use cnsim::random::Random;
use cnsim::time::Timestamp;
use cnsim_sim::queue::{Class, Key, Queue};
use divan::Bencher;
use divan::counter::ItemsCount;

const PENDING: usize = 1_000_000;
const NODES: u64 = 1_000_000;
const MS: f64 = 1e6;

/// What is drawn before anything is measured, and used again and again. It is no divisor of [`PENDING`].
const DRAWN: usize = 65_521;

/// As large as an event of the simulator.
type Payload = [u64; 2];

fn main() {
    divan::main();
}

/// How long after its cause an event happens.
#[derive(Debug, Clone, Copy)]
enum Delays {
    /// 20 ms, and all events happen at four instants.
    ConstantAtFourInstants,
    /// 20 ms, and events happen at any time.
    Constant,
    /// Exponential of mean 20 ms.
    Exponential,
    /// 1 us or 10 s.
    Bimodal,
    /// No time at all, a hundred times for one of 20 ms.
    MostlyNone,
}

const DELAYS: [Delays; 5] =
    [Delays::ConstantAtFourInstants, Delays::Constant, Delays::Exponential, Delays::Bimodal, Delays::MostlyNone];

#[divan::bench(args = DELAYS, sample_count = 10, sample_size = 1)]
fn ladder_queue(bencher: Bencher, delays: Delays) {
    measure::<Queue<Payload>>(bencher, delays);
}

#[divan::bench(args = DELAYS, sample_count = 10, sample_size = 1)]
fn binary_heap(bencher: Bencher, delays: Delays) {
    measure::<BinaryHeap<Reverse<Event>>>(bencher, delays);
}

/// A million pairs are one sample, so that each sample holds the work of all levels.
fn measure<Q: Pending>(bencher: Bencher, delays: Delays) {
    let mut pending = Q::default();
    let mut causes = Causes::new(delays);
    for _ in 0..PENDING {
        let first = causes.first();
        pending.put(first);
    }
    let mut pairs = || {
        for _ in 0..PENDING {
            let at = pending.take();
            pending.put(causes.next(at));
        }
    };
    pairs();
    bencher.counter(ItemsCount::new(PENDING)).bench_local(pairs);
}

trait Pending: Default {
    fn put(&mut self, key: Key);
    fn take(&mut self) -> Timestamp;
}

impl Pending for Queue<Payload> {
    fn put(&mut self, key: Key) {
        self.push(key, [1, 2]);
    }

    fn take(&mut self) -> Timestamp {
        self.pop().expect("as many are put as taken").0.time
    }
}

struct Event {
    key: Key,
    _payload: Payload,
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Event {}

impl Pending for BinaryHeap<Reverse<Event>> {
    fn put(&mut self, key: Key) {
        self.push(Reverse(Event { key, _payload: [1, 2] }));
    }

    fn take(&mut self) -> Timestamp {
        self.pop().expect("as many are put as taken").0.key.time
    }
}

/// The keys of the events that follow on others.
struct Causes {
    delays: Delays,
    drawn: Vec<(u64, NodeIx, NodeIx)>,
    n_caused: u32,
}

impl Causes {
    fn new(delays: Delays) -> Self {
        let mut random = Random::keyed(1, &["queue"]);
        let drawn = (0..DRAWN).map(|_| {
            let delay_ns = match delays {
                Delays::ConstantAtFourInstants | Delays::Constant => 20.0 * MS,
                Delays::Exponential => -20.0 * MS * random.unit().ln(),
                Delays::Bimodal => [1e3, 1e10][random.below(2) as usize],
                Delays::MostlyNone => [0.0, 20.0 * MS][usize::from(random.chance(0.01))],
            };
            let nodes = [random.below(NODES), random.below(NODES)].map(|node| NodeIx(node as u32));
            (delay_ns as u64, nodes[0], nodes[1])
        });
        Self { delays, drawn: drawn.collect(), n_caused: 0 }
    }

    /// One of the events that are pending in the beginning.
    fn first(&mut self) -> Key {
        let at = match self.delays {
            Delays::ConstantAtFourInstants => u64::from(self.n_caused % 4) * 5_000_000,
            Delays::Constant | Delays::Exponential | Delays::Bimodal | Delays::MostlyNone => {
                u64::from(self.n_caused) * 7_919 % 20_000_000
            }
        };
        self.next(Timestamp(at))
    }

    fn next(&mut self, now: Timestamp) -> Key {
        let (delay_ns, destination, source) = self.drawn[self.n_caused as usize % DRAWN];
        self.n_caused += 1;
        let time = Timestamp(now.0 + delay_ns);
        Key { time, class: Class::Delivery, destination, source, sequence: self.n_caused }
    }
}
