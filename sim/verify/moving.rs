//! A network that is a new random graph in each period: how a message grows in it, exactly.

use cnsim::link::LinkSpec;
use cnsim::motion::MotionSpec;
use cnsim::protocol::Phase;
use cnsim::time::Interval;
use cnsim::topology::default_ids;

use super::check::{Check, Effort};
use super::exact::synchronous::{Chain, Style};
use super::laboratory::{Laboratory, Spread, complete};

const PERIOD: Interval = Interval::from_ms(1_000);
/// Long enough for every round: what is left after it has no graph to be new.
const SPAN: Interval = Interval::from_ms(60_000);

/// `rewire:1:PERIOD` of `er:p` with a node that sends to all its neighbours in each of its periods, which begin when the graph is new.
///
/// One hop a period is what makes it the chain: a copy takes part of a period, so that whoever has it from this graph sends in the
/// next one. An epidemic without delay goes on inside a period as far as links lead, and at the instant of a change over both graphs,
/// because contacts are closed: that is another law.
pub(crate) fn fresh_graphs(seed: u64, effort: Effort) -> Vec<Check> {
    let rounds = effort.rounds(2_000);
    let mut checks = Vec::new();
    for (nodes, linked) in [(20, "0.1"), (100, "0.03")] {
        let word = format!("rewire:1:1s:er:{linked}");
        let Ok(MotionSpec::Model(model)) = word.parse::<MotionSpec>() else { unreachable!("{word} is a model") };
        let links = LinkSpec { delay: "constant:100ms".parse().expect("a delay"), ..LinkSpec::default() };
        let laboratory =
            Laboratory::with(&complete(nodes), &format!("push-periodic:{nodes}"), &links, seed, |settings| {
                (settings.period, settings.phase) = (PERIOD, Phase::Aligned);
            });
        // Each round has graphs of its own.
        let contacts = |round: u32| {
            let drawn = model.generate(default_ids(nodes as u32), seed.wrapping_add(round.into()), SPAN);
            drawn.expect("this network can be")
        };
        let spreads: Vec<Spread> =
            (0..rounds).map(|round| laboratory.spread_over(contacts(round), round, round % nodes as u32)).collect();
        let chain = Chain::new(nodes, Style::FreshGraph { linked: linked.parse().expect("a number") });
        let experiment = format!("push to all neighbours, {word} of {nodes}, {rounds} rounds");
        let exact = chain.rounds_to_all();
        let periods: Vec<f64> = spreads.iter().map(|spread| (spread.t100_ns() / PERIOD.0) as f64).collect();
        checks.push(Check::mean(&experiment, "mean periods to all", exact.mean, exact.sd, &periods));
        checks.push(Check::deviation(&experiment, "sd of periods to all", exact.sd, &periods));
        checks.extend(holders(&experiment, &chain, &spreads));
    }
    checks
}

/// How many nodes hold the message after the first periods, by name.
const AFTER: [(usize, &str); 3] =
    [(1, "holders after 1 period"), (3, "holders after 3 periods"), (5, "holders after 5 periods")];

fn holders(experiment: &str, chain: &Chain, spreads: &[Spread]) -> Vec<Check> {
    let knowing = chain.knowing_by_round(5);
    let check = |(periods, name): (usize, &'static str)| {
        let moment =
            |power| knowing[periods].iter().zip(1_u32..).map(|(p, k)| p * f64::from(k).powi(power)).sum::<f64>();
        let (mean, second) = (moment(1), moment(2));
        let by_then = |at_ns: &u64| *at_ns < (periods as u64 + 1) * PERIOD.0;
        let held = |spread: &Spread| 1.0 + spread.deliveries_ns().iter().filter(|at| by_then(at)).count() as f64;
        let sample: Vec<f64> = spreads.iter().map(held).collect();
        Check::mean(experiment, name, mean, (second - mean * mean).max(0.0).sqrt(), &sample)
    };
    AFTER.map(check).to_vec()
}
