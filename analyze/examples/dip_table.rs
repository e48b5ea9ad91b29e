//! Makes the table of `analyze/src/stats/dip_table.rs`: `dip_table [SAMPLES]`, 300,000 of each size if not told.

use cnsim::random::Random;
use cnsim_analyze::stats::{dip, sorted};
use rayon::prelude::*;

const SIZES: [usize; 4] = [500, 1_000, 2_000, 5_000];
const PROBABILITIES: [f64; 12] = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4];

fn main() {
    let samples = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(300_000);
    for size in SIZES {
        let dips: Vec<f64> = (0..samples).into_par_iter().filter_map(|number| dip(&even(size, number))).collect();
        let dips = sorted(dips.into_iter().map(|dip| dip * (size as f64).sqrt()));
        let at = |probability: &f64| dips[dips.len() - 1 - (probability * samples as f64) as usize];
        let line: Vec<String> = PROBABILITIES.iter().map(|probability| format!("{:.4}", at(probability))).collect();
        println!("    ({size}, [{}]),", line.join(", "));
    }
}

/// Evenly spread values in order, by the sums of exponential ones (Devroye 1986, ch. V.3).
fn even(size: usize, number: usize) -> Vec<f64> {
    let mut random = Random::keyed(2, &["dip table", &size.to_string(), &number.to_string()]);
    let mut sum = 0.0;
    let next = |_| {
        sum -= ((random.below(1 << 53) as f64 + 0.5) / (1_u64 << 53) as f64).ln();
        sum
    };
    (0..size).map(next).collect()
}
