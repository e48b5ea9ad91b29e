//! Who takes part in a run: its nodes, and where they run, as far as records or the manifest say.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::Manifest;

use crate::evidence::{Names, RunParticipants};

/// Who takes part in a run, by node id.
#[derive(Debug, Default)]
pub(super) struct Participants<'a> {
    /// Every node that a record or the manifest names.
    pub(super) nodes: BTreeSet<&'a str>,
    /// Where nodes run.
    pub(super) hosts: BTreeMap<&'a str, &'a str>,
    /// In which pod nodes run, where pods are what they run in.
    pub(super) pods: BTreeMap<&'a str, &'a str>,
}

impl<'a> Participants<'a> {
    /// Those that the records of some inputs and the manifest name; of hosts that differ, the manifest's counts.
    pub(super) fn of(recorded: &[(&'a Names, &'a RunParticipants)], manifest: Option<&'a Manifest>) -> Self {
        let mut all = Self::default();
        for (names, run) in recorded {
            all.nodes.extend(run.nodes.iter().map(|node| names.node(*node)));
            all.hosts.extend(run.hosts.iter().map(|(node, host)| (names.node(*node), names.host(*host))));
        }
        for node in manifest.into_iter().flat_map(|manifest| &manifest.roster) {
            all.nodes.insert(&node.id);
            all.hosts.insert(&node.id, &node.host);
        }
        let in_pods = manifest.filter(|manifest| manifest.backend.kubernetes().is_some());
        for node in in_pods.into_iter().flat_map(|manifest| &manifest.roster) {
            all.pods.extend(pod_of(&node.process).map(|pod| (node.id.as_str(), pod)));
        }
        all
    }
}

/// The pod of a process, whose name is the pod's, the process's number there and when it began, with dots between.
fn pod_of(process: &str) -> Option<&str> {
    process.rsplitn(3, '.').nth(2)
}
