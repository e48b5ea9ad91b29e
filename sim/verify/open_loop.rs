//! Messages that begin as a Poisson process, as `--every poisson` makes them: how long their copies wait for a FIFO uplink.

use cnsim::link::LinkSpec;
use cnsim::pace::{Pace, Schedule, WarmUp};
use cnsim::time::Interval;
use cnsim_sim::journal::{Entry, Fact};

use super::check::{Check, Effort};
use super::exact::queueing::{fifo_left_ns, md1_wait};
use super::laboratory::{Laboratory, complete};

/// Large enough that the digits of a copy's name make no difference.
const PAYLOAD_BYTES: usize = 20_000;
const RATE: u64 = 100_000_000;
const DELAY_NS: u64 = 20_000_000;
/// Waits are correlated: their error is that of the means of so many batches.
const BATCHES: u32 = 64;

/// One copy a message: a queue with Poisson arrivals and a constant service time.
pub(crate) fn poisson_begins(seed: u64, effort: Effort) -> Vec<Check> {
    let links = LinkSpec {
        delay: "constant:20ms".parse().expect("a delay"),
        uplink: Some("100Mbit".parse().expect("a rate")),
        sharing: "fifo".parse().expect("a sharing"),
        ..LinkSpec::default()
    };
    let laboratory = Laboratory::new(&complete(2), "direct-mail", &links, seed);
    let mut checks = Vec::new();
    for utilisation in [0.5, 0.8] {
        let size = effort.rounds(2_000);
        let service_ns = fifo_left_ns(1, PAYLOAD_BYTES as u64, RATE);
        let gap = Interval((service_ns as f64 / utilisation) as u64);
        let schedule = Schedule::of(Pace::Poisson(gap), WarmUp::Rounds(size), BATCHES * size, seed);
        let schedule = schedule.expect("an open loop has a schedule");
        let entries = laboratory.open_loop(schedule.begins(), PAYLOAD_BYTES);
        let scored = entries.iter().filter(|entry| schedule.is_scored(entry.message.0) && entry.fact == Fact::Received);
        let mut waits: Vec<(u32, f64)> = scored.map(|entry| (entry.message.0, wait_ns(entry))).collect();
        waits.sort_by_key(|(round, _)| *round);
        let mean_service_ns = entries.iter().filter(|entry| entry.fact == Fact::Received).map(own_ns).sum::<f64>()
            / schedule.begins().len() as f64;
        let batches: Vec<f64> = waits
            .chunks(size as usize)
            .map(|batch| batch.iter().map(|(_, wait)| wait / mean_service_ns).sum::<f64>() / batch.len() as f64)
            .collect();
        let experiment = format!(
            "--every poisson, FIFO uplink, utilisation {utilisation}, {BATCHES} batches of {size} messages of one copy"
        );
        let exact = md1_wait(mean_service_ns / gap.0 as f64);
        checks.push(Check::mean_of_sample(&experiment, "mean wait, in mean services", exact, &batches));
    }
    checks
}

/// How long a copy takes to leave.
fn own_ns(entry: &Entry) -> f64 {
    fifo_left_ns(1, entry.bytes, RATE) as f64
}

/// How long it waited for those before it.
fn wait_ns(entry: &Entry) -> f64 {
    entry.at.since(entry.sent).0 as f64 - DELAY_NS as f64 - own_ns(entry)
}
