//! Why a round cannot be explained.

use crate::inputs::InputError;

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
