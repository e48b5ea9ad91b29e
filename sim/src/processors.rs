//! Processors that all nodes share: work waits for the next free one, in the order in which it came.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use cnsim::link::WorkModel;
use cnsim::random::{Purpose, Random};
use cnsim::time::{Interval, Timestamp};

/// How often a copy is worked on: when it leaves, when it is received, and when it is acknowledged.
const WORKS_A_COPY: u64 = 3;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Processors {
    /// When each is free.
    free: BinaryHeap<Reverse<Timestamp>>,
    model: WorkModel,
    draws: Draws,
    works: u64,
}

/// What times are drawn by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draws {
    pub(crate) seed: u64,
    pub(crate) first_period: u32,
}

/// When something is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) begins: Timestamp,
    pub(crate) ends: Timestamp,
}

impl Processors {
    /// So many, at least one, on which a copy takes this time over its whole way.
    pub(crate) fn new(count: u32, model: WorkModel, draws: Draws) -> Self {
        let free = (0..count.max(1)).map(|_| Reverse(Timestamp::default())).collect();
        Self { free, model, draws, works: 0 }
    }

    /// Takes everything off them.
    pub(crate) fn clear(&mut self) {
        let count = self.free.len();
        self.free = (0..count).map(|_| Reverse(Timestamp::default())).collect();
    }

    /// A part of the work on a copy that comes now, which is no earlier than what came before.
    pub(crate) fn work(&mut self, now: Timestamp) -> Work {
        let Draws { seed, first_period } = self.draws;
        self.works += 1;
        let key = [u64::from(first_period), self.works];
        let whole = self.model.draw(|| Random::at(seed, Purpose::Service, &key));
        let first_free = self.free.pop().map_or(now, |Reverse(free)| free);
        let begins = first_free.max(now);
        let ends = begins + Interval(whole.0 / WORKS_A_COPY);
        self.free.push(Reverse(ends));
        Work { begins, ends }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Draws = Draws { seed: 7, first_period: 0 };

    fn processors(count: u32, copy: &str) -> Processors {
        Processors::new(count, WorkModel::new(&copy.parse().unwrap(), None).unwrap(), SEED)
    }

    #[test]
    fn work_waits_for_the_first_processor_that_is_free() {
        let mut two = processors(2, "constant:30ms");
        let ended = [0, 0, 0, 5, 100].map(|ms| two.work(Timestamp(ms * 1_000_000)).ends.0 / 1_000_000);
        assert_eq!(ended, [10, 10, 20, 20, 110]);
    }

    /// Crommelin (1932): who is in the system one service later is who came meanwhile and who had no processor before. The
    /// mean wait follows from the mean number by Little's law; in services.
    fn mdc_wait(processors: usize, load: f64) -> f64 {
        const STATES: usize = 200;
        let arrivals = load * processors as f64;
        let mut poisson = vec![(-arrivals).exp()];
        (1..STATES).for_each(|n| poisson.push(poisson[n - 1] * arrivals / n as f64));
        let mut shares = vec![0.0; STATES];
        shares[0] = 1.0;
        for _ in 0..1_500 {
            let mut next = vec![0.0; STATES];
            for (there, share) in shares.iter().enumerate() {
                let left = there.saturating_sub(processors);
                next[left..].iter_mut().zip(&poisson).for_each(|(next, came)| *next += share * came);
            }
            let whole: f64 = next.iter().sum();
            shares = next.into_iter().map(|share| share / whole).collect();
        }
        let mean: f64 = shares.iter().enumerate().map(|(there, share)| there as f64 * share).sum();
        mean / arrivals - 1.0
    }

    #[test]
    fn poisson_arrivals_wait_as_long_as_queueing_theory_says() {
        // One processor by Pollaczek and Khinchin: load / (2 - 2 load).
        assert!((mdc_wait(1, 0.8) - 2.0).abs() < 1e-6);
        let service_ns = 1e6;
        for (count, load) in [(1, 0.8), (2, 0.8), (4, 0.7)] {
            let mut shared = processors(count, "constant:3ms");
            let (mut at, mut waited, works) = (0.0, 0.0, 400_000_u64);
            for work in 0..works {
                let unit = Random::at(1, Purpose::Begin, &[u64::from(count), work]).unit();
                at -= unit.ln() * service_ns / (load * f64::from(count));
                let now = Timestamp(at as u64);
                waited += shared.work(now).begins.since(now).0 as f64;
            }
            let (mean, exact) = (waited / works as f64 / service_ns, mdc_wait(count as usize, load));
            assert!((mean / exact - 1.0).abs() < 0.03, "{count} at {load}: {mean} instead of {exact}");
        }
    }
}
