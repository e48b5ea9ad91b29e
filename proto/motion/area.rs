//! A rectangle that nodes move in.

use std::fmt;
use std::str::FromStr;

use super::movement::Point;
use crate::quantity::{Length, QuantityError};
use crate::random::Random;

/// `1500mx300m`: the width, then the height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// The width.
    pub width: Length,
    /// The height.
    pub height: Length,
}

/// A text that is no area.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// It has no x.
    #[error("{0:?} is not WIDTHxHEIGHT, as 1500mx300m")]
    Form(String),
    /// A side is no length.
    #[error(transparent)]
    Side(#[from] QuantityError),
}

impl Area {
    /// A place in it, each equally likely; two draws.
    pub(super) fn draw(self, random: &mut Random) -> Point {
        Point { x: self.width.metres() * random.unit(), y: self.height.metres() * random.unit() }
    }

    /// From one corner to the opposite one, in metres.
    pub(super) fn diagonal(self) -> f64 {
        libm::hypot(self.width.metres(), self.height.metres())
    }

    /// The mean distance of two places in it, in metres (Santaló 1976, "Integral Geometry and Geometric Probability", I.4.2); of a
    /// square, 0.521405 of its side.
    pub fn mean_distance(self) -> f64 {
        let (a, b, d) = (self.width.metres(), self.height.metres(), self.diagonal());
        let (a2, b2) = (a * a, b * b);
        let corners = a2 * a / b2 + b2 * b / a2 + d * (3.0 - a2 / b2 - b2 / a2);
        let sides = b2 / a * libm::log((a + d) / b) + a2 / b * libm::log((b + d) / a);
        (corners + 2.5 * sides) / 15.0
    }
}

impl FromStr for Area {
    type Err = AreaError;

    fn from_str(text: &str) -> Result<Self, AreaError> {
        let (width, height) = text.split_once('x').ok_or_else(|| AreaError::Form(text.to_owned()))?;
        Ok(Self { width: width.parse()?, height: height.parse()? })
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_distance_in_a_square_is_known_and_in_a_rectangle_it_is_that_of_many_pairs() {
        let square: Area = "1000mx1000m".parse().unwrap();
        let known = 1000.0 * (2.0 + 2f64.sqrt() + 5.0 * 1f64.asinh()) / 15.0;
        assert!((square.mean_distance() - known).abs() < 1e-9 && (known - 521.405).abs() < 1e-3);
        let long: Area = "1500mx300m".parse().unwrap();
        let mut random = Random::keyed(1, &["area"]);
        let distances: Vec<f64> =
            (0..40_000).map(|_| long.draw(&mut random).distance(long.draw(&mut random))).collect();
        let count = distances.len() as f64;
        let mean = distances.iter().sum::<f64>() / count;
        let variance = distances.iter().map(|distance| (distance - mean).powi(2)).sum::<f64>() / count;
        assert!((mean - long.mean_distance()).abs() < 4.0 * (variance / count).sqrt(), "{mean}");
    }
}
