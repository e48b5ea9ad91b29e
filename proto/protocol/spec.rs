//! A protocol in a word: what is typed as `--protocol`, what a manifest holds and what event records call it.

use std::fmt;
use std::str::FromStr;

use super::error::ParseError;
use super::strategy::Strategy;

/// A strategy by itself, or a preset: a strategy with the options of a published system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolSpec {
    /// `direct-mail`, `flood`, `push:FANOUT[:TTL]`: a strategy with the usual options.
    Plain(Strategy),
    /// `seed-h`: approximates the published system's last version. The initiator mails its peers one after another, in
    /// the listed order, each over a new connection, without a deadline. It stamped `initiate` before it looked its peers
    /// up; cnsim looks them up before the round.
    SeedH,
    /// `seed-o`: approximates the published system's version with a topology. Every receiver forwards inside its handler,
    /// one copy after another, each over a new connection, without a deadline: the spread is a depth-first walk. There
    /// the initiator also forwarded the first copy that came back to it; here that copy is a duplicate.
    SeedO,
}

impl ProtocolSpec {
    /// Who tells whom.
    pub fn strategy(self) -> Strategy {
        match self {
            Self::Plain(strategy) => strategy,
            Self::SeedH => Strategy::DirectMail,
            Self::SeedO => Strategy::Flood,
        }
    }
}

impl fmt::Display for ProtocolSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(strategy) => strategy.fmt(f),
            Self::SeedH => f.write_str("seed-h"),
            Self::SeedO => f.write_str("seed-o"),
        }
    }
}

impl FromStr for ProtocolSpec {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "seed-h" => Ok(Self::SeedH),
            "seed-o" => Ok(Self::SeedO),
            _ => text.parse().map(Self::Plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_protocol_is_answered_with_the_known_ones() {
        let error = "gossipsub".parse::<ProtocolSpec>().unwrap_err().to_string();
        assert!(error.contains("direct-mail, flood, push:FANOUT[:TTL], seed-h or seed-o"), "{error}");
    }

    #[test]
    fn a_protocol_is_written_as_it_is_typed() {
        for text in ["direct-mail", "flood", "push:3", "push:3:8", "seed-h", "seed-o"] {
            assert_eq!(text.parse::<ProtocolSpec>().unwrap().to_string(), text);
        }
    }
}
