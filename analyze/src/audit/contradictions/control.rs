//! What `control.csv` says against the manifest and the topology of its run.

use std::collections::BTreeSet;

use cnsim::manifest::RunOutcome;

use super::super::rounds_words::list_rounds;
use crate::inputs::{ControlFacts, RunFacts};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// Every contradiction, in words.
pub(super) fn contradictions(facts: &RunFacts) -> Vec<String> {
    let Some(control) = &facts.control else { return Vec::new() };
    [strangers(control), unknown_rounds(facts, control)].into_iter().flatten().collect()
}

fn strangers(control: &ControlFacts) -> Option<String> {
    let shown: Vec<&str> = control.strangers.iter().take(NAMES_SHOWN).map(String::as_str).collect();
    let more = if control.strangers.len() > NAMES_SHOWN { ", …" } else { "" };
    (!shown.is_empty())
        .then(|| format!("control messages of nodes that are none of the run's ({}{more})", shown.join(", ")))
}

/// Rounds that a complete run did not drive. One that was cut off may have begun a round that its driver did not live to write
/// down.
fn unknown_rounds(facts: &RunFacts, control: &ControlFacts) -> Option<String> {
    let driven: BTreeSet<u32> = facts.manifest.rounds.iter().map(|round| round.round).collect();
    let unknown: Vec<u32> = control.rounds.keys().copied().filter(|round| !driven.contains(round)).collect();
    (facts.manifest.outcome == RunOutcome::Complete && !unknown.is_empty())
        .then(|| format!("control messages of {} that it does not have", list_rounds(&unknown)))
}
