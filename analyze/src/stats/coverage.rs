//! Simulated samples, for tests of how often an interval holds what it should.

use cnsim::random::Random;
use rayon::prelude::*;

/// The share of `trials` that are true, each with a generator of its own.
pub(super) fn share(trials: usize, trial: impl Fn(&mut Random) -> bool + Sync) -> f64 {
    let hit = |number: usize| trial(&mut Random::keyed(20_250_326, &["coverage", &number.to_string()]));
    (0..trials).into_par_iter().filter(|number| hit(*number)).count() as f64 / trials as f64
}

/// Uniform in (0, 1).
pub(super) fn uniform(random: &mut Random) -> f64 {
    (random.below(1 << 53) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Exponential with mean 1.
pub(super) fn exponential(random: &mut Random) -> f64 {
    -uniform(random).ln()
}

/// Standard normal (Box and Muller 1958).
pub(super) fn normal(random: &mut Random) -> f64 {
    (-2.0 * uniform(random).ln()).sqrt() * (std::f64::consts::TAU * uniform(random)).cos()
}

/// Deployments of five rounds that differ as much as rounds do.
pub(super) fn deployments(count: usize, centre: f64, random: &mut Random) -> Vec<Vec<f64>> {
    let mut deployments = Vec::new();
    for _ in 0..count {
        let deployment = centre + normal(random);
        deployments.push((0..5).map(|_| deployment + normal(random)).collect());
    }
    deployments
}
