//! How many duplicates a complete round of a condition has to make, where protocol and topology say so.

use std::collections::BTreeSet;

use cnsim::invariant::Flood;
use cnsim::protocol::{Duplicates, Promises, ProtocolSpec};
use cnsim::topology::Topology;

use crate::inputs::RunFacts;

/// What is known of one run.
pub(super) struct Known<'a> {
    /// Its files, where the input has them.
    pub(super) facts: Option<&'a RunFacts>,
    /// The protocol as its records name it; may be empty.
    pub(super) protocol: String,
}

impl Known<'_> {
    /// Whether faults befell it, under which a protocol promises no numbers.
    pub(super) fn had_faults(&self) -> bool {
        self.facts.is_some_and(|facts| !facts.manifest.options.faults.is_empty())
    }

    /// Whether its links come and go, so that no number of edges says how many copies there are.
    fn moves(&self) -> bool {
        self.facts.is_some_and(|facts| facts.manifest.options.motion.is_some())
    }

    /// What its protocol promises, as its manifest says, else its records; none where they name no known protocol.
    pub(super) fn promises(&self) -> Option<Promises> {
        match self.facts {
            Some(facts) => Some(facts.manifest.options.resolved_protocol().promises()),
            None => Some(self.protocol.parse::<ProtocolSpec>().ok()?.promises()),
        }
    }
}

/// The number on which all runs of a group agree; none where one run's is not known or differs.
pub(super) fn duplicates(runs: &[Known<'_>]) -> Option<u64> {
    let numbers: BTreeSet<Option<u64>> = runs.iter().map(of_run).collect();
    match numbers.first() {
        Some(number) if numbers.len() == 1 => *number,
        Some(_) | None => None,
    }
}

fn of_run(run: &Known<'_>) -> Option<u64> {
    if run.had_faults() {
        return None;
    }
    match run.promises()?.duplicates {
        Duplicates::Never => Some(0),
        Duplicates::OfFlood if run.moves() => None,
        Duplicates::OfFlood => flood(run.facts?.topology.as_ref()?),
        Duplicates::Open => None,
    }
}

fn flood(topology: &Topology) -> Option<u64> {
    let dictates = !topology.directed && topology.is_simple() && topology.is_connected();
    dictates.then(|| Flood::expected_duplicates(topology.nodes.len() as u64, topology.edges.len() as u64))
}
