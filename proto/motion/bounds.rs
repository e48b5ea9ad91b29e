//! A quantity, or anything between two of them.

use std::fmt;
use std::str::FromStr;

use crate::quantity::QuantityError;

/// `20ms`, or `20ms..50ms` for anything from the one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least.
    pub least: T,
    /// The most; at least as much.
    pub most: T,
}

/// A text that is no quantity and no two of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundsError {
    /// A quantity is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// They are the wrong way round.
    #[error("{0:?} goes down: write the smaller one first")]
    Falling(String),
}

impl<T: FromStr<Err = QuantityError> + Ord + Copy> FromStr for Bounds<T> {
    type Err = BoundsError;

    fn from_str(text: &str) -> Result<Self, BoundsError> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = (least.parse()?, most.parse()?);
        if least > most { Err(BoundsError::Falling(text.to_owned())) } else { Ok(Self { least, most }) }
    }
}

impl<T: fmt::Display + PartialEq> fmt::Display for Bounds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most { self.least.fmt(f) } else { write!(f, "{}..{}", self.least, self.most) }
    }
}
