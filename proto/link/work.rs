//! How long a node works on something that has arrived: a delay without a link.

use std::fmt;
use std::str::FromStr;

use super::copy::Edge;
use super::delay::{DelaySpec, DelaySpecError};
use super::model::{DelayModel, DelayModelError};
use crate::id::NodeIx;
use crate::random::Random;
use crate::time::Interval;

/// A time that a node takes, as typed: a delay that does not depend on a link.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkSpec(DelaySpec);

/// A text that names no such time.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorkSpecError {
    /// It is no delay.
    #[error(transparent)]
    Delay(#[from] DelaySpecError),
    /// A number alone.
    #[error("{0:?} has no unit: write constant:{0}ms or constant:{0}s")]
    NoUnit(String),
    /// It is the delay of a link.
    #[error(
        "{0} is a time between two nodes: use none, constant:2ms, uniform:A:B, exponential:MEAN, \
             lognormal:MEDIAN:SIGMA or empirical:FILE"
    )]
    OfLink(String),
}

/// A time that is ready to be drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkModel(DelayModel);

/// No link.
const NOWHERE: Edge = Edge { from: NodeIx(0), to: NodeIx(0), weight: None };

impl WorkSpec {
    /// Whether no time is taken.
    pub fn is_none(&self) -> bool {
        matches!(self.0, DelaySpec::None | DelaySpec::Constant(Interval::ZERO))
    }

    /// The file whose text a [`WorkModel`] needs; none where it needs no file.
    pub fn file(&self) -> Option<&str> {
        self.0.file()
    }

    /// The same time whenever something is worked on.
    pub fn constant(time: Interval) -> Self {
        Self(DelaySpec::Constant(time))
    }

    /// The same, with its file in another place; what needs no file stays as it is.
    pub fn with_file(&self, file: &str) -> Self {
        Self(self.0.with_file(file))
    }

    /// The law that it follows.
    pub fn law(&self) -> &DelaySpec {
        &self.0
    }

    /// The longest time, where there is one that is typed.
    pub fn most(&self) -> Option<Interval> {
        match self.0 {
            DelaySpec::None => Some(Interval::ZERO),
            DelaySpec::Constant(time) => Some(time),
            DelaySpec::Uniform { most, .. } => Some(most),
            DelaySpec::Weights
            | DelaySpec::Exponential { .. }
            | DelaySpec::Lognormal { .. }
            | DelaySpec::Empirical { .. }
            | DelaySpec::Regions { .. } => None,
        }
    }
}

impl WorkModel {
    /// The model of `spec`. `text` is what stands in the file that [`WorkSpec::file`] names.
    pub fn new(spec: &WorkSpec, text: Option<&str>) -> Result<Self, DelayModelError> {
        // No delay without a link depends on the seed.
        DelayModel::new(&spec.0, text, 0).map(Self)
    }

    /// Whether no time is taken.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// One time; `random` is made only where something is drawn.
    pub fn draw(&self, random: impl FnOnce() -> Random) -> Interval {
        self.0.fixed(NOWHERE).unwrap_or_else(|| self.0.sample(&mut random(), NOWHERE))
    }
}

impl fmt::Display for WorkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for WorkSpec {
    type Err = WorkSpecError;

    fn from_str(text: &str) -> Result<Self, WorkSpecError> {
        if text.parse::<f64>().is_ok() {
            return Err(WorkSpecError::NoUnit(text.to_owned()));
        }
        match text.parse()? {
            DelaySpec::Weights | DelaySpec::Regions { .. } => Err(WorkSpecError::OfLink(text.to_owned())),
            spec @ (DelaySpec::None
            | DelaySpec::Constant(_)
            | DelaySpec::Uniform { .. }
            | DelaySpec::Exponential { .. }
            | DelaySpec::Lognormal { .. }
            | DelaySpec::Empirical { .. }) => Ok(Self(spec)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_at_a_node_is_a_delay_that_needs_no_link() {
        for text in ["none", "constant:2ms", "uniform:1ms:2ms", "exponential:2ms", "lognormal:2ms:0.5", "empirical:f"] {
            assert_eq!(text.parse::<WorkSpec>().unwrap().to_string(), text);
        }
        for (text, error) in [
            ("5", "\"5\" has no unit: write constant:5ms or constant:5s"),
            (
                "weights",
                "weights is a time between two nodes: use none, constant:2ms, uniform:A:B, exponential:MEAN, \
                 lognormal:MEDIAN:SIGMA or empirical:FILE",
            ),
            ("constant:5", "constant:5: \"5\" has no unit: write 5ms or 5s"),
        ] {
            assert_eq!(text.parse::<WorkSpec>().unwrap_err().to_string(), error);
        }
        assert!("regions:world".parse::<WorkSpec>().is_err());
    }
}
