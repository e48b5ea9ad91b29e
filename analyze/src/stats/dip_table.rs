//! Dips of evenly spread values, of samples too large to be drawn anew each time. `cargo run --release --example dip_table`
//! made the table, from 300,000 samples of each size.

/// Probabilities of a larger dip.
const PROBABILITIES: [f64; 12] = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4];

/// For each size of samples, the dips times the root of the size that have these probabilities.
const DIPS: [(usize, [f64; 12]); 4] = [
    (500, [0.3679, 0.4432, 0.4892, 0.5297, 0.5791, 0.6138, 0.6473, 0.6869, 0.7158, 0.7426, 0.7764, 0.8040]),
    (1000, [0.3714, 0.4469, 0.4936, 0.5357, 0.5862, 0.6203, 0.6535, 0.6971, 0.7265, 0.7539, 0.7873, 0.8109]),
    (2000, [0.3734, 0.4497, 0.4965, 0.5385, 0.5888, 0.6246, 0.6596, 0.6994, 0.7277, 0.7579, 0.7873, 0.8127]),
    (5000, [0.3758, 0.4526, 0.4992, 0.5415, 0.5914, 0.6259, 0.6587, 0.6992, 0.7281, 0.7609, 0.7938, 0.8163]),
];

/// The probability that `count` evenly spread values have a dip of at least `dip`. Its logarithm is nearly straight over the
/// square of the dip: between two numbers of the table it is taken for that, and beyond its end as well. Between sizes the
/// table's numbers change with 1 / sqrt(count); beyond the largest size they are its.
pub(super) fn probability(count: usize, dip: f64) -> f64 {
    let scaled = dip * (count as f64).sqrt();
    let squares: Vec<f64> = at_size(count).iter().map(|dip| dip * dip).collect();
    let square = scaled * scaled;
    let above = squares.partition_point(|known| *known < square).clamp(1, squares.len() - 1);
    let part = (square - squares[above - 1]) / (squares[above] - squares[above - 1]);
    let [before, after] = [PROBABILITIES[above - 1], PROBABILITIES[above]].map(f64::ln);
    (before + part * (after - before)).exp().min(1.0)
}

/// The table's line for a size.
fn at_size(count: usize) -> [f64; 12] {
    let place = |size: usize| 1.0 / (size as f64).sqrt();
    let above = DIPS.partition_point(|(size, _)| *size < count);
    let Some((larger, upper)) = DIPS.get(above) else { return DIPS[DIPS.len() - 1].1 };
    let Some((smaller, lower)) = above.checked_sub(1).map(|below| &DIPS[below]) else { return *upper };
    let part = (place(count) - place(*smaller)) / (place(*larger) - place(*smaller));
    std::array::from_fn(|column| lower[column] + part * (upper[column] - lower[column]))
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::super::{coverage, dip, sorted};
    use super::*;

    #[test]
    fn samples_have_dips_as_often_as_the_table_says() {
        // 4000 samples leave 0.5 of a percent open at one in ten, and 0.16 at one in a hundred; three times that is let pass.
        for size in [500_usize, 700, 3_000] {
            let even = |number: usize| {
                let mut random = cnsim::random::Random::keyed(9, &[&size.to_string(), &number.to_string()]);
                dip(&sorted((0..size).map(|_| coverage::uniform(&mut random))))
            };
            let of_samples: Vec<f64> =
                (0..4_000).into_par_iter().filter_map(even).map(|dip| probability(size, dip)).collect();
            for (p, open) in [(0.5, 0.024), (0.1, 0.015), (0.01, 0.005)] {
                let share = of_samples.iter().filter(|found| **found <= p).count() as f64 / 4_000.0;
                assert!((share - p).abs() <= open, "{size} values: {share} have a probability of at most {p}");
            }
        }
    }

    #[test]
    fn larger_dips_are_less_probable_beyond_the_table_too() {
        let of = |scaled: f64| probability(22_000, scaled / 22_000_f64.sqrt());
        assert!((of(0.7281) - 1e-3).abs() < 1e-12, "{}", of(0.7281));
        let probabilities: Vec<f64> = (1..100).map(|step| of(f64::from(step) / 50.0)).collect();
        assert!(probabilities.is_sorted_by(|a, b| a >= b) && probabilities[0] == 1.0);
        assert!(of(0.9) < 1e-5 && of(0.9) > 1e-8, "{}", of(0.9));
    }
}
