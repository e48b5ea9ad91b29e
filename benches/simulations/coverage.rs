//! How often intervals hold the number that they are of.

use cnsim_analyze::stats::{
    Interval, LEVEL, REPLICATES, Resampling, Shift, cliffs_delta, hierarchical_mean, hierarchical_quantile,
    hierarchical_shift, mean_interval, median_interval, median_ratio, paired_shift, resampled_shift, shift, sorted,
    wilson_interval,
};

use super::made::{Chance, share};

/// As `compare` resamples shifts.
const SHIFTS: Resampling = Resampling { seed: 1, replicates: 1_999, level: LEVEL };
const MEANS: Resampling = Resampling { replicates: REPLICATES, ..SHIFTS };

/// An interval of one sample by chance, and what it should hold.
type Trial = fn(&mut Chance) -> (Option<Interval>, f64);

const OF_ROUNDS: [(&str, Trial); 10] = [
    ("median by order statistics, 20 exponential rounds", |chance| (of_median(&chance.exponentials(20)), 2_f64.ln())),
    ("mean by BCa, 30 exponential rounds", |chance| (mean_interval(&chance.exponentials(30), &MEANS), 1.0)),
    ("share by Wilson, 20 rounds of which 90 % are complete", |chance| {
        let complete = (0..20).filter(|_| chance.uniform() < 0.9).count();
        (wilson_interval(complete as f64, 20, LEVEL), 0.9)
    }),
    ("shift of Hodges and Lehmann, 9 and 12 exponential rounds", |chance| {
        (of_shift(shift(&chance.exponentials(9), &moved(chance.exponentials(12), 0.5), LEVEL)), 0.5)
    }),
    ("shift of Hodges and Lehmann, 100 normal rounds and 100", |chance| {
        (of_shift(shift(&chance.normals(100), &chance.normals(100), LEVEL)), 0.0)
    }),
    ("the same, 100 and 10 that spread five times as much (not used there)", |chance| {
        (of_shift(shift(&chance.normals(100), &spread(chance.normals(10)), LEVEL)), 0.0)
    }),
    ("resampled shift, 100 and 10 that spread five times as much", |chance| {
        (of_shift(resampled_shift(&chance.normals(100), &spread(chance.normals(10)), &SHIFTS)), 0.0)
    }),
    ("paired shift, 12 pairs", |chance| {
        let a = chance.exponentials(12);
        let b: Vec<f64> = a.iter().map(|value| value + 0.3 + 0.2 * chance.normal()).collect();
        (of_shift(paired_shift(&a, &b, LEVEL)), 0.3)
    }),
    ("ratio of medians, 20 and 20 exponential rounds, twice as long", |chance| {
        let b: Vec<f64> = chance.exponentials(20).into_iter().map(|value| 2.0 * (1.0 + value)).collect();
        (median_ratio(&moved(chance.exponentials(20), 1.0), &b, LEVEL).and_then(|ratio| ratio.interval), 2.0)
    }),
    ("Cliff's delta, 12 and 15 exponential rounds, twice as long", |chance| {
        let b: Vec<f64> = chance.exponentials(15).into_iter().map(|value| 2.0 * value).collect();
        (cliffs_delta(&chance.exponentials(12), &b, LEVEL).and_then(|delta| delta.interval), 1.0 / 3.0)
    }),
];

pub(crate) fn print(samples: u64) {
    println!("\nHow often a 95 % interval holds its number, by {samples} samples");
    for (what, trial) in OF_ROUNDS {
        print_one(what, samples, trial);
    }
    for count in [2, 3, 4, 8] {
        print_one(&format!("mean over {count} deployments"), samples, |chance| {
            (hierarchical_mean(&chance.deployments(count, 30.0), "mean", &MEANS), 30.0)
        });
        print_one(&format!("median over {count} deployments"), samples, |chance| {
            (hierarchical_quantile(&chance.deployments(count, 30.0), 0.5, "median", &SHIFTS), 30.0)
        });
        print_one(&format!("shift between {count} and {count} deployments"), samples, |chance| {
            let (a, b) = (chance.deployments(count, 30.0), chance.deployments(count, 32.0));
            (of_shift(hierarchical_shift(&a, &b, &SHIFTS)), 2.0)
        });
    }
}

fn print_one(what: &str, samples: u64, trial: impl Fn(&mut Chance) -> (Option<Interval>, f64) + Sync) {
    let held = share(samples, what, |chance| {
        let (interval, number) = trial(chance);
        interval.is_some_and(|interval| interval.holds(number))
    });
    println!("  {what}: {held:.3}");
}

fn of_shift(shift: Shift) -> Option<Interval> {
    Some(Interval { low: shift.low?, high: shift.high? })
}

fn of_median(values: &[f64]) -> Option<Interval> {
    let sorted = sorted(values.iter().copied());
    let ranks = median_interval(sorted.len())?;
    Some(Interval { low: sorted[ranks.low - 1], high: sorted[ranks.high - 1] })
}

fn moved(values: Vec<f64>, by: f64) -> Vec<f64> {
    values.into_iter().map(|value| value + by).collect()
}

fn spread(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|value| 5.0 * value).collect()
}
