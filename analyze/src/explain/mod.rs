//! `explain`: one round as a tree with times, so that a reader sees why it took as long as it did.

mod choose;
mod error;
mod explained;
mod failed;
mod json;
mod lists;
mod spec;
mod stranded;
mod text;

use crate::inputs::{self, Loaded};
use crate::measure::{self, Origin, RoundMetrics};
use crate::rounds::{Batch, Rounds};
use choose::choose_run;
use explained::ExplainedRound;
use failed::failed_copies;
use stranded::stranded;

pub use error::ExplainError;
pub use spec::{ExplainSpec, ExplanationFormat, Extent};

/// Explains one round.
///
/// # Errors
/// Where the records cannot be read, and where it is not clear which round is meant or there is none.
pub fn explain(spec: &ExplainSpec) -> Result<Vec<u8>, ExplainError> {
    let loaded = inputs::each(std::slice::from_ref(&spec.input), spec.times)?.collect::<Result<Vec<_>, _>>()?;
    let grouped: Vec<Rounds<'_>> = loaded.iter().map(|input| Rounds::of_input(&input.about, &input.events)).collect();
    let places = || {
        let inputs = loaded.iter().zip(&grouped);
        inputs.flat_map(|(input, rounds)| rounds.keys().enumerate().map(move |place| (input, rounds, place)))
    };
    let run_id = choose_run(spec, places().map(|(_, _, (_, key))| key))?;
    let place = places().find(|(_, _, (_, key))| *key == (run_id, spec.round));
    let (input, rounds, (place, _)) = place.expect("the chosen run has the round");
    let batch = rounds.lay_out(place..place + 1);
    let analysis = measure::analyse(std::slice::from_ref(input), &measure::Options::default());
    let rounds = analysis.groups.iter().flat_map(|group| group.rounds.iter().map(move |round| (group, round)));
    let found = rounds.into_iter().find(|(_, round)| round.run_id == run_id && round.round == spec.round);
    let (group, metrics) = found.expect("every round is measured");
    let explained = gather(input, &batch, (metrics, group.simulated.contains(run_id)), spec.origin);
    Ok(match spec.format {
        ExplanationFormat::Text => text::bytes(&explained, spec.extent),
        ExplanationFormat::Json => json::bytes(&explained),
    })
}

/// Brings together what is said of the only round of a batch.
fn gather(
    input: &Loaded,
    batch: &Batch,
    (metrics, is_simulated): (&RoundMetrics, bool),
    origin: Origin,
) -> ExplainedRound {
    let round = batch.get(0);
    let dissemination = measure::dissemination(batch, &input.about);
    let stranded = stranded(input, &round, &dissemination, metrics);
    ExplainedRound {
        condition: input.about.condition.clone(),
        is_simulated,
        metrics: metrics.clone(),
        dissemination,
        stranded,
        failed: failed_copies(input, &round),
        origin,
    }
}
