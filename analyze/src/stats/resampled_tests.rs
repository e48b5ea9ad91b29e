//! What is computed is what drawing gives, and covers as often.

use cnsim::random::Random;

use super::coverage::{exponential, normal, share};
use super::drawn::Drawn;
use super::interval::Interval;
use super::resample::{MANY_ROUNDS, Resampling, resampled_mean};
use super::{hierarchical_mean, hierarchical_quantile, hierarchical_shift, mean, mean_interval, quantile, resampled};

const RESAMPLING: Resampling = Resampling { seed: 5, replicates: 999, level: 0.9 };

/// Rounds of deployments that differ as much as rounds do; times are skewed as times are.
fn sample(sizes: &[usize], random: &mut Random) -> Vec<Vec<f64>> {
    let mut sample = Vec::new();
    for rounds in sizes {
        let deployment = 3.0 + normal(random);
        sample.push((0..*rounds).map(|_| deployment + exponential(random)).collect());
    }
    sample
}

fn slices(deployments: &[Vec<f64>]) -> Vec<&[f64]> {
    deployments.iter().map(Vec::as_slice).collect()
}

/// Fails unless `found` lies among sorted replicates about where the scores -1.96 and 1.96 do; what 4000 replicates leave open
/// is 0.25 of a percent on either side, and twice that is let pass.
#[track_caller]
fn is_where_replicates_are(found: [f64; 2], replicates: &[f64], what: &str) {
    for (end, tail) in found.into_iter().zip([0.025, 0.975]) {
        let below = replicates.partition_point(|value| *value < end) as f64 / replicates.len() as f64;
        let up_to = replicates.partition_point(|value| *value <= end) as f64 / replicates.len() as f64;
        assert!(below <= tail + 0.0075 && up_to >= tail - 0.0075, "{what}: {below} to {up_to} for {tail}");
    }
}

#[test]
fn computed_ends_lie_where_drawn_replicates_do() {
    let drawing = Resampling { replicates: 4_000, ..RESAMPLING };
    let designs: [(&str, Vec<usize>); 4] = [
        ("ten deployments", vec![50; 10]),
        ("eighty deployments", vec![8; 80]),
        ("deployments of unequal sizes", (0..30).map(|size| 5 + 2 * size).collect()),
        ("one large deployment among small ones", [vec![200], vec![10; 40]].concat()),
    ];
    for (name, sizes) in designs {
        let deployments = sample(&sizes, &mut Random::keyed(3, &[name]));
        let drawn = Drawn::of(&deployments);
        let means = drawing.values("mean", |random| mean(drawn.sorted(random)).unwrap());
        is_where_replicates_are(resampled::means(&slices(&deployments), [-1.96, 1.96]).unwrap(), &means, name);
        for share in [0.5, 0.9, 0.99] {
            let quantiles = drawing.values("quantile", |random| quantile(&drawn.sorted(random), share).unwrap());
            let found = resampled::quantiles(&slices(&deployments), share, [-1.96, 1.96]).unwrap();
            is_where_replicates_are(found, &quantiles, &format!("{name}, quantile {share}"));
        }
    }
}

#[test]
fn of_one_deployment_it_is_the_bootstrap_of_its_rounds_outliers_too() {
    let mut random = Random::keyed(4, &["one"]);
    let mut rounds: Vec<f64> = (0..600).map(|_| exponential(&mut random)).collect();
    for outlier in [0.0, 8.0, 60.0] {
        rounds[0] = outlier;
        let drawing = Resampling { replicates: 4_000, ..RESAMPLING };
        let means = drawing.values("mean", |random| resampled_mean(&rounds, random));
        let found = resampled::means(&[&rounds], [-1.96, 1.96]).unwrap();
        is_where_replicates_are(found, &means, &format!("outlier {outlier}"));
    }
}

#[test]
fn censored_rounds_leave_the_upper_end_of_a_quantile_open() {
    let mut deployments = sample(&[20; 25], &mut Random::keyed(6, &["censored"]));
    deployments.iter_mut().for_each(|rounds| rounds[..2].fill(f64::INFINITY));
    let interval = |share| hierarchical_quantile(&deployments, share, "x", &RESAMPLING).unwrap();
    assert!(interval(0.5).high.is_finite() && interval(0.89).low.is_finite());
    assert!(interval(0.89).high.is_infinite(), "a tenth of the rounds never came");
}

#[test]
fn equal_values_have_an_interval_without_width_for_a_quantile_and_none_for_a_mean() {
    let deployments = vec![vec![7.0; 20]; 30];
    let found = hierarchical_quantile(&deployments, 0.5, "x", &RESAMPLING);
    assert_eq!(found, Some(Interval { low: 7.0, high: 7.0 }));
    assert_eq!(mean_interval(&deployments.concat(), &RESAMPLING), None);
}

/// How often an interval of `truth` holds it; 0.9 is meant.
fn covered(sizes: &[usize], truth: f64, interval: impl Fn(&[Vec<f64>]) -> Option<Interval> + Sync) -> f64 {
    share(400, |random| interval(&sample(sizes, random)).unwrap().holds(truth))
}

#[test]
fn computed_intervals_cover_as_often_as_they_say() {
    let of_mean = |deployments: &[Vec<f64>]| hierarchical_mean(deployments, "x", &RESAMPLING);
    // Few rounds are drawn. Of three deployments of a skewed distribution either holds the mean less often than it says.
    for (many, few, least) in
        [(vec![167; 3], vec![166; 3], 0.79), (vec![63; 8], vec![62; 8], 0.86), (vec![20; 25], vec![19; 26], 0.87)]
    {
        assert!(many.iter().sum::<usize>() >= MANY_ROUNDS && few.iter().sum::<usize>() < MANY_ROUNDS);
        let [computed, drawn] = [&many, &few].map(|sizes| covered(sizes, 4.0, of_mean));
        assert!((least..0.95).contains(&computed), "mean over {} deployments: {computed}", many.len());
        assert!((computed - drawn).abs() < 0.045, "mean over {} deployments: {computed}, drawn {drawn}", many.len());
    }
    // The median of a normal number with an exponential one added to it (SciPy: exponnorm(1, 3, 1).median()).
    let of_median = |deployments: &[Vec<f64>]| hierarchical_quantile(deployments, 0.5, "x", &RESAMPLING);
    let median = covered(&[20; 25], 3.8757983436982717, of_median);
    assert!((0.86..0.96).contains(&median), "median: {median}");
    let of_rounds = share(400, |random| {
        let rounds: Vec<f64> = (0..MANY_ROUNDS).map(|_| exponential(random)).collect();
        mean_interval(&rounds, &RESAMPLING).unwrap().holds(1.0)
    });
    assert!((0.86..0.94).contains(&of_rounds), "mean of one deployment: {of_rounds}");
}

#[test]
fn a_computed_shift_lies_where_the_drawn_one_does_and_covers_as_often() {
    let mut random = Random::keyed(8, &["shift"]);
    let (a, b) = (sample(&[20; 25], &mut random), sample(&[25; 24], &mut random));
    let found = hierarchical_shift(&a, &b, &RESAMPLING);
    // One round that never came makes it be drawn, and moves the shift by less than a thousandth.
    let mut censored = b.clone();
    censored[0][0] = f64::INFINITY;
    let drawn = hierarchical_shift(&a, &censored, &Resampling { replicates: 199, ..RESAMPLING });
    let width = drawn.high.unwrap() - drawn.low.unwrap();
    for (found, drawn) in [(found.low, drawn.low), (found.high, drawn.high)] {
        assert!((found.unwrap() - drawn.unwrap()).abs() < 0.12 * width, "{found:?}, drawn {drawn:?}");
    }
    let covered = share(200, |random| {
        let (a, b) = (sample(&[20; 25], random), sample(&[20; 25], random));
        let found = hierarchical_shift(&a, &b, &RESAMPLING);
        (found.low.unwrap()..=found.high.unwrap()).contains(&0.0)
    });
    assert!((0.84..0.96).contains(&covered), "{covered}");
}
