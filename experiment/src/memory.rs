//! Whether a simulation fits into this machine's memory, estimated before its graph is made. The numbers of bytes were fitted to the
//! most that runs of 10^3 to 10^6 nodes took (`just simulation-memory`).

use std::fs;

use cnsim::manifest::Records;
use cnsim::protocol::{Promises, Repeats, Senders};
use cnsim::topology::TopologySpec;
use cnsim_node::cgroup::memory_left_bytes;

use crate::plan::{Plan, PlanError};

/// The program itself, with its threads and buffers.
const PROGRAM: u64 = 35 << 20;
/// A node's name, and what is known of it in every round.
const NODE: u64 = 100;
/// Its place in the texts of a file of records.
const NODE_IN_FILE: u64 = 150;
/// An edge while the graph is made and checked, and what is kept of it.
const EDGE: u64 = 65;
/// A way that a node may send along; an edge has one in each direction.
const WAY: u64 = 8;
/// A node at work in one round.
const MACHINE: u64 = 450;
/// A copy on its way in one round: nearly all can be on their way at once.
const COPY: u64 = 100;
/// A record of one round.
const RECORD: u64 = 72;
/// A record that waits to be written, as columns and encoded.
const ROW: u64 = 330;
/// Records that are written together.
const ROWS: u64 = 1 << 18;

/// What a simulation's memory goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Nodes.
    pub nodes: u64,
    /// Edges, each once.
    pub edges: u64,
    /// Whom nodes may send to, added up over all nodes.
    pub ways: u64,
    /// Rounds, the warm-up among them.
    pub rounds: u64,
    /// Copies of one message, as far as its protocol has a bound; else one along each way.
    pub copies: u64,
    /// Which records are kept.
    pub records: Records,
}

impl Size {
    /// Of a graph that is not made yet.
    pub fn of_spec(spec: &TopologySpec, nodes: u32, rounds: u32, promises: &Promises, records: Records) -> Self {
        let edges = spec.edges_expected(nodes);
        let ways = if spec.is_directed() { edges } else { 2 * edges };
        let nodes = u64::from(nodes);
        Self { nodes, edges, ways, rounds: u64::from(rounds) + 1, copies: copies(nodes, ways, promises), records }
    }

    /// Of a run whose graph is there.
    pub fn of_plan(plan: &Plan) -> Self {
        let (nodes, edges) = (plan.topology.nodes.len() as u64, plan.topology.edges.len() as u64);
        let (ways, rounds) = (plan.neighbours.len() as u64, u64::from(plan.options.rounds) + 1);
        let copies = copies(nodes, ways, &plan.protocol.promises());
        Self { nodes, edges, ways, rounds, copies, records: plan.options.records }
    }

    /// What so many rounds at once take, in bytes, with all that is needed for them.
    pub fn bytes(&self, rounds_at_once: u32) -> u64 {
        let graph = self.nodes * NODE + self.edges * EDGE + self.ways * WAY;
        let file = match self.records {
            Records::All | Records::First => self.nodes * NODE_IN_FILE + (self.kept() * self.rounds).min(ROWS) * ROW,
            Records::None => 0,
        };
        let round = self.nodes * MACHINE + self.copies * COPY + self.kept() * RECORD;
        PROGRAM + graph + file + u64::from(rounds_at_once) * round
    }

    /// Records of one round.
    fn kept(&self) -> u64 {
        match self.records {
            Records::All => self.copies.max(self.nodes),
            Records::First => self.nodes,
            Records::None => 0,
        }
    }

    /// Refuses what does not fit even one round after another.
    ///
    /// # Errors
    /// With what is needed and what is there.
    pub fn check(&self, available: Option<u64>) -> Result<(), PlanError> {
        match available {
            Some(available) if self.bytes(1) > available => {
                let advice = match self.records {
                    Records::All => "use fewer nodes or edges, or --records first or none",
                    Records::First => "use fewer nodes or edges, or --records none",
                    Records::None => "use fewer nodes or edges",
                };
                Err(PlanError::Memory { needed: self.bytes(1), available, advice })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// How many rounds fit at once, of those that there are threads for; at least one.
    pub fn rounds_at_once(&self, threads: usize, available: Option<u64>) -> usize {
        let fits = |rounds: &usize| {
            let rounds = u32::try_from(*rounds).unwrap_or(u32::MAX);
            available.is_none_or(|available| self.bytes(rounds) <= available)
        };
        (1..=threads).rev().find(fits).unwrap_or(1)
    }
}

fn copies(nodes: u64, ways: u64, promises: &Promises) -> u64 {
    match (promises.senders, promises.repeats) {
        (Senders::Initiator, Repeats::Never) => nodes.min(ways),
        (Senders::Initiator, Repeats::Allowed) | (Senders::Holders, _) => {
            promises.copies_max.map_or(ways, |most| ways.min(nodes * u64::from(most)))
        }
    }
}

/// The memory that this process may still take, in bytes; none where the system does not say, as where it is no Linux.
pub fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_on_machine(&text));
    machine.into_iter().chain(memory_left_bytes()).min()
}

/// The most that this process has had in memory, in bytes; none where the system does not say.
pub fn peak() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

fn available_on_machine(text: &str) -> Option<u64> {
    kibibytes(text, "MemAvailable:")
}

/// The bytes of a line of Linux's that counts in kibibytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(spec: &str, nodes: u32, records: Records) -> Size {
        let flood = "flood".parse::<cnsim::protocol::ProtocolSettings>().unwrap();
        Size::of_spec(&spec.parse().unwrap(), nodes, 10, &flood.promises(), records)
    }

    #[test]
    fn what_does_not_fit_is_refused_with_both_numbers_and_what_to_do() {
        let million = size("k-regular:8", 1_000_000, Records::All);
        let error = million.check(Some(1 << 30)).unwrap_err().to_string();
        assert!(error.starts_with("the simulation needs about "), "{error}");
        assert!(
            error
                .ends_with(" GB of memory, and 1.1 GB are there: use fewer nodes or edges, or --records first or none"),
            "{error}"
        );
        assert!(million.check(Some(64 << 30)).is_ok() && million.check(None).is_ok());
        assert!(size("k-regular:8", 1_000, Records::All).check(Some(1 << 30)).is_ok());
    }

    #[test]
    fn fewer_rounds_are_simulated_at_once_where_more_do_not_fit() {
        let million = size("k-regular:8", 1_000_000, Records::All);
        assert_eq!(million.rounds_at_once(8, None), 8);
        assert_eq!(million.rounds_at_once(8, Some(million.bytes(3))), 3);
        assert_eq!(million.rounds_at_once(8, Some(1)), 1);
    }

    #[test]
    fn fewer_records_take_less() {
        let bytes =
            [Records::All, Records::First, Records::None].map(|records| size("k-regular:8", 100_000, records).bytes(2));
        assert!(bytes.is_sorted_by(|more, less| more > less), "{bytes:?}");
    }

    #[test]
    fn the_memory_of_a_machine_is_read_as_linux_says_it() {
        let text = "MemTotal:       24000000 kB\nMemFree:        100 kB\nMemAvailable:   23068672 kB\n";
        assert_eq!(available_on_machine(text), Some(23_068_672 * 1024));
        assert_eq!(available_on_machine("MemTotal: 5 kB\n"), None);
    }
}
