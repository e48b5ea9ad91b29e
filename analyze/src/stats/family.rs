//! Several tests at once.

/// Probabilities adjusted for their number, in their order (Holm 1979): whoever calls those up to alpha differences is
/// wrong about any of them with a probability of at most alpha.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (before, place) in order.into_iter().enumerate() {
        largest = largest.max((p.len() - before) as f64 * p[place]).min(1.0);
        adjusted[place] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    #[test]
    fn the_adjustment_is_that_of_statsmodels() {
        for case in reference("family").as_array().unwrap() {
            let adjusted = holm(&numbers(&case["p"]));
            for (found, expected) in adjusted.iter().zip(numbers(&case["holm"])) {
                close(*found, expected, "Holm");
            }
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }
}
