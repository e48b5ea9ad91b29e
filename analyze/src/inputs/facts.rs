//! What an input holds: its events, and what is known of it beside them.

use std::collections::BTreeMap;

use cnsim::manifest::Manifest;
use cnsim::motion::Contacts;
use cnsim::topology::Topology;
use cnsim_records::FileFacts;
use cnsim_records::events::Events;

use super::control::ControlFacts;
use super::faults::FaultFacts;
use super::motion::MotionFacts;

/// Everything that one input holds.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What is known of it beside its events.
    pub about: About,
    /// Its events, repeats removed, in no particular order.
    pub events: Events,
}

/// What is known of an input beside its events.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Its condition: the label, else the manifest's, else the file's stem.
    pub condition: String,
    /// What was seen while reading.
    pub facts: Facts,
    /// What is known of its runs beside their events, by run id.
    pub runs: BTreeMap<String, RunFacts>,
}

/// A run folder's other files.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// manifest.json.
    pub manifest: Manifest,
    /// topology.json.
    pub topology: Option<Topology>,
    /// Hex digest of topology.json.
    pub topology_sha256: Option<String>,
    /// control.csv.
    pub control: Option<ControlFacts>,
    /// faults.jsonl, fault-steps.csv and probes.csv.
    pub faults: Option<FaultFacts>,
    /// contacts.csv.
    pub motion: Option<MotionFacts>,
}

impl RunFacts {
    /// When the links of its network were up; none where it stands still, where nobody tells, and where they are of other nodes than
    /// its topology.
    pub fn contacts(&self) -> Option<&Contacts> {
        let (_, contacts) = self.motion.as_ref()?.contacts.as_ref()?;
        let is_of_nodes = self.topology.as_ref().is_some_and(|topology| topology.nodes == contacts.nodes());
        is_of_nodes.then_some(contacts)
    }
}

/// What was seen while reading one input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The files that were read.
    pub files: Vec<FileFacts>,
    /// Lines that are no events.
    pub rejected: u64,
    /// The first few of them, as `file:line: reason`.
    pub rejected_examples: Vec<String>,
    /// Repeats that were removed, here or by the fetch that wrote the file, by run id and round.
    pub repeats: BTreeMap<(String, u32), u64>,
    /// Records with equal process and seq but other content, which were kept, by run id and round.
    pub conflicts: BTreeMap<(String, u32), u64>,
    /// Records that say one thing twice and differently, by run id and round.
    pub contradictory: BTreeMap<(String, u32), u64>,
}

impl Facts {
    /// The same with other names of files. What `rename` is given begins with a name, and may go on.
    pub(crate) fn renamed(&self, rename: impl Fn(&str) -> String) -> Self {
        let mut renamed = self.clone();
        renamed.files.iter_mut().for_each(|file| file.path = rename(&file.path));
        renamed.rejected_examples.iter_mut().for_each(|example| *example = rename(example));
        renamed
    }
}
