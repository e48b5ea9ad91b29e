//! The delay that copies are held back for at their sender: none, a constant or the weight of the edge.

use std::fmt;
use std::str::FromStr;

use crate::time::Interval;

/// The link delay of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LinkDelay {
    /// Copies leave at once.
    None,
    /// The weight of the edge, in milliseconds.
    Weights,
    /// So many milliseconds for every edge.
    Constant(f64),
}

/// A longer delay than this outlives any round.
const MS_MAX: f64 = 3_600_000.0;

impl LinkDelay {
    /// How long a copy over an edge of this weight is held back; none where the weight cannot be one.
    pub fn hold(self, weight: Option<f64>) -> Option<Interval> {
        let ms = match self {
            Self::None => 0.0,
            Self::Constant(ms) => ms,
            Self::Weights => weight?,
        };
        (0.0..=MS_MAX).contains(&ms).then(|| Interval((ms * 1e6).round() as u64))
    }
}

impl FromStr for LinkDelay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "weights" => Ok(Self::Weights),
            _ => match text.parse() {
                Ok(ms) if (0.0..=MS_MAX).contains(&ms) => Ok(Self::Constant(ms)),
                Ok(_) | Err(_) => Err(format!("use milliseconds from 0 to {MS_MAX}, weights or none")),
            },
        }
    }
}

impl fmt::Display for LinkDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Weights => f.write_str("weights"),
            Self::Constant(ms) => ms.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_round_trips_through_its_text() {
        for delay in [LinkDelay::None, LinkDelay::Weights, LinkDelay::Constant(2.5), LinkDelay::Constant(0.0)] {
            assert_eq!(delay.to_string().parse(), Ok(delay));
        }
        for bad in ["-1", "NaN", "inf", "fast", ""] {
            assert!(bad.parse::<LinkDelay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_weight_that_is_no_delay_is_not_taken() {
        assert_eq!(LinkDelay::Weights.hold(Some(1.5)), Some(Interval(1_500_000)));
        for weight in [None, Some(-1.0), Some(f64::NAN), Some(1e9)] {
            assert_eq!(LinkDelay::Weights.hold(weight), None, "{weight:?}");
        }
        assert_eq!(LinkDelay::Constant(2.0).hold(None), Some(Interval::from_ms(2)));
    }
}
