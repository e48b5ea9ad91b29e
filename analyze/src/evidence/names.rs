//! The texts behind the numbers of an input's evidence, kept when its records are gone.

use cnsim_records::frame::Events;

/// Names of nodes, processes and hosts, each list sorted; a number is a place in its list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    nodes: Vec<String>,
    processes: Vec<String>,
    hosts: Vec<String>,
}

impl Names {
    /// The names that an input's records use.
    pub(super) fn of(events: &Events) -> Self {
        let names = &events.names;
        Self {
            nodes: names.nodes.texts().to_vec(),
            processes: names.processes.texts().to_vec(),
            hosts: names.hosts.texts().to_vec(),
        }
    }

    /// The id of a node.
    pub(crate) fn node(&self, number: u32) -> &str {
        &self.nodes[number as usize]
    }

    /// The number of a node, by its id.
    pub(super) fn node_number(&self, id: &str) -> Option<u32> {
        self.nodes.binary_search_by(|other| other.as_str().cmp(id)).ok().map(|number| number as u32)
    }

    /// The name of a process.
    pub(crate) fn process(&self, number: u32) -> &str {
        &self.processes[number as usize]
    }

    /// The name of a host; empty: unknown.
    pub(crate) fn host(&self, number: u32) -> &str {
        &self.hosts[number as usize]
    }
}
