//! Protocols in aligned periods on the complete graph: exact Markov chains, and the tables of Demers et al. (1987).

use cnsim::link::{LinkSpec, Transport};
use cnsim::protocol::Phase;
use cnsim::time::Interval;

use super::check::{Check, Effort};
use super::exact::rumor::{self, Feedback, Interest, Outcome, Rumor};
use super::exact::synchronous::{Chain, Style};
use super::laboratory::{Laboratory, Spread, complete};

const PERIOD: Interval = Interval::from_ms(1_000);

fn laboratory(protocol: &str, nodes: usize, loss: &str, seed: u64) -> Laboratory {
    let links = LinkSpec {
        delay: "constant:100ms".parse().expect("a delay"),
        loss: loss.parse().expect("a share"),
        transport: Transport::Datagram,
        ..LinkSpec::default()
    };
    Laboratory::with(&complete(nodes), protocol, &links, seed, |settings| {
        (settings.period, settings.phase) = (PERIOD, Phase::Aligned);
        // A lost question is given up long before the next period.
        settings.deadline = Some(Interval::from_ms(200));
    })
}

/// The number of periods until everybody holds the message.
pub(crate) fn synchronous_rounds(seed: u64, effort: Effort) -> Vec<Check> {
    let push = |arrives| Style::Push { arrives };
    let pull = |arrives| Style::Pull { request_arrives: arrives, answer_arrives: arrives };
    let rounds = effort.rounds(2_000);
    let mut checks = Vec::new();
    for (protocol, loss, style) in [
        ("push-periodic:1", "0", push(1.0)),
        ("push-periodic:1", "10%", push(0.9)),
        ("pull", "0", pull(1.0)),
        ("pull", "10%", pull(0.9)),
        ("push-pull", "0", Style::PushPull),
    ] {
        for nodes in [10, 100] {
            let laboratory = laboratory(protocol, nodes, loss, seed);
            let exact = Chain::new(nodes, style).rounds_to_all();
            let cycles = |round| cycle(laboratory.spread(round, round % nodes as u32).t100_ns());
            let sample: Vec<f64> = (0..rounds).map(cycles).collect();
            let experiment = format!("{protocol}, complete graph of {nodes}, {loss} datagram loss, {rounds} rounds");
            checks.push(Check::mean(&experiment, "mean periods to all", exact.mean, exact.sd, &sample));
            checks.push(Check::deviation(&experiment, "sd of periods to all", exact.sd, &sample));
        }
    }
    checks
}

/// Which period an instant lies behind, counted from the one before the first contact.
fn cycle(ns: u64) -> f64 {
    (ns / PERIOD.0) as f64
}

/// Residue, traffic and the last cycle of rumors, beside an independent program of the cycles, which reproduces the published tables.
pub(crate) fn rumors(seed: u64, effort: Effort) -> Vec<Check> {
    use rumor::Style::{Pull, Push};
    let rounds = effort.rounds(300);
    let mut checks = Vec::new();
    for (word, style, feedback, interest) in [
        ("rumor:push:feedback:counter:1", Push, Feedback::Useless, Interest::Counter(1)),
        ("rumor:push:feedback:counter:2", Push, Feedback::Useless, Interest::Counter(2)),
        ("rumor:push:blind:coin:1", Push, Feedback::Blind, Interest::Coin(1)),
        ("rumor:push:blind:coin:2", Push, Feedback::Blind, Interest::Coin(2)),
        ("rumor:pull:feedback:counter:1", Pull, Feedback::Useless, Interest::Counter(1)),
    ] {
        let n_sites = 1_000;
        let laboratory = laboratory(word, n_sites, "0", seed);
        let ours: Vec<Outcome> = (0..rounds).map(|round| outcome(&laboratory.spread(round, 0), n_sites)).collect();
        let rumor = Rumor { n_sites, style, feedback, interest };
        let theirs: Vec<Outcome> = (0..u64::from(rounds)).map(|run| rumor::play(&rumor, seed ^ run)).collect();
        let experiment = format!("{word}, complete graph of {n_sites}, {rounds} rounds");
        for (quantity, of) in MEASURES {
            let [ours, theirs] = [&ours, &theirs].map(|all| all.iter().map(of).collect::<Vec<_>>());
            checks.push(Check::two_means(&experiment, quantity, &theirs, &ours));
        }
    }
    checks
}

/// A number of an outcome, by its name.
type Measure = (&'static str, fn(&Outcome) -> f64);

const MEASURES: [Measure; 3] =
    [("residue s", |it| it.residue), ("traffic m", |it| it.traffic), ("last cycle", |it| it.last)];

fn outcome(spread: &Spread, n_sites: usize) -> Outcome {
    let reached = spread.deliveries_ns().len() + 1;
    Outcome {
        residue: 1.0 - reached as f64 / n_sites as f64,
        traffic: spread.copies as f64 / n_sites as f64,
        last: cycle(spread.t100_ns()),
    }
}
