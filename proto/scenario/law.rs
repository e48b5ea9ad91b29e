//! How long a node stays up or down: a span that is drawn.

use std::fmt;
use std::str::FromStr;

use crate::quantity::{DURATION_MAX, QuantityError};
use crate::random::Random;
use crate::time::Interval;

/// The law that spans follow, as typed. Exponential sessions are forgetful; sessions of real peers are rather Weibull with a
/// shape below 1 (D. Stutzbach and R. Rejaie, "Understanding churn in peer-to-peer networks", IMC 2006).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SpanLaw {
    /// `3s` or `constant:3s`: always the same.
    Constant(Interval),
    /// `exponential:3s`.
    Exponential {
        /// The mean.
        mean: Interval,
    },
    /// `weibull:0.5:3s`.
    Weibull {
        /// Below 1: many short ones and a few long ones.
        shape: f64,
        /// The mean.
        mean: Interval,
    },
}

/// A text that names no law of spans.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpanLawError {
    /// A time in it is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It is not written as one.
    #[error("{0:?} is no law of spans: use 3s, exponential:MEAN or weibull:SHAPE:MEAN")]
    Form(String),
    /// The shape is none.
    #[error("{0:?}: the shape of a Weibull law is a number from 0.1 to 10")]
    Shape(String),
    /// Nothing would last.
    #[error("{0:?}: a span has to be longer than 0s")]
    Empty(String),
}

impl SpanLaw {
    /// One span; at least a nanosecond, at most an hour.
    pub fn draw(self, random: &mut Random) -> Interval {
        let ns = match self {
            Self::Constant(span) => return span,
            Self::Exponential { mean } => -libm::log(random.unit()) * mean.0 as f64,
            // By inversion: scale * (-ln u)^(1/shape), and the mean is scale * gamma(1 + 1/shape).
            Self::Weibull { shape, mean } => {
                let scale = mean.0 as f64 / libm::tgamma(1.0 + 1.0 / shape);
                scale * libm::pow(-libm::log(random.unit()), 1.0 / shape)
            }
        };
        Interval(ns.round() as u64).clamp(Interval(1), DURATION_MAX)
    }
}

impl fmt::Display for SpanLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(span) => span.fmt(f),
            Self::Exponential { mean } => write!(f, "exponential:{mean}"),
            Self::Weibull { shape, mean } => write!(f, "weibull:{shape}:{mean}"),
        }
    }
}

impl FromStr for SpanLaw {
    type Err = SpanLawError;

    fn from_str(text: &str) -> Result<Self, SpanLawError> {
        let law = match text.split(':').collect::<Vec<_>>().as_slice() {
            [span] | ["constant", span] => Self::Constant(span.parse()?),
            ["exponential", mean] => Self::Exponential { mean: mean.parse()? },
            ["weibull", shape, mean] => Self::Weibull { shape: parse_shape(shape, text)?, mean: mean.parse()? },
            _ => return Err(SpanLawError::Form(text.to_owned())),
        };
        let (Self::Constant(mean) | Self::Exponential { mean } | Self::Weibull { mean, .. }) = law;
        if mean == Interval::ZERO { Err(SpanLawError::Empty(text.to_owned())) } else { Ok(law) }
    }
}

fn parse_shape(shape: &str, text: &str) -> Result<f64, SpanLawError> {
    let parsed = shape.parse().ok().filter(|shape| (0.1..=10.0).contains(shape));
    parsed.ok_or_else(|| SpanLawError::Shape(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn a_law_is_written_as_it_is_typed_and_a_bad_one_is_told_why() {
        for (typed, written) in [
            ("3s", "3s"),
            ("constant:250ms", "250ms"),
            ("exponential:3s", "exponential:3s"),
            ("weibull:0.5:3s", "weibull:0.5:3s"),
        ] {
            assert_eq!(typed.parse::<SpanLaw>().unwrap().to_string(), written);
        }
        let error = |text: &str| text.parse::<SpanLaw>().unwrap_err().to_string();
        assert_eq!(
            error("weibull:3s"),
            "\"weibull:3s\" is no law of spans: use 3s, exponential:MEAN or weibull:SHAPE:MEAN"
        );
        assert_eq!(error("weibull:0:3s"), "\"weibull:0:3s\": the shape of a Weibull law is a number from 0.1 to 10");
        assert_eq!(error("exponential:0s"), "\"exponential:0s\": a span has to be longer than 0s");
        assert_eq!(error("3"), "\"3\" has no unit: write 3ms or 3s");
    }

    #[test]
    fn draws_have_the_mean_and_the_median_of_their_law() {
        let mean = Interval::from_ms(3_000);
        for (law, median, sd) in [
            (SpanLaw::Exponential { mean }, std::f64::consts::LN_2, 1.0),
            // Scale 1/gamma(3) = 1/2 of the mean; median scale * ln(2)^2; variance scale^2 (gamma(5) - gamma(3)^2) = 5.
            (SpanLaw::Weibull { shape: 0.5, mean }, 0.5 * std::f64::consts::LN_2.powi(2), f64::sqrt(5.0)),
        ] {
            let draws: Vec<f64> = (0..40_000)
                .map(|node| law.draw(&mut Random::at(5, Purpose::FaultTimes, &[0, 0, node])).0 as f64 / mean.0 as f64)
                .collect();
            let count = draws.len() as f64;
            let found = draws.iter().sum::<f64>() / count;
            assert!((found - 1.0).abs() < 4.0 * sd / count.sqrt(), "{law}: mean {found}");
            let below = draws.iter().filter(|draw| **draw < median).count() as f64 / count;
            assert!((below - 0.5).abs() < 4.0 * 0.5 / count.sqrt(), "{law}: {below} below the median");
        }
    }
}
