//! A flood on the complete graph over exponential delays: a pure-birth chain, which checks clock, order of events, draws, delays,
//! hops and the number of copies at once.

use cnsim::link::LinkSpec;

use super::check::{Check, Effort};
use super::exact::pure_birth;
use super::laboratory::{Laboratory, complete};

const MEAN_NS: f64 = 20e6;

/// See the module.
pub(crate) fn exponential_delays(seed: u64, effort: Effort) -> Vec<Check> {
    let links = LinkSpec { delay: "exponential:20ms".parse().expect("a delay"), ..LinkSpec::default() };
    [(10, effort.rounds(4_000)), (100, effort.rounds(1_000))]
        .into_iter()
        .flat_map(|(nodes, rounds)| checks(&Laboratory::new(&complete(nodes), "flood", &links, seed), rounds))
        .collect()
}

fn checks(laboratory: &Laboratory, rounds: u32) -> Vec<Check> {
    let nodes = laboratory.nodes();
    let exact = pure_birth::flood(nodes);
    let experiment = format!("flood, complete graph of {nodes}, exponential delays, {rounds} rounds");
    let (mut t100, mut delivery, mut hop, mut copies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let spread = laboratory.spread(round, round % nodes);
        let others = f64::from(nodes - 1);
        t100.push(spread.t100_ns() as f64 / MEAN_NS);
        delivery.push(spread.deliveries_ns().iter().sum::<u64>() as f64 / others / MEAN_NS);
        hop.push(f64::from(spread.hops().iter().sum::<u32>()) / others);
        copies.push(spread.copies as f64);
    }
    let most = copies.iter().copied().fold(0.0, f64::max);
    let least = copies.iter().copied().fold(f64::INFINITY, f64::min);
    vec![
        Check::mean(&experiment, "mean t100, in mean delays", exact.t100_mean, exact.t100_sd, &t100),
        Check::deviation(&experiment, "sd of t100, in mean delays", exact.t100_sd, &t100),
        Check::mean_of_sample(&experiment, "mean delivery, in mean delays", exact.delivery_mean, &delivery),
        Check::mean_of_sample(&experiment, "mean hop", exact.hop_mean, &hop),
        Check::certain(&experiment, "fewest copies of a round", exact.copies as f64, least),
        Check::certain(&experiment, "most copies of a round", exact.copies as f64, most),
    ]
}
