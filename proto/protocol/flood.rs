//! Flooding: forward on first receipt to all neighbours but the sender.

use super::forwarding::{Origin, all_but_sender};
use crate::id::NodeId;

pub(super) fn targets(neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
    all_but_sender(neighbours, origin)
}
