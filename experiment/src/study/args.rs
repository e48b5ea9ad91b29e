//! What can be typed after `cnsim study`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::backend_name::BackendName;

/// What can be typed after `cnsim study`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim study new relay > relay.toml
  cnsim study run relay.toml --dry-run
  cnsim study run relay.toml
  cnsim study status relay
  cnsim study report relay")]
pub struct StudyCommand {
    /// What to do.
    #[command(subcommand)]
    pub action: StudyAction,
}

/// The subcommands of `cnsim study`.
#[derive(Debug, Subcommand)]
pub enum StudyAction {
    /// Prints a commented study file that can be run as it is
    New(NewArgs),
    /// Makes every run of a study that is not complete yet; the same command goes on where it was stopped
    Run(StudyRunArgs),
    /// Says which runs are complete, which failed and why, and how long the rest takes
    Status(StatusArgs),
    /// Makes the report on the runs that are complete
    Report(StudyReportArgs),
    /// Makes a study again under new run ids, and compares its cells with those of before
    Repeat(RepeatArgs),
}

/// The folder of studies.
const OUT: &str = "studies";

/// What can be typed after `cnsim study new`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim study new relay > relay.toml")]
pub struct NewArgs {
    /// What the study is called
    #[arg(value_name = "NAME", default_value = "study")]
    pub name: String,
}

/// What can be typed after `cnsim study run`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim study run relay.toml --dry-run
  cnsim study run relay.toml --blocks 1
  cnsim study run relay.toml --backend sim")]
#[command(
    after_help = "Prints the study's folder. Exit code: 0 fine, 1 runs failed or the study was interrupted, 2 usage."
)]
pub struct StudyRunArgs {
    /// The study's file: a scenario that says in a table vary what varies
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where all runs are made, whatever the file says: local, kubernetes or sim
    #[arg(long, value_enum, value_name = "WHERE", hide_possible_values = true)]
    pub backend: Option<BackendName>,
    /// Number of nodes of all runs, whatever the file says
    #[arg(long, value_name = "N")]
    pub nodes: Option<u32>,
    /// Print cells, runs and their order, and what time and disk they take if the first block has been made; run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Make only the first K blocks now
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub blocks: Option<u32>,
    /// The most cells that a study may have
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    pub limit: u64,
    /// What the study is called [default: the name in the file, else the file's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Folder that the study's folder is made in
    #[arg(long, value_name = "DIR", default_value = OUT)]
    pub out: PathBuf,
}

/// What can be typed after `cnsim study status`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim study status relay")]
pub struct StatusArgs {
    /// The study's name, or its folder
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// Folder that the study's folder stands in
    #[arg(long, value_name = "DIR", default_value = OUT)]
    pub out: PathBuf,
}

/// What can be typed after `cnsim study report`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim study report relay")]
#[command(after_help = "cnsim-analyze report studies/NAME/runs/* makes the same report and has more options.")]
pub struct StudyReportArgs {
    /// The study's name, or its folder
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// Folder that the study's folder stands in
    #[arg(long, value_name = "DIR", default_value = OUT)]
    pub out: PathBuf,
}

/// What can be typed after `cnsim study repeat`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim study repeat relay")]
pub struct RepeatArgs {
    /// The study's name, or its folder
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// What the repetition is called [default: the study's name with -again behind it]
    #[arg(long = "name", value_name = "NAME", id = "new_name")]
    pub new_name: Option<String>,
    /// Folder that the studies' folders stand in
    #[arg(long, value_name = "DIR", default_value = OUT)]
    pub out: PathBuf,
}
