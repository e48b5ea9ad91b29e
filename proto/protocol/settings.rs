//! A protocol with the options that every protocol shares: what a node is configured with.

use std::str::FromStr;

use super::error::ParseError;
use super::options::{Connections, Forward, Order, Phase};
use super::promises::{Duplicates, Promises};
use super::spec::{Preset, ProtocolSpec};
use crate::time::Interval;

/// What is typed as `--protocol` and the flags that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolSettings {
    /// What was typed: what the nodes do, and what the event records call it.
    pub spec: ProtocolSpec,
    /// In which order copies are sent.
    pub order: Order,
    /// How many sends of one node may wait for their acknowledgment at once; at least 1.
    pub in_flight: u32,
    /// Whether a first receipt is acknowledged before or after it has been forwarded.
    pub forward: Forward,
    /// Whether a connection outlives its send.
    pub connections: Connections,
    /// How long a send may take before it has failed; none: as long as it takes.
    pub deadline: Option<Interval>,
    /// How long a period of protocols that have one is; above 0.
    pub period: Interval,
    /// When periods begin.
    pub phase: Phase,
    /// Whether a node that pushes also sends to whom it heard from.
    pub back_to_sender: bool,
}

impl ProtocolSettings {
    /// As `in_flight`: as many sends as there are.
    pub const UNLIMITED: u32 = u32::MAX;
    /// The period where none is typed.
    pub const PERIOD: Interval = Interval::from_ms(1000);

    /// What may be relied on in a run without faults, with these options.
    pub fn promises(&self) -> Promises {
        let promises = self.spec.promises();
        match promises.duplicates {
            Duplicates::OfFlood if self.back_to_sender => Promises { duplicates: Duplicates::Open, ..promises },
            Duplicates::Never | Duplicates::OfFlood | Duplicates::Open => promises,
        }
    }
}

impl From<ProtocolSpec> for ProtocolSettings {
    /// With the options that the spec has where none is typed.
    fn from(spec: ProtocolSpec) -> Self {
        let preset = spec.preset();
        let plain = Self {
            spec,
            order: Order::Shuffled,
            in_flight: 32,
            forward: Forward::AfterAck,
            connections: Connections::Reuse,
            deadline: Some(Interval::from_ms(5000)),
            period: Self::PERIOD,
            phase: Phase::Random,
            back_to_sender: false,
        };
        let seed = || Self {
            order: Order::Listed,
            in_flight: 1,
            connections: Connections::PerSend,
            deadline: None,
            ..plain.clone()
        };
        match preset {
            None => plain,
            Some(Preset::SeedH) => seed(),
            Some(Preset::SeedO) => Self { forward: Forward::BeforeAck, ..seed() },
        }
    }
}

impl FromStr for ProtocolSettings {
    type Err = ParseError;

    /// A protocol or a preset, with the defaults of its options.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.parse::<ProtocolSpec>().map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_keep_their_names_and_send_one_copy_at_a_time() {
        for preset in ["seed-h", "seed-o"] {
            let protocol: ProtocolSettings = preset.parse().unwrap();
            assert_eq!((protocol.spec.to_string().as_str(), protocol.in_flight, protocol.deadline), (preset, 1, None));
            assert_eq!(protocol.connections, Connections::PerSend);
        }
    }
}
