//! The nodes of a simulated run: their names' lengths, and what all of them share.

use std::sync::Arc;

use cnsim::id::{Epoch, NodeIx};
use cnsim::link::SharedProcessors;
use cnsim::machine::{Common, Config};
use cnsim::protocol::ProtocolSettings;

use crate::processors::{Draws, Processors};

/// See the module.
#[derive(Debug, Clone)]
pub struct Network {
    common: Arc<Common>,
    name_bytes: NameBytes,
    nodes: u32,
}

/// How long the nodes' names are.
#[derive(Debug, Clone)]
enum NameBytes {
    Same(u32),
    Each(Arc<[u32]>),
}

impl Network {
    /// A network of as many nodes as there are lengths of names.
    pub fn new(common: Common, name_bytes: &[u32]) -> Self {
        let nodes = u32::try_from(name_bytes.len()).expect("a topology has fewer than 2^32 nodes");
        let first = name_bytes.first().copied().unwrap_or(0);
        let name_bytes = match name_bytes.iter().all(|bytes| *bytes == first) {
            true => NameBytes::Same(first),
            false => NameBytes::Each(name_bytes.into()),
        };
        Self { common: Arc::new(common), name_bytes, nodes }
    }

    /// The number of nodes.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// The configuration that all nodes work under.
    pub fn epoch(&self) -> Epoch {
        self.common.epoch
    }

    /// What all nodes share.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// What all nodes do.
    pub fn settings(&self) -> &ProtocolSettings {
        &self.common.settings
    }

    /// Whether nothing lies between nodes and their links.
    pub(crate) fn is_direct(&self) -> bool {
        self.common.links.is_direct()
    }

    /// The processors that all nodes share, for rounds from this one on; none where they share none.
    pub(crate) fn shared_processors(&self, round: u32) -> Option<Processors> {
        let SharedProcessors { count, work } = self.common.links.shared_processors()?;
        let draws = Draws { seed: self.common.seed, first_period: Config::first_period_of(round) };
        Some(Processors::new(count, work.clone(), draws))
    }

    /// What a node is told for a round, which is simulated apart from others.
    pub(crate) fn config(&self, me: NodeIx, round: u32) -> Config {
        let name_bytes = match &self.name_bytes {
            NameBytes::Same(bytes) => *bytes,
            NameBytes::Each(bytes) => bytes[me.index()],
        };
        Config { me, name_bytes, first_period: Config::first_period_of(round), common: Arc::clone(&self.common) }
    }
}
