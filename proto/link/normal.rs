//! Normal and lognormal numbers by inversion, the same on every machine: only basic arithmetic, square roots and `libm`.

use std::fmt;

use crate::random::Random;

/// The spread of a lognormal number: the standard deviation of its logarithm, from 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sigma(f64);

impl Sigma {
    /// A spread of e^5 around the median: no network has a wider one.
    const MOST: f64 = 5.0;

    /// None where `number` is not from 0 to 5.
    pub fn new(number: f64) -> Option<Self> {
        (0.0..=Self::MOST).contains(&number).then_some(Self(number.abs()))
    }

    /// The standard deviation of the logarithm.
    pub fn get(self) -> f64 {
        self.0
    }

    /// A lognormal number whose median is 1; one draw.
    pub fn factor(self, random: &mut Random) -> f64 {
        libm::exp(self.0 * normal_quantile(random.unit()))
    }
}

impl fmt::Display for Sigma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number below which a standard normal one stays with probability `p`; relative error about 10^-16. `p` is taken as
/// lying at least 2^-54 inside 0 and 1.
///
/// M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37 (1988)
/// 477-484, procedure PPND16.
fn normal_quantile(p: f64) -> f64 {
    const CENTRE: f64 = 0.425;
    const TAIL: f64 = 5.0;
    const INSIDE: f64 = 1.0 / (1u64 << 54) as f64;
    let q = p - 0.5;
    if q.abs() <= CENTRE {
        let r = CENTRE * CENTRE - q * q;
        return q * polynomial(&A, r) / polynomial(&B, r);
    }
    let r = libm::sqrt(-libm::log(p.min(1.0 - p).max(INSIDE)));
    let size = if r <= TAIL {
        polynomial(&C, r - 1.6) / polynomial(&D, r - 1.6)
    } else {
        polynomial(&E, r - TAIL) / polynomial(&F, r - TAIL)
    };
    size.copysign(q)
}

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

const A: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const B: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    0.000_774_545_014_278_341_4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    0.000_547_593_808_499_534_5,
    1.050_750_071_644_416_9e-09,
];
const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-05,
    2.010_334_399_292_288_1e-07,
];
const F: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    0.000_786_869_131_145_613_3,
    1.846_318_317_510_054_8e-05,
    1.421_511_758_316_446e-07,
    2.044_263_103_389_939_7e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_inverts_the_normal_distribution_in_the_centre_and_in_both_tails() {
        for p in [0.5, 0.3, 0.92, 0.01, 0.999, 1e-6, 1e-10, 1e-15] {
            let z = normal_quantile(p);
            let back = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
            assert!((back / p - 1.0).abs() < 1e-13, "{p}: {z} gives {back}");
        }
        // The paper's own check values, to the digits that it prints.
        assert!((normal_quantile(0.25) + 0.674_489_750_196_082).abs() < 1e-15);
        assert!((normal_quantile(0.001) + 3.090_232_306_167_814).abs() < 1e-15);
    }

    #[test]
    fn the_end_of_the_range_is_finite() {
        assert_eq!(normal_quantile(1.0), -normal_quantile(0.0));
        assert!((8.2..8.4).contains(&normal_quantile(1.0)));
    }
}
