//! The band around an empirical distribution.

/// Half-width, in probability, of the band at `level` around the empirical distribution of `count` independent values:
/// sqrt(ln(2/alpha) / (2n)) (Dvoretzky, Kiefer, Wolfowitz 1956, with the constant of Massart 1990); none of no value.
pub fn dkw_half_width(count: usize, level: f64) -> Option<f64> {
    (count > 0).then(|| ((2.0 / (1.0 - level)).ln() / (2.0 * count as f64)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{close, numbers, reference};
    use super::super::{coverage, sorted};
    use super::*;

    #[test]
    fn the_band_is_that_of_statsmodels() {
        for case in reference("band").as_array().unwrap() {
            let case = numbers(case);
            close(dkw_half_width(case[0] as usize, case[1]).unwrap(), case[2], "half-width");
        }
        assert_eq!(dkw_half_width(0, 0.95), None);
    }

    #[test]
    fn the_band_covers_the_true_distribution_as_often_as_it_says() {
        let covered = coverage::share(2000, |random| {
            let values = sorted((0..20).map(|_| coverage::uniform(random)));
            let half_width = dkw_half_width(20, 0.9).unwrap();
            let is_inside = |(place, value): (usize, &f64)| {
                let (before, after) = (place as f64 / 20.0, (place + 1) as f64 / 20.0);
                after - value <= half_width && value - before <= half_width
            };
            values.iter().enumerate().all(is_inside)
        });
        assert!((0.9..0.95).contains(&covered), "{covered}");
    }

    #[test]
    fn the_band_narrows_with_the_root_of_the_count() {
        let hundred = dkw_half_width(100, 0.95).unwrap();
        assert!((dkw_half_width(400, 0.95).unwrap() - hundred / 2.0).abs() < 1e-12);
    }
}
