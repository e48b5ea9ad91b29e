//! Protocols and their options as text: what is typed, and what the control service carries.

use std::fmt;
use std::str::FromStr;

use super::{Connections, Forward, Order, Protocol, Strategy};
use crate::time::Interval;

/// A text that names no protocol or no value of an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No strategy and no preset has this name.
    #[error("unknown protocol {0:?}: use direct-mail, flood, push:FANOUT[:TTL], seed-h or seed-o")]
    Unknown(String),
    /// The numbers after `push` are missing or wrong.
    #[error("{0:?} is not push:FANOUT[:TTL] with whole numbers from 1 on")]
    Push(String),
    /// An option has no such value.
    #[error("unknown {option} {value:?}: use {allowed}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The value as typed.
        value: String,
        /// Its values.
        allowed: &'static str,
    },
}

impl FromStr for Protocol {
    type Err = ParseError;

    /// A strategy or a preset, with the defaults of its options.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "seed-h" => Ok(Self::seed_h()),
            "seed-o" => Ok(Self::seed_o()),
            _ => text.parse().map(|strategy| Self::plain(text, strategy)),
        }
    }
}

impl Protocol {
    fn plain(name: &str, strategy: Strategy) -> Self {
        Self {
            name: name.to_owned(),
            strategy,
            order: Order::Shuffled,
            in_flight: 32,
            forward: Forward::AfterAck,
            connections: Connections::Reuse,
            deadline: Some(Interval::from_ms(5000)),
        }
    }

    /// Approximates the published system's last version: the initiator mails its peers one after another, in the
    /// listed order, each over a new connection, without a deadline. It stamped `initiate` before it looked its peers
    /// up; cnsim looks them up before the round.
    fn seed_h() -> Self {
        Self {
            order: Order::Listed,
            in_flight: 1,
            connections: Connections::PerSend,
            deadline: None,
            ..Self::plain("seed-h", Strategy::DirectMail)
        }
    }

    /// Approximates the published system's version with a topology: every receiver forwards inside its handler, one
    /// copy after another, each over a new connection, without a deadline: the spread is a depth-first walk. There the
    /// initiator also forwarded the first copy that came back to it; here that copy is a duplicate.
    fn seed_o() -> Self {
        Self {
            forward: Forward::BeforeAck,
            ..Self { name: "seed-o".to_owned(), strategy: Strategy::Flood, ..Self::seed_h() }
        }
    }
}

impl FromStr for Strategy {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "direct-mail" => Ok(Self::DirectMail),
            "flood" => Ok(Self::Flood),
            _ => match text.strip_prefix("push") {
                Some(numbers) => push(numbers).ok_or_else(|| ParseError::Push(text.to_owned())),
                None => Err(ParseError::Unknown(text.to_owned())),
            },
        }
    }
}

fn push(numbers: &str) -> Option<Strategy> {
    let mut parts = numbers.strip_prefix(':')?.split(':');
    let fanout = positive(parts.next()?)?;
    let ttl = match parts.next() {
        Some(text) => Some(positive(text)?),
        None => None,
    };
    parts.next().is_none().then_some(Strategy::Push { fanout, ttl })
}

fn positive(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_needs_a_fanout_and_may_have_a_ttl() {
        assert_eq!("push:3".parse(), Ok(Strategy::Push { fanout: 3, ttl: None }));
        assert_eq!("push:3:8".parse(), Ok(Strategy::Push { fanout: 3, ttl: Some(8) }));
        for bad in ["push", "push:", "push:0", "push:3:0", "push:3:8:1", "push:x", "push3"] {
            assert_eq!(bad.parse::<Strategy>(), Err(ParseError::Push(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn an_unknown_protocol_is_answered_with_the_known_ones() {
        let error = "gossipsub".parse::<Protocol>().unwrap_err().to_string();
        assert!(error.contains("direct-mail, flood, push:FANOUT[:TTL], seed-h or seed-o"), "{error}");
    }

    #[test]
    fn the_presets_keep_their_names_and_send_one_copy_at_a_time() {
        for preset in ["seed-h", "seed-o"] {
            let protocol: Protocol = preset.parse().unwrap();
            assert_eq!((protocol.name.as_str(), protocol.in_flight, protocol.deadline), (preset, 1, None));
            assert_eq!(protocol.connections, Connections::PerSend);
        }
    }

    #[test]
    fn option_words_round_trip() {
        assert_eq!(Forward::BeforeAck.to_string().parse(), Ok(Forward::BeforeAck));
        assert_eq!(Order::Listed.to_string().parse(), Ok(Order::Listed));
        let error = "pooled".parse::<Connections>().unwrap_err().to_string();
        assert_eq!(error, "unknown connections \"pooled\": use reuse or per-send");
    }
}
