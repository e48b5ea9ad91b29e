//! The exact test of a witness: how improbable it is that so many of so many copies met what each meets with a probability.

/// The probability, under a binomial law, of a count that is at least as far in its tail as this one, in that tail alone.
pub(super) fn binomial_tail(count: u64, of: u64, probability: f64) -> f64 {
    let mean = of as f64 * probability;
    let log_p = |k: u64| log_choose(of, k) + log_times(k, probability) + log_times(of - k, 1.0 - probability);
    // Terms of a tail fall off from the count outwards: those that add nothing end the sum.
    let sum = |terms: &mut dyn Iterator<Item = u64>| {
        let mut total = 0.0;
        for k in terms {
            let term = libm::exp(log_p(k));
            total += term;
            if term < total * 1e-17 {
                break;
            }
        }
        total
    };
    let tail = if (count as f64) < mean { sum(&mut (0..=count).rev()) } else { sum(&mut (count..=of)) };
    f64::min(tail, 1.0)
}

/// Wilson's interval for a share, with z standard errors (E. B. Wilson, JASA 1927).
pub(super) fn wilson(count: u64, of: u64, z: f64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (of as f64, count as f64 / of as f64);
    let center = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * libm::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    ((center - half).max(0.0), (center + half).min(1.0))
}

fn log_choose(n: u64, k: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0) - libm::lgamma(k as f64 + 1.0) - libm::lgamma((n - k) as f64 + 1.0)
}

/// k times the logarithm of p; 0 where k is, whatever p.
fn log_times(k: u64, p: f64) -> f64 {
    if k == 0 { 0.0 } else { k as f64 * libm::log(p) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_the_sums_of_their_terms() {
        // 10 copies at 1/2: P(0) = 2^-10; P(at least 9) = 11 * 2^-10.
        assert!((binomial_tail(0, 10, 0.5) - 1.0 / 1024.0).abs() < 1e-12);
        assert!((binomial_tail(9, 10, 0.5) - 11.0 / 1024.0).abs() < 1e-12);
        // P(none of 1400 at 1 %) = 0.99^1400.
        let expected = 0.99f64.powi(1_400);
        assert!((binomial_tail(0, 1_400, 0.01) / expected - 1.0).abs() < 1e-9);
        assert_eq!(binomial_tail(1, 10, 0.0), 0.0);
        assert_eq!(binomial_tail(10, 10, 1.0), 1.0);
    }

    #[test]
    fn wilson_s_interval_is_that_of_his_formula() {
        // 0 of 10 at z = 1.96: upper end z^2 / (n + z^2).
        let (low, high) = wilson(0, 10, 1.96);
        assert!(low.abs() < 1e-12 && (high - 1.96f64.powi(2) / (10.0 + 1.96f64.powi(2))).abs() < 1e-12);
        assert_eq!(wilson(0, 0, 1.96), (0.0, 1.0));
    }
}
