//! `explain`: one round as a tree with times.

use std::process::ExitCode;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::printing::print;
use super::time_args::TimeArgs;
use super::values::origin;
use crate::explain::{self, ExplainSpec, ExplanationFormat, Extent};
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
    #[arg(long, value_parser = origin(), default_value = Origin::FirstSend.as_str())]
    pub origin: Origin,
    /// What times count.
    #[command(flatten)]
    pub times: TimeArgs,
    /// How the round is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: ExplanationFormat,
    /// Print every node of a large tree; JSON has them all anyway
    #[arg(long)]
    pub all: bool,
}

impl From<ExplainArgs> for ExplainSpec {
    fn from(args: ExplainArgs) -> Self {
        let ExplainArgs { input, round, run_id, origin, times, format, all } = args;
        let extent = if all { Extent::All } else { Extent::Slowest };
        Self { input, times: times.into(), round, run_id, origin, format, extent }
    }
}

impl ValueEnum for ExplanationFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => PossibleValue::new("text").help("For readers"),
            Self::Json => PossibleValue::new("json").help("For programs"),
        })
    }
}

/// Explains, and prints.
pub(super) fn run(args: ExplainArgs) -> anyhow::Result<ExitCode> {
    Ok(print(&explain::explain(&args.into())?))
}
