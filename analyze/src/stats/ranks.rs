//! Ranks of values, equal ones sharing theirs.

/// Values as ranks.
pub(super) struct Ranks {
    /// Of each value in its place, from 1; equal values have the mean of the ranks that they take up.
    pub(super) of: Vec<f64>,
    /// Sum of t^3 - t over groups of t equal values: what the variance of a rank sum loses.
    pub(super) ties: f64,
}

/// Ranks `values`; infinite ones are equal to each other.
pub(super) fn ranks(values: &[f64]) -> Ranks {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut of = vec![0.0; values.len()];
    let (mut ties, mut before) = (0.0, 0);
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let size = equal.len() as f64;
        equal.iter().for_each(|place| of[*place] = before as f64 + (size + 1.0) / 2.0);
        ties += size.powi(3) - size;
        before += equal.len();
    }
    Ranks { of, ties }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_ranks() {
        let found = ranks(&[3.0, f64::INFINITY, 1.0, 3.0, f64::INFINITY, 3.0]);
        assert_eq!(found.of, [3.0, 5.5, 1.0, 3.0, 5.5, 3.0]);
        assert_eq!(found.ties, 24.0 + 6.0);
    }
}
