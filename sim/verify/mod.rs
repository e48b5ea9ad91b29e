//! The simulator against exact values: each file is one kind of experiment, [`exact`] is what it has to give.

pub(crate) mod check;
mod cycles;
pub(crate) mod exact;
mod flood;
mod laboratory;
mod links;
mod maelstrom;
mod moving;
mod open_loop;
mod queues;
mod reliability;

use check::{Check, Effort};

/// Every experiment under a seed.
pub(crate) fn all(seed: u64, effort: Effort) -> Vec<Check> {
    let experiments = [
        flood::exponential_delays,
        cycles::synchronous_rounds,
        cycles::rumors,
        reliability::infect_and_die,
        reliability::infect_and_die_among_the_dead,
        moving::fresh_graphs,
        maelstrom::broadcasts,
        links::datagram_loss,
        links::stream_loss,
        queues::fifo_uplink,
        queues::validation,
        queues::waiting,
        open_loop::poisson_begins,
    ];
    experiments.iter().flat_map(|experiment| experiment(seed, effort)).collect()
}
