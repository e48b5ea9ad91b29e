//! Whether values depend on their place in a sequence.

use super::distribution::student_two_sided;
use super::ranks::ranks;
use super::values::mean;

/// A rank correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// From -1 to 1.
    pub rho: f64,
    /// The two-sided probability of one at least as far from 0 where there is none.
    pub p: f64,
}

/// The correlation of Spearman (1904) of values with their places; p by Student's distribution with n - 2 degrees of
/// freedom. Infinite values are the largest, and equal. None of fewer than three values, or where all are equal.
fn spearman(values: &[f64]) -> Option<Correlation> {
    let count = values.len() as f64;
    let centre = (count + 1.0) / 2.0;
    let ranks = ranks(values).of;
    let (mut product, mut square) = (0.0, 0.0);
    for (place, rank) in ranks.iter().enumerate() {
        product += (place as f64 + 1.0 - centre) * (rank - centre);
        square += (rank - centre).powi(2);
    }
    if values.len() < 3 || square == 0.0 {
        return None;
    }
    let rho = (product / (square * count * (count * count - 1.0) / 12.0).sqrt()).clamp(-1.0, 1.0);
    let t = rho * ((count - 2.0) / (1.0 - rho * rho)).sqrt();
    Some(Correlation { rho, p: student_two_sided(t, count - 2.0) })
}

/// The same where values also resemble the ones before them: that many values of a kind tell less. What is left of the ranks without
/// the trend has the lag-1 autocorrelation r; where it is above 0, p is that of n (1 - r) / (1 + r) values (Bayley and Hammersley
/// 1946, for a sequence whose resemblance fades geometrically).
pub fn spearman_of_sequence(values: &[f64]) -> Option<Correlation> {
    let Correlation { rho, p } = spearman(values)?;
    let count = values.len() as f64;
    let centre = (count + 1.0) / 2.0;
    let ranks = ranks(values).of;
    let left = ranks.iter().enumerate().map(|(place, rank)| rank - centre - rho * (place as f64 + 1.0 - centre));
    let resemblance = lag_1_autocorrelation(&left.collect::<Vec<_>>()).unwrap_or(0.0);
    if resemblance <= 0.0 || p == 0.0 {
        return Some(Correlation { rho, p });
    }
    let freedom = count * (1.0 - resemblance) / (1.0 + resemblance) - 2.0;
    if freedom <= 0.0 {
        return Some(Correlation { rho, p: 1.0 });
    }
    Some(Correlation { rho, p: student_two_sided(rho * (freedom / (1.0 - rho * rho)).sqrt(), freedom) })
}

/// How much a value resembles the one before it: the autocorrelation at lag 1, over the whole sum of squares. None where
/// a value is infinite, or all are equal.
pub fn lag_1_autocorrelation(values: &[f64]) -> Option<f64> {
    let centre = mean(values.iter().copied())?;
    let square: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let product: f64 = values.windows(2).map(|pair| (pair[0] - centre) * (pair[1] - centre)).sum();
    (square.is_finite() && square > 0.0).then(|| product / square)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference, same};
    use super::*;

    #[test]
    fn both_are_those_of_scipy_and_statsmodels() {
        for case in reference("trend").as_array().unwrap() {
            let values = numbers(&case["values"]);
            let found = spearman(&values).unwrap();
            close(found.rho, case["rho"].as_f64().unwrap(), "rho");
            close(found.p, case["p"].as_f64().unwrap(), "p");
            same(lag_1_autocorrelation(&values), &case["lag_1"], "lag 1");
        }
    }

    #[test]
    fn values_that_resemble_the_ones_before_them_prove_less() {
        use super::super::coverage;
        // Half of each value is what the one before it was, and nothing drifts.
        let found = |test: fn(&[f64]) -> Option<Correlation>| {
            coverage::share(400, |random| {
                let mut value = 0.0;
                let mut next = || {
                    value = 0.5 * value + coverage::normal(random);
                    value
                };
                let values: Vec<f64> = (0..60).map(|_| next()).collect();
                test(&values).unwrap().p < 0.01
            })
        };
        let (allowing, not_allowing) = (found(spearman_of_sequence), found(spearman));
        assert!(allowing <= 0.03 && not_allowing >= 0.08, "{allowing} {not_allowing}");
        let rising: Vec<f64> = (0..60).map(|place| f64::from(place) + f64::from(place * 37 % 11)).collect();
        assert!(spearman_of_sequence(&rising).unwrap().p < 1e-9);
    }

    #[test]
    fn a_sequence_that_only_rises_correlates_wholly() {
        assert_eq!(spearman(&[1.0, 2.0, 5.0, 9.0]), Some(Correlation { rho: 1.0, p: 0.0 }));
        assert_eq!(spearman(&[4.0; 9]), None);
        assert_eq!(spearman(&[1.0, 2.0]), None);
        assert_eq!(lag_1_autocorrelation(&[4.0; 9]), None);
        assert_eq!(lag_1_autocorrelation(&[]), None);
    }
}
