//! What is known of the networks of an input's runs beside their edges: when links are up, and how much nodes count.

use std::collections::{BTreeMap, HashMap};

use cnsim::id::NodeIx;
use cnsim::motion::{Contacts, REACH_STEPS_MAX};
use cnsim::topology::Topology;
use cnsim_records::columns::EventNames;

use crate::inputs::{About, RunFacts};
use crate::rounds::Round;

/// The runs whose network moves, or whose nodes have weights.
#[derive(Debug, Default)]
pub(super) struct Networks<'a> {
    /// By the number of the run.
    runs: BTreeMap<u32, RunNetwork<'a>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct RunNetwork<'a> {
    /// When links are up; none where the network stands still, where nobody tells, and where searches over them would take too long.
    pub(super) contacts: Option<&'a Contacts>,
    /// By place in the topology.
    pub(super) weights: Option<&'a [f64]>,
    places: Places,
}

/// The places of nodes in a topology, by their numbers.
#[derive(Debug)]
pub(crate) struct Places(Vec<Option<NodeIx>>);

impl Places {
    /// Those of an input's names.
    pub(crate) fn of(topology: &Topology, names: &EventNames) -> Self {
        let places: HashMap<&str, NodeIx> =
            topology.nodes.iter().map(|node| node.as_str()).zip((0..).map(NodeIx)).collect();
        Self(names.nodes.iter().map(|node| places.get(node).copied()).collect())
    }

    /// The place of a node; none of one that the topology does not have.
    pub(crate) fn get(&self, node: u32) -> Option<NodeIx> {
        self.0.get(node as usize).copied().flatten()
    }
}

impl<'a> Networks<'a> {
    /// What the run folders of an input tell.
    pub(super) fn of(about: &'a About, names: &EventNames) -> Self {
        let mut runs = BTreeMap::new();
        for (number, run_id) in (0..).zip(names.runs.iter()) {
            let network = about.runs.get(run_id).and_then(|facts| RunNetwork::of(facts, names));
            runs.extend(network.map(|network| (number, network)));
        }
        Self { runs }
    }

    /// That of a round's run; none where nothing is known beside its edges.
    pub(super) fn of_round(&self, round: &Round<'_>) -> Option<&RunNetwork<'a>> {
        self.runs.get(&round.run)
    }
}

impl<'a> RunNetwork<'a> {
    fn of(facts: &'a RunFacts, names: &EventNames) -> Option<Self> {
        let topology = facts.topology.as_ref()?;
        let (contacts, weights) = (facts.contacts(), topology.node_weights.as_deref());
        let rounds = facts.manifest.rounds.len() as u64;
        let contacts = contacts.filter(|contacts| contacts.len() as u64 * rounds <= REACH_STEPS_MAX);
        (contacts.is_some() || weights.is_some()).then(|| Self {
            contacts,
            weights,
            places: Places::of(topology, names),
        })
    }

    /// The place of a node in the topology.
    pub(super) fn place(&self, node: u32) -> Option<NodeIx> {
        self.places.get(node)
    }
}
