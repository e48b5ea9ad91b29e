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
pub fn spearman(values: &[f64]) -> Option<Correlation> {
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
    fn a_sequence_that_only_rises_correlates_wholly() {
        assert_eq!(spearman(&[1.0, 2.0, 5.0, 9.0]), Some(Correlation { rho: 1.0, p: 0.0 }));
        assert_eq!(spearman(&[4.0; 9]), None);
        assert_eq!(spearman(&[1.0, 2.0]), None);
        assert_eq!(lag_1_autocorrelation(&[4.0; 9]), None);
        assert_eq!(lag_1_autocorrelation(&[]), None);
    }
}
