//! The distributions that tests and intervals refer to, as statrs computes them.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The value below which a standard normal number lies with that probability.
pub(super) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The probability that a standard normal number lies below `z`.
pub(super) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The probability that a standard normal number is at least as far from 0 as `z`.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// The same for Student's distribution with `freedom` degrees of freedom.
pub(super) fn student_two_sided(t: f64, freedom: f64) -> f64 {
    (2.0 * student(freedom).sf(t.abs())).min(1.0)
}

/// The value below which a number of Student's distribution lies with that probability.
pub(super) fn student_quantile(probability: f64, freedom: f64) -> f64 {
    student(freedom).inverse_cdf(probability)
}

fn student(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom).expect("callers have at least one degree of freedom")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    /// Each line of the table but its last number goes in; the last comes out.
    fn agrees(table: &str, function: impl Fn(&[f64]) -> f64) {
        for line in reference("distributions")[table].as_array().unwrap() {
            let line = numbers(line);
            let (expected, arguments) = line.split_last().unwrap();
            close(function(arguments), *expected, table);
        }
    }

    #[test]
    fn the_distributions_are_those_of_scipy() {
        agrees("normal_quantile", |x| normal_quantile(x[0]));
        agrees("normal_cdf", |x| normal_cdf(x[0]));
        agrees("normal_two_sided", |x| normal_two_sided(x[0]));
        agrees("student_two_sided", |x| student_two_sided(x[0], x[1]));
        agrees("student_quantile", |x| student_quantile(x[0], x[1]));
    }
}
