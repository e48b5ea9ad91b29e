//! Resources: what the processes of a round used, as their own counters tell in the run's manifest.

use cnsim::manifest::{Manifest, Resources, Round};

use crate::inputs::RunFacts;

/// What one round used.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundResources {
    /// By all processes together, and by the one that used most.
    pub used: Resources,
    /// The payload of one copy.
    pub payload_bytes: u64,
}

impl RoundResources {
    /// Bytes sent for each byte of payload that a complete round delivers: sent / (payload (N - 1)). 1 is the least that
    /// N - 1 deliveries take. None without a payload.
    pub fn sent_per_payload_byte(&self, expected: u32) -> Option<f64> {
        let payload = self.payload_bytes as f64 * f64::from(expected);
        Some(self.used.sent_bytes? as f64 / payload).filter(|_| payload > 0.0)
    }
}

/// What a round used, where the manifest tells.
pub(super) fn resources(facts: Option<&RunFacts>, round: u32) -> Option<RoundResources> {
    let manifest = &facts?.manifest;
    of_round(manifest, manifest.rounds.iter().find(|candidate| candidate.round == round)?)
}

/// The same of a round of the manifest.
pub(super) fn of_round(manifest: &Manifest, round: &Round) -> Option<RoundResources> {
    let used = round.resources.clone()?;
    Some(RoundResources { used, payload_bytes: manifest.options.payload_bytes })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::resources as used;
    use super::*;

    #[test]
    fn bytes_for_a_byte_of_payload_count_every_delivery_of_a_complete_round() {
        let round = |payload_bytes, sent_bytes| RoundResources { used: used(1.0, sent_bytes), payload_bytes };
        assert_eq!(round(100, Some(3_000)).sent_per_payload_byte(10), Some(3.0));
        assert_eq!(round(0, Some(3_000)).sent_per_payload_byte(10), None, "there is no payload");
        assert_eq!(round(100, Some(3_000)).sent_per_payload_byte(0), None);
        assert_eq!(round(100, None).sent_per_payload_byte(10), None);
    }
}
