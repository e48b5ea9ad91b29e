//! `explain`: one round as a tree with times, so that a reader sees why it took as long as it did.

pub mod args;
mod json;
mod story;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::inputs::{self, Input, InputError, Loaded};
use crate::measure::{self, Dissemination, Origin, RoundMetrics};
use crate::rounds::{Round, Rounds};
use args::{ExplainArgs, Format};
use story::Story;

/// Names that an error lists at most.
const NAMES_SHOWN: usize = 12;

/// Why a round cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The records cannot be read.
    #[error(transparent)]
    Source(#[from] InputError),
    /// There is no record at all.
    #[error("{input}: there is no round in it")]
    Empty {
        /// As typed.
        input: String,
    },
    /// There is no such run.
    #[error("{input}: no run is called {run_id}; there are: {runs}")]
    Run {
        /// As typed.
        input: String,
        /// What was asked for.
        run_id: String,
        /// Those that there are.
        runs: String,
    },
    /// Nobody said which run.
    #[error("{input}: {count} runs have a round {round}: choose one with --run-id; there are: {runs}")]
    Several {
        /// As typed.
        input: String,
        /// How many.
        count: usize,
        /// What was asked for.
        round: u32,
        /// Those that there are.
        runs: String,
    },
    /// There is no such round.
    #[error("{input}: no record is of round {round}; there are rounds {rounds}")]
    Round {
        /// As typed.
        input: String,
        /// What was asked for.
        round: u32,
        /// Those that there are.
        rounds: String,
    },
}

/// What to explain, and how.
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// Run folder or file.
    pub input: Input,
    /// The round.
    pub round: u32,
    /// The run, where there are several.
    pub run_id: Option<String>,
    /// What time counts from.
    pub origin: Origin,
    /// How the round is written.
    pub format: Format,
    /// Which nodes of a large tree are written for readers.
    pub extent: Extent,
}

/// Which nodes are written for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The critical path and the slowest branches where the tree is large.
    Slowest,
    /// Every node.
    All,
}

impl From<ExplainArgs> for ExplainOptions {
    fn from(args: ExplainArgs) -> Self {
        let ExplainArgs { input, round, run_id, origin, format, all } = args;
        let extent = if all { Extent::All } else { Extent::Slowest };
        Self { input, round, run_id, origin, format, extent }
    }
}

/// Explains one round.
pub fn explain(options: &ExplainOptions) -> Result<Vec<u8>, ExplainError> {
    let loaded = inputs::load(std::slice::from_ref(&options.input))?;
    let grouped: Vec<Rounds<'_>> = loaded.iter().map(|input| Rounds::of(&input.events)).collect();
    let places = || {
        let inputs = loaded.iter().zip(&grouped);
        inputs.flat_map(|(input, rounds)| rounds.iter().map(move |round| (input, round)))
    };
    let run_id = chosen_run(options, places().map(|(_, round)| (round.run_id(), round.round)))?;
    let place = places().find(|(_, round)| round.run_id() == run_id && round.round == options.round);
    let (input, round) = place.expect("the chosen run has the round");
    let analysis = measure::analyse(std::slice::from_ref(input), &measure::Options::default());
    let metrics = analysis.groups.iter().flat_map(|group| &group.rounds);
    let metrics = metrics.into_iter().find(|metrics| metrics.run_id == run_id && metrics.round == options.round);
    let story = told(input, &round, metrics.expect("every round is measured"), options.origin);
    Ok(match options.format {
        Format::Text => text::bytes(&story, options.extent),
        Format::Json => json::bytes(&story),
    })
}

/// The run that has the round: the one that was asked for, else the only one.
fn chosen_run<'a>(
    options: &ExplainOptions,
    rounds: impl Iterator<Item = (&'a str, u32)>,
) -> Result<&'a str, ExplainError> {
    let input = || options.input.path.display().to_string();
    let mut runs: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    rounds.for_each(|(run_id, round)| {
        runs.entry(run_id).or_default().insert(round);
    });
    if runs.is_empty() {
        return Err(ExplainError::Empty { input: input() });
    }
    let names = || shown(runs.keys());
    if let Some(run_id) = options.run_id.as_deref() {
        if !runs.contains_key(run_id) {
            return Err(ExplainError::Run { input: input(), run_id: run_id.to_owned(), runs: names() });
        }
        runs.retain(|name, _| *name == run_id);
    }
    let with_round: Vec<&str> =
        runs.iter().filter(|(_, rounds)| rounds.contains(&options.round)).map(|(run_id, _)| *run_id).collect();
    match with_round[..] {
        [run_id] => Ok(run_id),
        [] => {
            let rounds: BTreeSet<u32> = runs.into_values().flatten().collect();
            Err(ExplainError::Round { input: input(), round: options.round, rounds: ranges(&rounds) })
        }
        [..] => Err(ExplainError::Several {
            input: input(),
            count: with_round.len(),
            round: options.round,
            runs: shown(with_round),
        }),
    }
}

fn shown(names: impl IntoIterator<Item: AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMES_SHOWN].join(", ")),
    }
}

/// Numbers with runs of them drawn together: `0-10, 12`.
fn ranges(numbers: &BTreeSet<u32>) -> String {
    let numbers: Vec<u32> = numbers.iter().copied().collect();
    let spans = numbers.chunk_by(|a, b| a + 1 == *b);
    let spans = spans.map(|span| match span {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    shown(spans)
}

/// Brings together what is told of a round.
fn told(input: &Loaded, round: &Round<'_>, metrics: &RoundMetrics, origin: Origin) -> Story {
    let facts = input.about.runs.get(round.run_id());
    let dissemination = measure::dissemination(round, facts);
    let stranded = stranded(input, round, &dissemination, metrics);
    Story { condition: input.about.condition.clone(), metrics: metrics.clone(), dissemination, stranded, origin }
}

/// Nodes that the manifest or any record of the run names and that this round did not reach.
fn stranded(input: &Loaded, round: &Round<'_>, tree: &Dissemination, metrics: &RoundMetrics) -> Vec<String> {
    let events = &input.events;
    let rows = (0..events.len()).filter(|row| events.run[*row] == round.run);
    let numbers: BTreeSet<u32> = rows.flat_map(|row| [events.sender[row], events.receiver[row]]).collect();
    let recorded = numbers.into_iter().map(|number| events.names.nodes.text(number));
    let whereabouts = measure::whereabouts::Whereabouts::of(input.about.runs.get(round.run_id()));
    let mut nodes: BTreeSet<&str> = recorded.chain(whereabouts.nodes()).collect();
    for held in tree.reached.iter().map(|node| node.node.as_str()).chain(metrics.initiator.as_deref()) {
        nodes.remove(held);
    }
    nodes.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_drawn_together() {
        assert_eq!(ranges(&BTreeSet::from([0, 1, 2, 5, 7, 8])), "0-2, 5, 7-8");
    }

    #[test]
    fn many_names_are_cut() {
        assert_eq!(shown((0..14).map(|number| number.to_string())), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more");
    }
}
