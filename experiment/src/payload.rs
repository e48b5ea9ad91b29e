//! What the message of a round carries.

use bytes::Bytes;
use cnsim::random::Random;

use crate::plan::Plan;

/// The payload of a round: the same bytes for the same seed.
pub(crate) fn payload(plan: &Plan, round: u32) -> Bytes {
    let length = usize::try_from(plan.options.payload_bytes).expect("the plan holds payloads to what a message takes");
    let mut random = Random::keyed(plan.options.seed, &["payload", &round.to_string()]);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(random.below(u64::MAX).to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}
