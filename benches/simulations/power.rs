//! The smallest drift, humps and outliers that the audit finds in 80 % of runs. Times of rounds are log-normal.

use cnsim::manifest::Manifest;
use cnsim_analyze::audit::{Check, Severity, audit};
use cnsim_analyze::evaluation::evaluate_loaded;

use super::made::{Chance, run, share};

const POWER: f64 = 0.8;
const ROUNDS: [usize; 7] = [10, 20, 30, 50, 100, 200, 500];

/// What one round is made of.
struct Round {
    /// Its place in the run, from 0 to 1.
    place: f64,
    /// Standard normal.
    noise: f64,
    /// Uniform in (0, 1).
    drawn: f64,
    /// Its place in an order by chance, from 0 to 1.
    order: f64,
}

/// An effect on times that a check should find.
struct Effect {
    what: String,
    check: Check,
    /// Standard deviation of the logarithm of times without it.
    spread: f64,
    /// Checks ask for more where nobody knows what rounds waited for.
    manifest: Option<Manifest>,
    /// The largest that is tried.
    most: f64,
    /// What there is of it in so many rounds: a share of rounds is a number of them.
    shown: fn(effect: f64, rounds: usize) -> f64,
    /// By how much the logarithm of a round's time grows.
    adds: fn(effect: f64, round: &Round) -> f64,
}

pub(crate) fn print(runs: u64) {
    println!("What the checks find in {:.0} % of runs, by {runs} runs for each number", 100.0 * POWER);
    for effect in effects() {
        println!("\n{}", effect.what);
        for rounds in ROUNDS {
            let found = |size: f64| share(runs, &effect.what, |chance| effect.is_found(size, rounds, chance));
            match smallest(effect.most, found) {
                Some(size) => {
                    let shown = (effect.shown)(size, rounds);
                    println!("  {rounds} rounds: {shown:.3} (and found without it: {:.3})", found(0.0));
                }
                None => println!("  {rounds} rounds: none up to {}", effect.most),
            }
        }
    }
}

fn effects() -> Vec<Effect> {
    let mut effects = vec![
        Effect {
            what: "drift, spreads from the first to the last round".to_owned(),
            check: Check::DriftOverRounds,
            spread: 0.2,
            manifest: None,
            most: 12.0,
            shown: |effect, _| effect,
            adds: |effect, round| 0.2 * effect * (round.place - 0.5),
        },
        Effect {
            what: "hump, spreads between two equal halves that nothing known tells apart".to_owned(),
            check: Check::BimodalConvergence,
            spread: 0.2,
            manifest: None,
            most: 12.0,
            shown: |effect, _| effect,
            adds: |effect, round| if round.drawn < 0.5 { 0.2 * effect } else { 0.0 },
        },
    ];
    for (words, manifest) in [("with a manifest", Some(a_manifest())), ("without one", None)] {
        effects.extend([0.1, 0.2, 0.25].map(|spread| Effect {
            what: format!("share of rounds at three times the time, where times spread by {spread}, {words}"),
            check: Check::OutlierRounds,
            spread,
            manifest: manifest.clone(),
            most: 0.4,
            shown: |effect, rounds| (effect * rounds as f64).ceil() / rounds as f64,
            adds: |effect, round| if round.order < effect { 3_f64.ln() } else { 0.0 },
        }));
    }
    effects
}

/// One that says nothing of single rounds.
fn a_manifest() -> Manifest {
    let text = include_str!("../../analyze/tests/fixtures/plants/mail-cubaan6/manifest.json");
    let manifest = Manifest::from_json(text.as_bytes()).expect("a manifest of this checkout");
    Manifest { rounds: Vec::new(), ..manifest }
}

impl Effect {
    fn is_found(&self, size: f64, rounds: usize, chance: &mut Chance) -> bool {
        let order = chance.order(rounds);
        let time_ms = |(number, order): (usize, usize)| {
            let place = number as f64 / (rounds - 1) as f64;
            let order = order as f64 / rounds as f64;
            let round = Round { place, noise: chance.normal(), drawn: chance.uniform(), order };
            10.0 * (self.spread * round.noise + (self.adds)(size, &round)).exp()
        };
        let times_ms: Vec<f64> = order.into_iter().enumerate().map(time_ms).collect();
        let quality = audit(&evaluate_loaded([run("c", "run", &times_ms, self.manifest.clone())], 0));
        quality.findings.iter().any(|found| found.check == self.check && found.severity >= Severity::Caution)
    }
}

/// The smallest effect that is found often enough: step by step, because a very large one may hide itself, then by bisection.
fn smallest(most: f64, found: impl Fn(f64) -> f64) -> Option<f64> {
    const STEPS: u32 = 16;
    let at = |step: u32| most * f64::from(step) / f64::from(STEPS);
    let first = (1..=STEPS).find(|step| found(at(*step)) >= POWER)?;
    let (mut low, mut high) = (at(first - 1), at(first));
    for _ in 0..4 {
        let middle = (low + high) / 2.0;
        if found(middle) < POWER { low = middle } else { high = middle }
    }
    Some(high)
}
