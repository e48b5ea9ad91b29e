//! One pass over the inputs: each is read, measured and examined, and its records leave memory before the next is read.

use std::convert::Infallible;

use crate::evidence::{BatchEvidence, Evidence, KnownBefore};
use crate::inputs::{self, About, Input, InputError, Loaded, TimeScale};
use crate::measure::{self, Analysis, Measuring};
use crate::rounds::{Batch, Rounds};

/// What is known of all inputs once their records are gone.
#[derive(Debug)]
pub struct Evaluation {
    /// The inputs, in their order.
    pub inputs: Vec<About>,
    /// What was measured.
    pub analysis: Analysis,
    /// What the audit stands on.
    pub evidence: Evidence,
    /// Rounds below it are in no statistic.
    pub warm_up: u32,
}

/// Reads and evaluates the inputs one after the other, their times on this scale.
///
/// # Errors
/// Where one cannot be read.
pub fn evaluate(inputs: &[Input], times: TimeScale, warm_up: u32) -> Result<Evaluation, InputError> {
    evaluate_each(inputs::each(inputs, times)?, warm_up)
}

/// Evaluates inputs that are in memory.
pub fn evaluate_loaded(inputs: impl IntoIterator<Item = Loaded>, warm_up: u32) -> Evaluation {
    let Ok(evaluation) = evaluate_each(inputs.into_iter().map(Ok::<_, Infallible>), warm_up);
    evaluation
}

fn evaluate_each<E>(inputs: impl Iterator<Item = Result<Loaded, E>>, warm_up: u32) -> Result<Evaluation, E> {
    let mut measuring = Measuring::new(measure::Options { warm_up });
    let (mut evidence, mut about_inputs) = (Evidence::default(), Vec::new());
    for loaded in inputs {
        let Loaded { about, events } = loaded?;
        let rounds = Rounds::of_input(&about, &events);
        let circumstances = measuring.circumstances(&about, &events);
        let known = KnownBefore::of(&about, rounds.names());
        let examine = |batch: &Batch| {
            let measured = circumstances.measure(batch);
            let noted = BatchEvidence::of(&about, &known, batch, measured.rounds.iter().map(|round| &round.metrics));
            (measured, noted)
        };
        let (measured, noted): (Vec<_>, Vec<_>) = rounds.map_batches(examine).into_iter().unzip();
        let (names, begun_apart) = (events.names().clone(), rounds.into_begun_apart());
        // What is put together grows while it is; records are not needed any more.
        drop(events);
        measuring.add(&circumstances, &names, measured);
        evidence.add(&known, &names, begun_apart, noted);
        about_inputs.push(about);
    }
    let analysis = measuring.finish(&about_inputs.iter().collect::<Vec<_>>());
    Ok(Evaluation { inputs: about_inputs, analysis, evidence, warm_up })
}
