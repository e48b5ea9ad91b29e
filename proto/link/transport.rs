//! What loss is: under a stream a lost copy comes later, as a datagram it never comes.

use std::fmt;
use std::str::FromStr;

use crate::quantity::{QuantityError, Share};
use crate::random::Random;
use crate::time::Interval;

/// How long a stream waits before it sends a lost copy again; twice as long after each further loss of that copy. RFC 6298
/// has 1 s as the least, systems use 200 ms (Linux: TCP_RTO_MIN).
pub const RETRANSMISSION: Interval = Interval::from_ms(200);

/// So many losses of one copy in a row end a stream's patience. A copy that met one less has waited 109 minutes.
pub const LOSSES_MAX: u32 = 16;

/// What carries the copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// `stream`: a lost copy is sent again until it arrives, as TCP does.
    #[default]
    Stream,
    /// `datagram`: a lost copy is lost, as UDP has it.
    Datagram,
}

/// A text that names no transport.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown transport {0:?}: use stream or datagram")]
pub struct TransportError(String);

/// The probability that a copy is lost, for each copy anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss(Share);

/// What became of a copy that may get lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives, after the losses that it met.
    Arrives {
        /// How long they kept it.
        waited: Interval,
        /// How often it was sent again.
        retransmissions: u32,
    },
    Lost,
}

impl Fate {
    /// Of a copy that nothing happens to.
    pub(super) const SPARED: Self = Self::Arrives { waited: Interval::ZERO, retransmissions: 0 };
}

impl Transport {
    /// What becomes of a copy under this loss; draws once for each time that the copy is sent.
    pub(super) fn fate(self, loss: Loss, random: &mut Random) -> Fate {
        let probability = loss.share().get();
        match self {
            Self::Datagram if random.chance(probability) => Fate::Lost,
            Self::Datagram => Fate::SPARED,
            Self::Stream => match (0..LOSSES_MAX).find(|_| !random.chance(probability)) {
                Some(losses) => Fate::Arrives { waited: waited(losses), retransmissions: losses },
                None => Fate::Lost,
            },
        }
    }
}

/// The sum of the waits after so many losses in a row, each twice as long as the one before.
fn waited(losses: u32) -> Interval {
    Interval(RETRANSMISSION.0 * ((1 << losses) - 1))
}

impl Loss {
    /// No copy is lost.
    pub const NONE: Self = Self(Share::ZERO);

    /// So probable.
    pub(super) const fn of(share: Share) -> Self {
        Self(share)
    }

    /// The probability.
    pub fn share(self) -> Share {
        self.0
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Loss {
    type Err = QuantityError;

    /// A share; 0 alone can only mean none.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text == "0" { Ok(Self::NONE) } else { text.parse().map(Self) }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Datagram => "datagram",
        })
    }
}

impl FromStr for Transport {
    type Err = TransportError;

    fn from_str(text: &str) -> Result<Self, TransportError> {
        match text {
            "stream" => Ok(Self::Stream),
            "datagram" => Ok(Self::Datagram),
            _ => Err(TransportError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn transport_and_loss_are_written_as_they_are_typed() {
        for text in ["stream", "datagram"] {
            assert_eq!(text.parse::<Transport>().unwrap().to_string(), text);
        }
        assert_eq!(
            "udp".parse::<Transport>().unwrap_err().to_string(),
            "unknown transport \"udp\": use stream or datagram"
        );
        assert_eq!("0.1%".parse::<Loss>().unwrap().to_string(), "0.1%");
        assert_eq!("0".parse::<Loss>(), Ok(Loss::NONE));
        assert_eq!("0.05".parse::<Loss>().unwrap_err().to_string(), "\"0.05\" has no unit: write 5% or 0.05%");
    }

    #[test]
    fn a_stream_waits_twice_as_long_after_each_loss_and_gives_up_after_sixteen() {
        assert_eq!([waited(0), waited(1), waited(2), waited(3)].map(|wait| wait.0 / 1_000_000), [0, 200, 600, 1_400]);
        let certain: Loss = "100%".parse().unwrap();
        assert_eq!(Transport::Stream.fate(certain, &mut random(0)), Fate::Lost);
        assert_eq!(Transport::Datagram.fate(certain, &mut random(0)), Fate::Lost);
    }

    #[test]
    fn losses_in_a_row_are_as_rare_as_the_powers_of_the_loss() {
        let loss: Loss = "20%".parse().unwrap();
        let mut counts = [0u32; 16];
        for copy in 0..40_000 {
            let Fate::Arrives { retransmissions, waited: kept } = Transport::Stream.fate(loss, &mut random(copy))
            else {
                panic!("16 losses in a row have a probability of 10^-11");
            };
            assert_eq!(kept, waited(retransmissions));
            counts[retransmissions as usize] += 1;
        }
        for (retransmissions, count) in counts.iter().take(4).enumerate() {
            let p = 0.8 * 0.2f64.powi(retransmissions as i32);
            let (expected, allowed) = (40_000.0 * p, 4.0 * (40_000.0 * p * (1.0 - p)).sqrt());
            assert!((f64::from(*count) - expected).abs() < allowed, "{counts:?}");
        }
        let lost = (0..40_000).filter(|copy| Transport::Datagram.fate(loss, &mut random(*copy)) == Fate::Lost).count();
        assert!(lost.abs_diff(8_000) <= 320, "{lost}");
    }

    fn random(copy: u64) -> Random {
        Random::at(3, Purpose::Loss, &[copy])
    }
}
