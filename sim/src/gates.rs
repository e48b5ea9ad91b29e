//! What the simulator keeps where something lies between nodes and their links: when the next thing is through, and which copies
//! have come to a node and are not received yet.

use std::collections::BTreeMap;

use cnsim::id::{DeliveryId, NodeIx};
use cnsim::time::Timestamp;

use crate::happening::Arrival;

/// See the module.
#[derive(Debug)]
pub(crate) struct Gates {
    /// For when an event of each node is queued.
    timeouts: BTreeMap<NodeIx, Timestamp>,
    /// How much of what keeps a round from being over is inside at each node, and the sum.
    held_up: Vec<u64>,
    held_up_sum: u64,
    coming: BTreeMap<DeliveryId, Coming>,
}

/// A copy that has come to a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coming {
    pub(crate) sender: NodeIx,
    pub(crate) receiver: NodeIx,
    pub(crate) arrival: Arrival,
}

impl Gates {
    /// Those of so many nodes, in which nothing is.
    pub(crate) fn new(nodes: usize) -> Self {
        Self { timeouts: BTreeMap::new(), held_up: vec![0; nodes], held_up_sum: 0, coming: BTreeMap::new() }
    }

    /// Whether nothing keeps a round from being over.
    pub(crate) fn is_clear(&self) -> bool {
        self.held_up_sum == 0
    }

    pub(crate) fn note_held_up(&mut self, node: NodeIx, held_up: u64) {
        let known = &mut self.held_up[node.index()];
        self.held_up_sum = self.held_up_sum + held_up - *known;
        *known = held_up;
    }

    /// Whether an event for this time is to be queued.
    pub(crate) fn note_timeout(&mut self, node: NodeIx, at: Timestamp) -> bool {
        self.timeouts.insert(node, at) != Some(at)
    }

    /// Whether an event that has come is the one that counts.
    pub(crate) fn is_due(&mut self, node: NodeIx, at: Timestamp) -> bool {
        let is_due = self.timeouts.get(&node) == Some(&at);
        if is_due {
            self.timeouts.remove(&node);
        }
        is_due
    }

    pub(crate) fn note_coming(&mut self, delivery: DeliveryId, coming: Coming) {
        self.coming.insert(delivery, coming);
    }

    /// A copy that has been received.
    pub(crate) fn take_coming(&mut self, delivery: DeliveryId) -> Option<Arrival> {
        self.take(delivery).map(|coming| coming.arrival)
    }

    /// A copy that has not been received yet, with its ends.
    pub(crate) fn take(&mut self, delivery: DeliveryId) -> Option<Coming> {
        self.coming.remove(&delivery)
    }

    /// Those that were not; no event counts any more.
    pub(crate) fn clear(&mut self) -> BTreeMap<DeliveryId, Coming> {
        self.timeouts.clear();
        std::mem::take(&mut self.coming)
    }
}
