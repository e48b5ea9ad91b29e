//! `compare`: whether conditions differ in a metric of their rounds, by how much, and how sure that is.
//!
//! The unit is the round. One condition is the baseline; every other one is compared with it, at each number of nodes on
//! its own, in each metric. What may not be compared is refused with its reason. Printing is the caller's.

pub mod args;
mod comparison;
mod forest;
mod gate;
mod metric;
mod output;
mod refusal;
mod sample;
mod sentence;

use cnsim_charts::Metadata;

use crate::audit;
use crate::evaluation::{Evaluation, evaluate};
use crate::inputs::{self, FileFacts, Input};
use crate::report;
use crate::stats::{self, REPLICATES, Resampling};

pub use comparison::{Comparison, Side};
pub use forest::Forest;
pub use gate::{Gate, GateError, Judgement};
pub use metric::Metric;
pub use refusal::Refusal;

/// Replicates of a shift over several deployments: each looks at all pairs of rounds.
const SHIFT_REPLICATES: usize = 1_999;

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// Run folders and files.
    pub inputs: Vec<Input>,
    /// What of each round; not empty.
    pub metrics: Vec<Metric>,
    /// Whether several numbers of nodes are welcome.
    pub grouping: Grouping,
    /// The condition that others are compared with; none: the first.
    pub baseline: Option<String>,
    /// Which rounds belong together.
    pub design: Design,
    /// The level of every interval.
    pub level: f64,
    /// What repeats the resampling.
    pub seed: u64,
    /// Rounds below it are in no statistic.
    pub warm_up: u32,
    /// What becomes of unsound data.
    pub unsound: Unsound,
    /// How the result is written.
    pub format: Format,
    /// What makes the comparison fail.
    pub gates: Vec<Gate>,
    /// Where figures are wanted.
    pub forest: Option<Forest>,
}

/// Which rounds are compared with which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// All conditions have one number of nodes, the same.
    OneNumberOfNodes,
    /// At every number of nodes that both have.
    ByNodes,
}

/// Whether rounds come in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Every round on its own.
    Independent,
    /// Rounds of one number and initiator are a block.
    Paired,
}

/// What becomes of unsound data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// They are not compared.
    Refuse,
    /// They are, with a warning.
    Force,
}

/// How a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A sentence for each comparison, and columns of text
    #[value(alias = "table")]
    Text,
    /// One array of objects
    Json,
    /// A header and a line for each
    Csv,
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Outcome {
    /// To be printed as the result.
    pub text: Vec<u8>,
    /// What to know beside it, a line each.
    pub notes: Vec<String>,
    /// What the gates say.
    pub judgement: Judgement,
}

/// Compares conditions.
///
/// # Errors
/// Where an input cannot be read, or the conditions may not be compared; the message says why.
pub fn run(options: &CompareOptions) -> anyhow::Result<Outcome> {
    let evaluation = evaluate(&options.inputs, options.warm_up)?;
    let mut notes = refusal::check_quality(&audit::audit(&evaluation), options.unsound)?;
    let plan = refusal::plan(&evaluation.analysis, options)?;
    notes.extend(plan.notes);
    let rounds = crate::output::rounds(&evaluation.analysis);
    let resampling = Resampling { seed: options.seed, replicates: REPLICATES, level: options.level };
    let pooled = Resampling { replicates: SHIFT_REPLICATES, ..resampling };
    let mut comparisons = Vec::new();
    let mut sides = Vec::new();
    for metric in &options.metrics {
        for (nodes, conditions) in &plan.nodes {
            let samples: Vec<_> =
                conditions.iter().map(|name| sample::read(&rounds, *metric, name, *nodes)).collect::<Result<_, _>>()?;
            sides.extend(samples.iter().map(|sample| Side::of(sample, &resampling)));
            for other in &samples[1..] {
                comparisons.push(comparison::compare(&samples[0], other, options.design, &pooled)?);
            }
        }
    }
    adjust(&mut comparisons);
    if let Some(forest) = &options.forest {
        let metadata = metadata(options, forest, &evaluation);
        notes.extend(forest::write(forest, &options.metrics, &comparisons, &metadata)?);
    }
    let judgement = gate::judge(&options.gates, &comparisons);
    Ok(Outcome { text: output::written(options.format, &comparisons, &sides), notes, judgement })
}

/// Everything that was tested is one family.
fn adjust(comparisons: &mut [Comparison]) {
    let p: Vec<f64> = comparisons.iter().map(|comparison| comparison.test.p).collect();
    for (comparison, p_holm) in comparisons.iter_mut().zip(stats::holm(&p)) {
        comparison.p_holm = p_holm;
    }
}

/// Where the figures come from.
fn metadata(options: &CompareOptions, forest: &Forest, evaluation: &Evaluation) -> Metadata {
    let files: Vec<&FileFacts> = evaluation.inputs.iter().flat_map(|input| &input.facts.files).collect();
    let chosen = [
        ("level", options.level.to_string()),
        ("seed", options.seed.to_string()),
        ("warm-up", options.warm_up.to_string()),
    ];
    let chosen: Vec<_> = chosen.into_iter().chain(forest.figures.chosen()).collect();
    report::metadata(&forest.tool, &chosen, &inputs::combined_digest(&files))
}
