//! The mean's interval by the bias-corrected and accelerated bootstrap.

use super::distribution::{normal_cdf, normal_quantile};
use super::interval::Interval;
use super::quantile::quantile;
use super::resample::{MANY_ROUNDS, Resampling, resampled_mean};
use super::resampled;
use super::values::mean;

/// The interval of the mean of finite `values` (BCa: Efron 1987, as in SciPy). None where they do not vary or one is
/// infinite.
pub fn mean_interval(values: &[f64], resampling: &Resampling) -> Option<Interval> {
    let estimate = mean(values.iter().copied())?;
    if !estimate.is_finite() || values.len() < 2 {
        return None;
    }
    if values.len() >= MANY_ROUNDS {
        return computed(values, estimate, resampling.level);
    }
    let rest = values.len() as f64 - 1.0;
    let sum: f64 = values.iter().sum();
    let left_out: Vec<f64> = values.iter().map(|value| (sum - value) / rest).collect();
    let replicates = resampling.values("mean", |random| resampled_mean(values, random));
    corrected(&replicates, estimate, &left_out, resampling.level)
}

/// The interval from sorted replicates, the estimate, and the estimates without each value in turn.
fn corrected(replicates: &[f64], estimate: f64, left_out: &[f64], level: f64) -> Option<Interval> {
    let below = replicates.partition_point(|value| *value < estimate);
    let up_to = replicates.partition_point(|value| *value <= estimate);
    let bias = normal_quantile((below + up_to) as f64 / (2 * replicates.len()) as f64);
    let centre = mean(left_out.iter().copied())?;
    let power_sum = |power| left_out.iter().map(|value| (centre - value).powi(power)).sum::<f64>();
    let acceleration = power_sum(3) / (6.0 * power_sum(2).powf(1.5));
    let end = |tail: f64| {
        let shifted = bias + normal_quantile(tail);
        let share = normal_cdf(bias + shifted / (1.0 - acceleration * shifted));
        if share.is_finite() { quantile(replicates, share) } else { None }
    };
    let tail = (1.0 - level) / 2.0;
    Some(Interval { low: end(tail)?, high: end(1.0 - tail)? })
}

/// The same with the distribution of replicates computed. Of a mean, bias and acceleration are both a sixth of the skewness
/// of its replicates (Efron 1987, sections 4 and 7).
fn computed(values: &[f64], estimate: f64, level: f64) -> Option<Interval> {
    let power_sum = |power| values.iter().map(|value| (value - estimate).powi(power)).sum::<f64>();
    let skew = power_sum(3) / (6.0 * power_sum(2).powf(1.5));
    let score = |tail: f64| {
        let shifted = skew + normal_quantile(tail);
        skew + shifted / (1.0 - skew * shifted)
    };
    let tail = (1.0 - level) / 2.0;
    let scores = Some([tail, 1.0 - tail].map(score)).filter(|scores| scores.iter().all(|score| score.is_finite()))?;
    let [low, high] = resampled::means(&[values], scores)?;
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::super::coverage;
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_correction_is_that_of_scipy() {
        let case = reference("mean");
        let values = numbers(&case["values"]);
        let estimate = values.iter().sum::<f64>() / values.len() as f64;
        let found = corrected(&numbers(&case["replicates"]), estimate, &numbers(&case["jackknife"]), 0.95).unwrap();
        close(found.low, case["low"].as_f64().unwrap(), "lower end");
        close(found.high, case["high"].as_f64().unwrap(), "upper end");
    }

    #[test]
    fn the_interval_covers_the_mean_of_a_skewed_distribution() {
        let covered = coverage::share(400, |random| {
            let values: Vec<f64> = (0..30).map(|_| coverage::exponential(random)).collect();
            let resampling = Resampling { seed: random.below(u64::MAX), replicates: 399, level: 0.9 };
            mean_interval(&values, &resampling).unwrap().holds(1.0)
        });
        assert!((0.85..0.94).contains(&covered), "{covered}");
    }

    #[test]
    fn values_that_do_not_vary_or_are_infinite_have_no_interval() {
        let resampling = Resampling { seed: 1, replicates: 99, level: 0.95 };
        for values in [vec![], vec![3.0], vec![3.0; 5], vec![1.0, 2.0, f64::INFINITY]] {
            assert_eq!(mean_interval(&values, &resampling), None, "{values:?}");
        }
    }
}
