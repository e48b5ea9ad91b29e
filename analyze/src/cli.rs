//! What can be typed after `cnsim-analyze`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::fetch::{self, Others};
use crate::runs;

/// Turns gossip event records into runs, numbers and figures.
#[derive(Debug, Parser)]
#[command(name = "cnsim-analyze", version, max_term_width = 100)]
#[command(before_help = "Example: cnsim-analyze fetch logs/*.jsonl.gz -o runs")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads events from files into run folders, in order and without repeats
    Fetch(FetchArgs),
    /// Lists run folders
    Runs(RunsArgs),
}

/// What can be typed after `cnsim-analyze fetch`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim-analyze fetch logs/*.jsonl.gz
  cnsim-analyze fetch --run-id 4abf-cubaan50 results.csv -o runs
  kubectl logs -l app=gossip --tail=-1 | cnsim-analyze fetch -")]
#[command(after_help = "Prints the run folders. Exit code: 0 fine, 1 failed, 2 usage.")]
pub struct FetchArgs {
    /// JSON lines, CSV or Parquet, plain, .gz or .zst; patterns; run folders; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Fetch this run only; may be given again [default: every run that is there]
    #[arg(long = "run-id", value_name = "ID")]
    pub run_ids: Vec<String>,
    /// Folder that run folders are in
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Replace events of another source
    #[arg(long)]
    pub force: bool,
}

/// What can be typed after `cnsim-analyze runs`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim-analyze runs --format csv")]
pub struct RunsArgs {
    /// Folder that run folders are in
    #[arg(value_name = "DIR", default_value = "runs")]
    pub dir: PathBuf,
    /// How the list is written
    #[arg(long, value_enum, default_value = "table")]
    pub format: runs::Format,
}

impl From<FetchArgs> for fetch::Options {
    fn from(args: FetchArgs) -> Self {
        let others = if args.force { Others::Replace } else { Others::Keep };
        Self { files: args.files, run_ids: args.run_ids, out: args.out, others }
    }
}
