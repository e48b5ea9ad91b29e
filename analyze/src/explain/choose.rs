//! Which run of an input is meant, where only a round was named.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ExplainError;
use super::lists::{ranges, shown};
use super::spec::ExplainSpec;

/// The run that has the round: the one that was asked for, else the only one.
pub(super) fn choose_run<'a>(
    spec: &ExplainSpec,
    rounds: impl Iterator<Item = (&'a str, u32)>,
) -> Result<&'a str, ExplainError> {
    let input = || spec.input.path.display().to_string();
    let mut runs: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    rounds.for_each(|(run_id, round)| {
        runs.entry(run_id).or_default().insert(round);
    });
    if runs.is_empty() {
        return Err(ExplainError::Empty { input: input() });
    }
    let names = || shown(runs.keys());
    if let Some(run_id) = spec.run_id.as_deref() {
        if !runs.contains_key(run_id) {
            return Err(ExplainError::Run { input: input(), run_id: run_id.to_owned(), runs: names() });
        }
        runs.retain(|name, _| *name == run_id);
    }
    let with_round: Vec<&str> =
        runs.iter().filter(|(_, rounds)| rounds.contains(&spec.round)).map(|(run_id, _)| *run_id).collect();
    match with_round[..] {
        [run_id] => Ok(run_id),
        [] => {
            let rounds: BTreeSet<u32> = runs.into_values().flatten().collect();
            Err(ExplainError::Round { input: input(), round: spec.round, rounds: ranges(&rounds) })
        }
        [..] => Err(ExplainError::Several {
            input: input(),
            count: with_round.len(),
            round: spec.round,
            runs: shown(with_round),
        }),
    }
}
