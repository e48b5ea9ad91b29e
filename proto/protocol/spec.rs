//! A protocol in a word: what is typed as `--protocol`, what a manifest holds and what event records call it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::contract::Protocol;
use super::error::ParseError;
use super::known;
use super::promises::Promises;

/// A protocol by itself, or a preset: a protocol with the options of a published system. Two are equal where they are typed alike.
#[derive(Debug, Clone)]
pub struct ProtocolSpec {
    preset: Option<Preset>,
    protocol: Arc<dyn Protocol>,
}

/// A published system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// `seed-h`: approximates the published system's last version. The initiator mails its peers one after another, in
    /// the listed order, each over a new connection, without a deadline. It stamped `initiate` before it looked its peers
    /// up; cnsim looks them up before the round.
    SeedH,
    /// `seed-o`: approximates the published system's version with a topology. Every receiver forwards inside its handler,
    /// one copy after another, each over a new connection, without a deadline: the spread is a depth-first walk. There
    /// the initiator also forwarded the first copy that came back to it; here that copy is a duplicate.
    SeedO,
}

impl Preset {
    /// The word that is typed for it, and the protocol that it is made of.
    const ALL: [(Self, &'static str, &'static str); 2] =
        [(Self::SeedH, "seed-h", "direct-mail"), (Self::SeedO, "seed-o", "flood")];
}

impl ProtocolSpec {
    /// The preset; none where a protocol was typed by itself.
    pub fn preset(&self) -> Option<Preset> {
        self.preset
    }

    /// What may be relied on in a run without faults.
    pub fn promises(&self) -> Promises {
        self.protocol.promises()
    }

    /// What the nodes do.
    pub fn protocol(&self) -> &Arc<dyn Protocol> {
        &self.protocol
    }
}

impl PartialEq for ProtocolSpec {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for ProtocolSpec {}

impl fmt::Display for ProtocolSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.preset {
            Some(Preset::SeedH) => f.write_str("seed-h"),
            Some(Preset::SeedO) => f.write_str("seed-o"),
            None => self.protocol.fmt(f),
        }
    }
}

impl FromStr for ProtocolSpec {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let preset = Preset::ALL.into_iter().find(|(_, word, _)| *word == text);
        let protocol = known::parse(preset.map_or(text, |(_, _, protocol)| protocol))?;
        Ok(Self { preset: preset.map(|(preset, _, _)| preset), protocol })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_protocol_is_answered_with_the_known_ones() {
        let error = "gossipsub".parse::<ProtocolSpec>().unwrap_err().to_string();
        assert!(error.contains("use direct-mail, flood, push:FANOUT[:TTL], push-periodic:FANOUT, pull, "), "{error}");
        let error = "push:x".parse::<ProtocolSpec>().unwrap_err().to_string();
        assert_eq!(error, "\"push:x\" is not push:FANOUT[:TTL] with whole numbers from 1 on");
    }

    #[test]
    fn a_protocol_is_written_as_it_is_typed() {
        for text in
            ["direct-mail", "flood", "push:3", "push:3:8", "push-periodic:2", "pull", "push-pull", "seed-h", "seed-o"]
        {
            assert_eq!(text.parse::<ProtocolSpec>().unwrap().to_string(), text);
        }
    }
}
