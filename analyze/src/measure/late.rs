//! Rounds that their driver gave up, and receipts that came after that: these are no deliveries of the round.

use std::collections::BTreeMap;

use cnsim::manifest::{Manifest, RoundOutcome};
use cnsim_records::columns::EventNames;

use crate::inputs::About;
use crate::rounds::Round;

/// When rounds of an input were given up.
#[derive(Debug, Default)]
pub(crate) struct GivenUp {
    /// From `initiate` on, in ns, by the number of the run and the round.
    after_ns: BTreeMap<(u32, u32), i64>,
}

impl GivenUp {
    /// What the manifests of an input say.
    pub(crate) fn of(about: &About, names: &EventNames) -> Self {
        let mut after_ns = BTreeMap::new();
        for (run, run_id) in (0..).zip(names.runs.iter()) {
            let manifest = about.runs.get(run_id).map(|facts| &facts.manifest);
            let given_up = manifest.into_iter().flat_map(rounds_given_up);
            after_ns.extend(given_up.map(|(round, after)| ((run, round), after)));
        }
        Self { after_ns }
    }

    /// The latest time at which a round that began at `initiate_ns` could still be delivered; none where it was not given up.
    pub(crate) fn latest_ns(&self, round: &Round<'_>, initiate_ns: Option<i64>) -> Option<i64> {
        let after_ns = self.after_ns.get(&(round.run, round.round))?;
        initiate_ns?.checked_add(*after_ns)
    }
}

/// The rounds that ended by their time-out, or have one in an open loop, each with how long after `initiate`, in ns.
fn rounds_given_up(manifest: &Manifest) -> impl Iterator<Item = (u32, i64)> {
    let given_up =
        manifest.rounds.iter().filter(|round| matches!(round.outcome, RoundOutcome::TimedOut | RoundOutcome::Open));
    given_up.map(|round| (round.round, (round.driver_ms * 1e6) as i64))
}
