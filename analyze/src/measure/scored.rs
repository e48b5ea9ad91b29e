//! Which rounds statistics count: those behind the warm-up, and in an open loop those of its schedule, before its drain.

use std::collections::BTreeMap;

use cnsim::manifest::Manifest;
use cnsim::pace::Schedule;
use cnsim_records::columns::EventNames;

use crate::inputs::About;

/// See the module.
#[derive(Debug)]
pub(super) struct ScoredRounds {
    /// The first round that counts.
    warm_up: u32,
    /// When rounds of an open loop begin, by the number of the run.
    open_loops: BTreeMap<u32, Schedule>,
}

impl ScoredRounds {
    /// Those of an input, whose rounds below `warm_up` do not count.
    pub(super) fn of(about: &About, names: &EventNames, warm_up: u32) -> Self {
        let schedule = |run_id| about.runs.get(run_id).and_then(|facts| facts.manifest.options.open_loop());
        let open_loops = (0..).zip(names.runs.iter()).filter_map(|(run, run_id)| Some((run, schedule(run_id)?)));
        Self { warm_up, open_loops: open_loops.collect() }
    }

    /// Whether a round of a run counts. `place` is the round's, where messages that were begun several times are rounds of their own.
    pub(super) fn contains(&self, run: u32, round: u32, place: u32) -> bool {
        place >= self.warm_up && self.open_loops.get(&run).is_none_or(|schedule| schedule.is_scored(round))
    }

    /// The same of a round that no record names.
    pub(super) fn contains_silent(manifest: &Manifest, round: u32, warm_up: u32) -> bool {
        round >= warm_up && manifest.options.open_loop().is_none_or(|schedule| schedule.is_scored(round))
    }
}
