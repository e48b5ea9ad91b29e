//! Direct mail: the initiator mails every neighbour, nobody forwards.

use super::forwarding::{Origin, all_but_sender};
use crate::id::NodeId;

pub(super) fn targets(neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
    match origin {
        Origin::Initiated => all_but_sender(neighbours, origin),
        Origin::Heard { .. } => Vec::new(),
    }
}
