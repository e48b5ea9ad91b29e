//! Loss: as many copies as were asked for, and under a stream as late as the retransmissions say.

use cnsim::link::{LinkSpec, RETRANSMISSION, Transport};
use cnsim_sim::journal::Fact;

use super::check::{Check, Effort};
use super::laboratory::{Laboratory, complete};

const NODES: usize = 1_000;
const LOSS: f64 = 0.05;

fn lossy(transport: Transport, seed: u64) -> Laboratory {
    let (delay, loss) = ("constant:20ms".parse().expect("a delay"), "5%".parse().expect("a share"));
    let links = LinkSpec { delay, loss, transport, ..LinkSpec::default() };
    Laboratory::new(&complete(NODES), "direct-mail", &links, seed)
}

/// The number of lost datagrams of a mail to all is binomial.
pub(crate) fn datagram_loss(seed: u64, effort: Effort) -> Vec<Check> {
    let laboratory = lossy(Transport::Datagram, seed);
    let rounds = effort.rounds(400);
    let lost = |round| {
        let spread = laboratory.spread(round, round % NODES as u32);
        spread.entries.iter().filter(|entry| matches!(entry.fact, Fact::Failed(_))).count() as f64
    };
    let lost: Vec<f64> = (0..rounds).map(lost).collect();
    let copies = (NODES - 1) as f64;
    let sd = (copies * LOSS * (1.0 - LOSS)).sqrt();
    let experiment = format!("direct mail to {}, datagrams, 5 % loss, {rounds} rounds", NODES - 1);
    vec![
        Check::mean(&experiment, "copies lost", copies * LOSS, sd, &lost),
        Check::deviation(&experiment, "sd of copies lost", sd, &lost),
    ]
}

/// Under a stream nothing is lost, and a copy that was lost k times comes 200 ms (2^k - 1) later: in the mean
/// p / (1 - 2p) times 200 ms.
pub(crate) fn stream_loss(seed: u64, effort: Effort) -> Vec<Check> {
    let laboratory = lossy(Transport::Stream, seed);
    let rounds = effort.rounds(400);
    let (mut late, mut failed) = (Vec::new(), 0);
    for round in 0..rounds {
        let spread = laboratory.spread(round, round % NODES as u32);
        failed += spread.entries.iter().filter(|entry| matches!(entry.fact, Fact::Failed(_))).count();
        late.extend(spread.latencies_ns().iter().map(|ns| (ns - 20_000_000) as f64 / RETRANSMISSION.0 as f64));
    }
    let experiment = format!("direct mail to {}, streams, 5 % loss, {rounds} rounds", NODES - 1);
    vec![
        Check::certain(&experiment, "copies lost", 0.0, failed as f64),
        Check::mean_of_sample(&experiment, "mean wait, in 200 ms", LOSS / (1.0 - 2.0 * LOSS), &late),
    ]
}
