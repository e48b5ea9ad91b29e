//! A node sends once, to k others at random, and never again: how many are missed, exactly, with and without loss.

use cnsim::link::{LinkSpec, Transport};
use cnsim::scenario::{FaultSpec, Kind};
use cnsim::time::Interval;

use super::check::{Check, Effort};
use super::exact::final_size::{self, final_size};
use super::laboratory::{Laboratory, complete};

const NODES: usize = 100;

/// The probability that everybody is reached, and the share that is not.
pub(crate) fn infect_and_die(seed: u64, effort: Effort) -> Vec<Check> {
    let rounds = effort.rounds(4_000);
    let mut checks = Vec::new();
    for (fanout, loss, share) in
        [(4, 0.0, "0"), (6, 0.0, "0"), (10, 0.0, "0"), (6, 0.1, "10%"), (6, 0.3, "30%"), (6, 0.5, "50%")]
    {
        let links = LinkSpec {
            delay: "constant:20ms".parse().expect("a delay"),
            loss: share.parse().expect("a share"),
            transport: Transport::Datagram,
            ..LinkSpec::default()
        };
        let laboratory = Laboratory::with(&complete(NODES), &format!("push:{fanout}"), &links, seed, |settings| {
            settings.back_to_sender = true;
        });
        let missed = |round| 1.0 - (laboratory.spread(round, 0).deliveries_ns().len() + 1) as f64 / NODES as f64;
        let missed: Vec<f64> = (0..rounds).map(missed).collect();
        let all: Vec<f64> = missed.iter().map(|missed| f64::from(u8::from(*missed < 1e-9))).collect();
        let exact = final_size(&final_size::Spread { n_nodes: NODES, fanout, loss, n_crashed: 0 });
        let (mean, sd) = exact.residue();
        let experiment = format!(
            "push:{fanout} --back-to-sender, complete graph of {NODES}, {share} datagram loss, {rounds} rounds"
        );
        checks.push(Check::mean(&experiment, "P(all)", exact.all(), (exact.all() * (1.0 - exact.all())).sqrt(), &all));
        checks.push(Check::mean(&experiment, "residue", mean, sd, &missed));
    }
    checks
}

/// The same where a part of the nodes is down from the start and still chosen, among the nodes that are up.
pub(crate) fn infect_and_die_among_the_dead(seed: u64, effort: Effort) -> Vec<Check> {
    let rounds = effort.rounds(4_000);
    let mut checks = Vec::new();
    for (fanout, share, n_crashed) in [(6, "10%", 10), (6, "30%", 30), (6, "50%", 50), (10, "30%", 30)] {
        let links = LinkSpec { delay: "constant:20ms".parse().expect("a delay"), ..LinkSpec::default() };
        let laboratory = Laboratory::with(&complete(NODES), &format!("push:{fanout}"), &links, seed, |settings| {
            settings.back_to_sender = true;
            settings.deadline = Some(Interval::from_ms(1_000));
        });
        let crash = Kind::Crash {
            who: share.parse().expect("a share"),
            how: Default::default(),
            back_after: None,
            state: Default::default(),
        };
        let faults = [FaultSpec { name: "dead".to_owned(), at: Interval::ZERO, lasts: None, kind: crash }];
        let live = (NODES - n_crashed) as f64;
        let missed = |round| {
            let reached = laboratory.spread_under(round, &faults).deliveries_ns().len() + 1;
            1.0 - reached as f64 / live
        };
        let missed: Vec<f64> = (0..rounds).map(missed).collect();
        let all: Vec<f64> = missed.iter().map(|missed| f64::from(u8::from(*missed < 1e-9))).collect();
        let exact = final_size(&final_size::Spread { n_nodes: NODES, fanout, loss: 0.0, n_crashed });
        let (mean, sd) = exact.residue();
        let experiment = format!(
            "push:{fanout} --back-to-sender, complete graph of {NODES}, {share} down from the start, {rounds} rounds"
        );
        checks.push(Check::mean(&experiment, "P(all)", exact.all(), (exact.all() * (1.0 - exact.all())).sqrt(), &all));
        checks.push(Check::mean(&experiment, "residue", mean, sd, &missed));
    }
    checks
}
