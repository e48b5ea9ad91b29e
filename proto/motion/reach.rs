//! How far apart two nodes can be linked.

use std::fmt;
use std::str::FromStr;

use super::bounds::{Bounds, BoundsError};
use crate::id::NodeIx;
use crate::quantity::Length;
use crate::random::{Purpose, Random};

/// How far links reach: `100m`, or `80m..120m` for links that are certain up to 80 m, impossible above 120 m, and between these as
/// likely as the distance is short, on a straight line.
///
/// Two nodes meet when they come as near as the far bound, and part when they are farther. Each meeting draws how far this link reaches,
/// uniformly between both bounds: so at any distance, the share of meetings whose link is up is the one that the line says, and a link
/// does not flicker while two nodes stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach(Bounds<Length>);

impl Reach {
    /// The distance above which there is no link, in metres.
    pub fn most(self) -> f64 {
        self.0.most.metres()
    }

    /// How far the link reaches in the `meeting`th meeting of two nodes, counted from 0, in metres.
    pub(super) fn of_meeting(self, seed: u64, [low, high]: [NodeIx; 2], meeting: u64) -> f64 {
        let (sure, most) = (self.0.least.metres(), self.0.most.metres());
        if sure == most {
            return most;
        }
        let key = [u64::from(low.0), u64::from(high.0), meeting];
        most - (most - sure) * Random::at(seed, Purpose::Reach, &key).unit()
    }
}

impl FromStr for Reach {
    type Err = BoundsError;

    fn from_str(text: &str) -> Result<Self, BoundsError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
