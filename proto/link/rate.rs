//! How fast a node's uplink or downlink is, and how copies share it.

use std::fmt;
use std::str::FromStr;

use super::shares::{Shares, SharesError};
use crate::id::NodeIx;
use crate::quantity::{QuantityError, Rate, Share};
use crate::random::{Purpose, Random};

/// The rates of all nodes, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RateSpec {
    /// `50Mbit`: the same for every node.
    Same(Rate),
    /// `mix:20%=1Gbit,80%=50Mbit`: for each node one of these.
    Mix(RateMix),
}

/// Rates with the part of the nodes that have each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateMix {
    rates: Vec<(Share, Rate)>,
    shares: Shares,
}

/// A text that names no rates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RateSpecError {
    /// A rate or a share is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A part of a mix is not a share and a rate.
    #[error("{0:?} is not SHARE=RATE: write a mix as mix:20%=1Gbit,80%=50Mbit")]
    Part(String),
    /// The mix is no whole.
    #[error("{text}: {reason}")]
    Shares {
        /// The text as typed.
        text: String,
        /// Why not.
        reason: SharesError,
    },
}

/// How the copies that wait at one node share its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// `fair`: the nodes at the other end get equal parts; copies for one of them follow each other.
    #[default]
    Fair,
    /// `fifo`: one copy after the other.
    Fifo,
}

/// A text that names no sharing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sharing {0:?}: use fair or fifo")]
pub struct SharingError(String);

impl RateSpec {
    /// The rate of `node`: a mix is drawn from by the seed and the node alone, so that a node that is fast up is fast down
    /// where both mixes are alike.
    pub fn rate(&self, seed: u64, node: NodeIx) -> Rate {
        match self {
            Self::Same(rate) => *rate,
            Self::Mix(mix) => {
                let place = mix.shares.draw(&mut Random::at(seed, Purpose::Rate, &[node.0.into()]));
                mix.rates[place].1
            }
        }
    }
}

impl fmt::Display for RateSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same(rate) => rate.fmt(f),
            Self::Mix(mix) => {
                let parts: Vec<String> = mix.rates.iter().map(|(share, rate)| format!("{share}={rate}")).collect();
                write!(f, "mix:{}", parts.join(","))
            }
        }
    }
}

impl FromStr for RateSpec {
    type Err = RateSpecError;

    fn from_str(text: &str) -> Result<Self, RateSpecError> {
        let Some(parts) = text.strip_prefix("mix:") else { return Ok(Self::Same(text.parse()?)) };
        let rates = parts.split(',').map(part).collect::<Result<Vec<_>, _>>()?;
        let shares: Vec<Share> = rates.iter().map(|(share, _)| *share).collect();
        let shares = Shares::new(&shares).map_err(|reason| RateSpecError::Shares { text: text.to_owned(), reason })?;
        Ok(Self::Mix(RateMix { rates, shares }))
    }
}

fn part(text: &str) -> Result<(Share, Rate), RateSpecError> {
    let (share, rate) = text.split_once('=').ok_or_else(|| RateSpecError::Part(text.to_owned()))?;
    Ok((share.parse()?, rate.parse()?))
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fair => "fair",
            Self::Fifo => "fifo",
        })
    }
}

impl FromStr for Sharing {
    type Err = SharingError;

    fn from_str(text: &str) -> Result<Self, SharingError> {
        match text {
            "fair" => Ok(Self::Fair),
            "fifo" => Ok(Self::Fifo),
            _ => Err(SharingError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_they_are_typed() {
        for text in ["50Mbit", "mix:20%=1Gbit,80%=50Mbit", "mix:100%=1bit"] {
            assert_eq!(text.parse::<RateSpec>().unwrap().to_string(), text);
        }
        for text in ["fair", "fifo"] {
            assert_eq!(text.parse::<Sharing>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_no_rates_is_told_how_to_write_them() {
        for (text, error) in [
            (
                "0",
                "\"0\" is out of range: use whole bits a second from 1bit to 1000Gbit, or leave the rate out for no limit",
            ),
            ("50", "\"50\" has no unit: write 50Mbit or 50kbit"),
            ("50MB", "\"50MB\" is not a number with bit, kbit, Mbit or Gbit (a second), as 50Mbit"),
            ("mix:20%=1Gbit,70%=50Mbit", "mix:20%=1Gbit,70%=50Mbit: the shares add up to 90%: make it 100%"),
            ("mix:1Gbit", "\"1Gbit\" is not SHARE=RATE: write a mix as mix:20%=1Gbit,80%=50Mbit"),
            ("mix:", "\"\" is not SHARE=RATE: write a mix as mix:20%=1Gbit,80%=50Mbit"),
            ("mix:20=1Gbit", "\"20\" has no unit: write 20%"),
        ] {
            assert_eq!(text.parse::<RateSpec>().unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_node_keeps_its_rate_and_each_rate_has_its_part_of_the_nodes() {
        let mix: RateSpec = "mix:20%=1Gbit,80%=50Mbit".parse().unwrap();
        let fast = |seed| (0..10_000).filter(move |node| mix.rate(seed, NodeIx(*node)).bits_per_second() > 50_000_000);
        let of_one: Vec<u32> = fast(1).collect();
        assert_eq!(of_one[..4], [0, 2, 4, 7]);
        // Four standard deviations of a binomial count: 4 * sqrt(10000 * 0.2 * 0.8).
        assert!(of_one.len().abs_diff(2_000) <= 160, "{}", of_one.len());
    }
}
