//! The band around an empirical distribution.

use super::ALPHA;

/// Half-width, in probability, of the 95 % band around the empirical distribution of `count` independent values:
/// sqrt(ln(2/alpha) / (2n)) (Dvoretzky, Kiefer, Wolfowitz 1956, with the constant of Massart 1990); none of no value.
pub fn dkw_half_width(count: usize) -> Option<f64> {
    (count > 0).then(|| ((2.0 / ALPHA).ln() / (2.0 * count as f64)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_narrows_with_the_root_of_the_count() {
        let hundred = dkw_half_width(100).unwrap();
        assert!((hundred - 0.135_810_151_574).abs() < 1e-12, "{hundred}");
        assert!((dkw_half_width(400).unwrap() - hundred / 2.0).abs() < 1e-12);
        assert_eq!(dkw_half_width(0), None);
    }
}
