//! `compare`: whether conditions differ in a metric of their rounds, by how much, and how sure that is.
//!
//! The unit is the round. One condition is the baseline; every other one is compared with it, at each number of nodes on
//! its own, in each metric. What may not be compared is refused with its reason. Printing and drawing are the caller's.

mod blocks;
mod comparison;
mod gate;
mod pairwise;
mod plan;
mod refusal;
mod sample;
mod sentence;
mod spec;
mod tables;

use crate::audit;
use crate::evaluation::{Evaluation, evaluate};
use crate::inputs::{self, FileFacts, InputError};
use crate::measure::Execution;
use crate::stats::{self, REPLICATES, Resampling};
use blocks::Blocks;
use sample::Sample;

pub use comparison::{Comparison, Design, Side};
pub use gate::{Gate, GateError, Judgement};
pub use refusal::Refusal;
pub use spec::{CompareSpec, Grouping, Pairing, Unsound};
pub use tables::ComparisonFormat;
pub(crate) use tables::printed;

/// Replicates of a shift over several deployments: each looks at all pairs of rounds.
const SHIFT_REPLICATES: usize = 1_999;

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// An input cannot be read.
    #[error(transparent)]
    Source(#[from] InputError),
    /// The conditions may not be compared.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Compared {
    /// Every other condition against the baseline, in each metric and at each number of nodes.
    pub comparisons: Vec<Comparison>,
    /// Each condition on its own.
    pub sides: Vec<Side>,
    /// What to know beside it, a line each.
    pub notes: Vec<String>,
    /// What the gates say.
    pub judgement: Judgement,
    /// The digest of what was read.
    pub input_sha256: String,
    /// How the rounds came to be.
    pub execution: Execution,
    /// Which conditions were simulated, in words; none where none was.
    pub simulated: Option<String>,
}

/// Compares conditions.
///
/// # Errors
/// Where an input cannot be read, or the conditions may not be compared; the message says why.
pub fn compare(spec: &CompareSpec) -> Result<Compared, CompareError> {
    Ok(compare_evaluated(&evaluate(&spec.inputs, spec.times, spec.warm_up)?, spec)?)
}

/// Compares conditions that were evaluated already, whatever inputs the spec names.
///
/// # Errors
/// Where they may not be compared; the message says why.
pub fn compare_evaluated(evaluation: &Evaluation, spec: &CompareSpec) -> Result<Compared, Refusal> {
    let mut notes = plan::check_quality(&audit::audit(evaluation), spec.unsound)?;
    let plan = plan::plan(&evaluation.analysis, spec)?;
    notes.extend(plan.notes);
    let resampling = Resampling { seed: spec.seed, replicates: REPLICATES, level: spec.level };
    let pooled = Resampling { replicates: SHIFT_REPLICATES, ..resampling };
    let blocks = Blocks::of(&evaluation.inputs);
    let mut comparisons = Vec::new();
    let mut sides = Vec::new();
    for metric in &spec.metrics {
        for (nodes, conditions) in &plan.nodes {
            let read = |condition: &String| sample::read(&evaluation.analysis, *metric, condition, *nodes);
            let samples: Vec<_> = conditions.iter().map(read).collect::<Result<_, _>>()?;
            sides.extend(samples.iter().map(|sample| pairwise::side(sample, &resampling)));
            for other in &samples[1..] {
                comparisons.push(compared(&samples[0], other, (spec.pairing, &blocks), &pooled)?);
            }
        }
    }
    adjust(&mut comparisons);
    let judgement = gate::judge(&spec.gates, &comparisons);
    let files: Vec<&FileFacts> = evaluation.inputs.iter().flat_map(|input| &input.facts.files).collect();
    let analysis = &evaluation.analysis;
    Ok(Compared {
        comparisons,
        sides,
        notes,
        judgement,
        input_sha256: inputs::combined_digest(&files),
        execution: analysis.execution(),
        simulated: analysis.simulated_words(),
    })
}

/// Compares two samples, in pairs where they have any.
fn compared(
    from: &Sample,
    to: &Sample,
    (pairing, blocks): (Pairing, &Blocks<'_>),
    resampling: &Resampling,
) -> Result<Comparison, Refusal> {
    match pairing {
        Pairing::OfRounds => pairwise::compare(from, to, Design::Paired, resampling),
        Pairing::Independent => pairwise::compare(from, to, Design::Independent, resampling),
        Pairing::OfBlocks => match blocks.pair(from, to) {
            Some((from, to)) => pairwise::compare(&from, &to, Design::Paired, resampling),
            None => pairwise::compare(from, to, Design::Independent, resampling),
        },
    }
}

/// Adjusts the p of every comparison: everything that was tested is one family.
fn adjust(comparisons: &mut [Comparison]) {
    let p: Vec<f64> = comparisons.iter().filter_map(|comparison| Some(comparison.test?.p)).collect();
    let tested = comparisons.iter_mut().filter(|comparison| comparison.test.is_some());
    for (comparison, p_holm) in tested.zip(stats::holm(&p)) {
        comparison.p_holm = Some(p_holm);
    }
}
