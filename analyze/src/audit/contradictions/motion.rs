//! What a run folder says of a network that moves, against its topology, and against what options and seed make.

use std::collections::BTreeSet;

use cnsim::motion::{Change, Contacts, MotionSpec};
use cnsim::time::Interval;
use cnsim::topology::Topology;

use crate::evidence::draws_as_here;
use crate::inputs::{MotionFacts, RunFacts};

/// Networks of more changes are not made again to look whether they are those that were asked for.
const CHANGES_MAX: usize = 2_000_000;

/// Every contradiction, in words.
pub(super) fn contradictions(facts: &RunFacts) -> Vec<String> {
    let RunFacts { manifest, topology, motion, .. } = facts;
    match (&manifest.options.motion, motion) {
        (None, None) => Vec::new(),
        (None, Some(_)) => vec!["a contacts.csv, though its network does not move".to_owned()],
        (Some(_), None | Some(MotionFacts { contacts: None })) => {
            vec!["no contacts.csv, though its network moves".to_owned()]
        }
        (Some(spec), Some(MotionFacts { contacts: Some((_, contacts)) })) => {
            let other_links = topology.as_ref().and_then(|topology| other_links(contacts, topology));
            other_links.into_iter().chain(other_contacts(facts, spec, contacts)).collect()
        }
    }
}

/// Contacts of other nodes, or over other links, than the topology has.
fn other_links(contacts: &Contacts, topology: &Topology) -> Option<String> {
    let ends = |a: u32, b: u32| (a.min(b), a.max(b));
    let ever_up: BTreeSet<(u32, u32)> = contacts
        .changes()
        .filter_map(|(_, change)| match change {
            Change::Up(link) => Some(link.ends()).map(|[a, b]| ends(a.0, b.0)),
            Change::Down(_) | Change::Joins(_) | Change::Leaves(_) => None,
        })
        .collect();
    let edges: BTreeSet<(u32, u32)> = topology.edges.iter().map(|edge| ends(edge.source, edge.target)).collect();
    let is_other = contacts.nodes() != topology.nodes || ever_up != edges;
    is_other.then(|| "contacts of other nodes or links than its topology has".to_owned())
}

/// Contacts that are not those of the model that was asked for. What stood in a file is in no run folder.
fn other_contacts(RunFacts { manifest, .. }: &RunFacts, spec: &MotionSpec, contacts: &Contacts) -> Option<String> {
    let MotionSpec::Model(model) = spec else { return None };
    if contacts.len() > CHANGES_MAX || !draws_as_here(manifest) {
        return None;
    }
    let span = Interval::from_ms(manifest.options.round_timeout_ms);
    let drawn = model.generate(contacts.nodes().to_vec(), manifest.options.seed, span).ok();
    let seed = manifest.options.seed;
    (drawn.as_ref() != Some(contacts)).then(|| format!("other contacts than {spec} makes of seed {seed}"))
}
