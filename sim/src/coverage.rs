//! How many messages the nodes hold that a fault has not taken for good: first receipts do not tell, where nodes lose what they hold.

use cnsim::id::NodeIx;

/// See the module.
#[derive(Debug)]
pub(crate) struct Coverage {
    /// What each node holds; none of one that is gone.
    held: Vec<Option<u32>>,
    sum: u64,
    gone: u64,
}

impl Coverage {
    /// That of so many nodes, which hold nothing.
    pub(crate) fn new(nodes: usize) -> Self {
        Self { held: vec![Some(0); nodes], sum: 0, gone: 0 }
    }

    /// What a node holds now; none where it is gone.
    pub(crate) fn note(&mut self, node: NodeIx, held: Option<usize>) {
        let held = held.map(|held| u32::try_from(held).unwrap_or(u32::MAX));
        let before = std::mem::replace(&mut self.held[node.index()], held);
        self.sum = self.sum + u64::from(held.unwrap_or(0)) - u64::from(before.unwrap_or(0));
        self.gone = self.gone + u64::from(held.is_none()) - u64::from(before.is_none());
    }

    /// Whether every node that is not gone holds so many messages.
    pub(crate) fn is_full(&self, messages: u64) -> bool {
        self.sum >= messages * (self.held.len() as u64 - self.gone)
    }
}
