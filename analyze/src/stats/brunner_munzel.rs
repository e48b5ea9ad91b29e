//! Whether values of one sample tend to be larger than those of another, where they may spread differently.

use super::distribution::{normal_two_sided, student_two_sided};
use super::ranks::ranks;
use super::significance::{Method, Test};

/// The test of Brunner and Munzel (2000), with Student's distribution: unlike that of Mann and Whitney it holds where spreads
/// differ, and with sizes that are unequal too. Ties are midranks; infinite values are the largest, and equal. None where a sample
/// has fewer than two values.
pub fn brunner_munzel(a: &[f64], b: &[f64]) -> Option<Test> {
    if a.len() < 2 || b.len() < 2 {
        return None;
    }
    let all = ranks(&[a, b].concat()).of;
    let (of_a, of_b) = all.split_at(a.len());
    let (first, second) = (placements(of_a, &ranks(a).of), placements(of_b, &ranks(b).of));
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (apart, scale) = (second.mean_rank - first.mean_rank, n * first.variance + m * second.variance);
    if scale == 0.0 {
        // No value of one sample reaches the other, or all are equal.
        let p = if apart == 0.0 { 1.0 } else { 0.0 };
        let statistic = if apart == 0.0 { 0.0 } else { apart.signum() * f64::INFINITY };
        return Some(Test { statistic, p, method: Method::BrunnerMunzel });
    }
    let statistic = n * m * apart / ((n + m) * scale.sqrt());
    let part = |variance: f64, count: f64| (count * variance).powi(2) / (count - 1.0);
    let freedom = scale.powi(2) / (part(first.variance, n) + part(second.variance, m));
    let p = if freedom.is_finite() { student_two_sided(statistic, freedom) } else { normal_two_sided(statistic.abs()) };
    Some(Test { statistic, p, method: Method::BrunnerMunzel })
}

/// Where the values of a sample stand among those of the other.
struct Placements {
    mean_rank: f64,
    /// Of rank among all less rank among its own.
    variance: f64,
}

fn placements(among_all: &[f64], among_own: &[f64]) -> Placements {
    let count = among_all.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (mean_rank, mean_own) = (mean(among_all), mean(among_own));
    let residual = |(all, own): (&f64, &f64)| (all - own - mean_rank + mean_own).powi(2);
    let squares: f64 = among_all.iter().zip(among_own).map(residual).sum();
    Placements { mean_rank, variance: squares / (count - 1.0) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_test_is_that_of_scipy() {
        for case in reference("two_samples").as_array().unwrap() {
            let Some(expected) = case["brunner_munzel"].as_f64() else { continue };
            let test = brunner_munzel(&numbers(&case["a"]), &numbers(&case["b"])).unwrap();
            close(test.p, expected, case["name"].as_str().unwrap());
        }
    }

    #[test]
    fn samples_apart_differ_and_equal_ones_do_not() {
        assert_eq!(brunner_munzel(&[1.0, 2.0], &[3.0, 4.0]).unwrap().p, 0.0);
        assert_eq!(brunner_munzel(&[1.0; 3], &[1.0; 5]).unwrap().p, 1.0);
        assert_eq!(brunner_munzel(&[1.0], &[2.0, 3.0]), None);
    }
}
