//! The options that every protocol shares and that are typed as one word each.

use std::fmt;
use std::str::FromStr;

use super::error::ParseError;

/// The order of one node's sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A permutation of its own for every seed, node and message.
    Shuffled,
    /// As the neighbours are configured.
    Listed,
}

/// When a first receipt is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// At once; forwarding follows.
    AfterAck,
    /// When every copy has been forwarded and acknowledged, as handlers with blocking sends do.
    BeforeAck,
}

/// How long a connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// Opened in advance and kept.
    Reuse,
    /// Opened for each send and closed after it.
    PerSend,
}

/// When a node's periods begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Each node's at a random time of its own within the first period after its configuration.
    Random,
    /// All nodes' at whole multiples of the period, counted from the Unix epoch, so that processes that are configured
    /// at different times agree. A node sends and answers from what it held at its last timer: rounds are then
    /// synchronous where two delays in a row are shorter than the period, and a message that begins at a timer's instant
    /// stands behind it, so that it first goes out one period later.
    Aligned,
}

macro_rules! word_type {
    ($type:ident, $option:literal, $($value:ident = $word:literal),+) => {
        impl $type {
            const ALLOWED: &'static str = word_type!(@allowed $($word),+);
        }

        impl FromStr for $type {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                match text {
                    $($word => Ok(Self::$value),)+
                    _ => Err(ParseError::Option { option: $option, value: text.to_owned(), allowed: Self::ALLOWED }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$value => $word,)+ })
            }
        }
    };
    (@allowed $first:literal, $second:literal) => { concat!($first, " or ", $second) };
}

word_type!(Order, "order", Shuffled = "shuffled", Listed = "listed");
word_type!(Forward, "forward", AfterAck = "after-ack", BeforeAck = "before-ack");
word_type!(Connections, "connections", Reuse = "reuse", PerSend = "per-send");
word_type!(Phase, "phase", Random = "random", Aligned = "aligned");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_words_round_trip() {
        assert_eq!(Forward::BeforeAck.to_string().parse(), Ok(Forward::BeforeAck));
        assert_eq!(Order::Listed.to_string().parse(), Ok(Order::Listed));
        assert_eq!(Phase::Aligned.to_string().parse(), Ok(Phase::Aligned));
        let error = "pooled".parse::<Connections>().unwrap_err().to_string();
        assert_eq!(error, "unknown connections \"pooled\": use reuse or per-send");
    }
}
