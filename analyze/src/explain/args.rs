//! What can be typed after `cnsim-analyze explain`.

use clap::{Args, ValueEnum};

use crate::inputs::Input;
use crate::measure::Origin;

/// What can be typed after `cnsim-analyze explain`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim-analyze explain runs/4abf0c12-cubaan10 --round 7
  cnsim-analyze explain results.csv --run-id ea4b-cubaan50 --round 12 --origin initiate
  cnsim-analyze explain runs/4abf0c12-cubaan10 --round 7 --format json | jq '.reached[] | select(.critical)'")]
#[command(after_help = "Prints the tree of first deliveries; * marks the path to the node that was reached last.
Exit code: 0 fine, 1 failed, 2 usage.")]
pub struct ExplainArgs {
    /// Run folder, JSON lines, CSV or Parquet, plain, .gz or .zst; a pattern; - is standard input
    #[arg(value_name = "[LABEL=]RUN")]
    pub input: Input,
    /// The round
    #[arg(long, value_name = "K")]
    pub round: u32,
    /// The run, where there are several
    #[arg(long, value_name = "ID")]
    pub run_id: Option<String>,
    /// What time counts from
    #[arg(long, value_parser = crate::commands::arguments::origin(), default_value = Origin::FirstSend.as_str())]
    pub origin: Origin,
    /// How the round is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Print every node of a large tree; JSON has them all anyway
    #[arg(long)]
    pub all: bool,
}

/// How the round is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For readers
    Text,
    /// For programs
    Json,
}
