//! What can be typed after `cnsim scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What can be typed after `cnsim scenario`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim scenario new > split.toml
  cnsim scenario check split.toml
  cnsim run -f split.toml --backend sim")]
pub struct ScenarioCommand {
    /// What to do.
    #[command(subcommand)]
    pub action: ScenarioAction,
}

/// The subcommands of `cnsim scenario`.
#[derive(Debug, Subcommand)]
pub enum ScenarioAction {
    /// Prints a commented scenario file that can be run as it is
    New,
    /// Resolves the faults of a file by the seed, prints what befalls whom and when, and what each backend can do
    Check(CheckArgs),
    /// Prints the JSON Schema of scenario files, for editors
    Schema,
}

/// What can be typed after `cnsim scenario check`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim scenario check split.toml --round 3")]
#[command(after_help = "Runs nothing. Exit code: 0 fine, 1 the file cannot be read, 2 it cannot be run.")]
pub struct CheckArgs {
    /// The scenario file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The round whose targets are shown
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub round: u32,
    /// What targets are drawn from [default: the file's seed; one is drawn where it has none]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
}
