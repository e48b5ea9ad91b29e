//! The texts behind the numbers of an input's evidence, kept when its records are gone.

use cnsim_records::columns::EventNames;

/// Names of nodes, processes and hosts, each in order; a number is a place among them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    names: EventNames,
}

impl Names {
    /// The names that an input's records use.
    pub(super) fn of(names: &EventNames) -> Self {
        Self { names: names.clone() }
    }

    /// The id of a node.
    pub(crate) fn node(&self, number: u32) -> &str {
        self.names.nodes.text(number)
    }

    /// The number of a node, by its id.
    pub(super) fn node_number(&self, id: &str) -> Option<u32> {
        self.names.nodes.number(id)
    }

    /// The name of a process.
    pub(crate) fn process(&self, number: u32) -> &str {
        self.names.processes.text(number)
    }

    /// The name of a host; empty: unknown.
    pub(crate) fn host(&self, number: u32) -> &str {
        self.names.hosts.text(number)
    }
}
