//! What can be typed after `cnsim-analyze`: which command. Each command has its arguments in a file of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cnsim::manifest::Tool;

#[cfg(feature = "bigquery")]
use super::bigquery_args::DoctorArgs;
use super::compare::CompareArgs;
#[cfg(feature = "bigquery")]
use super::doctor;
use super::explain::ExplainArgs;
use super::export::ExportArgs;
use super::fetch::FetchArgs;
use super::report::ReportArgs;
use super::runs::RunsArgs;
use super::verify::VerifyArgs;
use super::{compare, explain, export, fetch, report, runs, verify};

/// The version of this program and the revision it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CNSIM_REVISION"), ")");

/// Turns gossip event records into runs, numbers and figures.
#[derive(Debug, Parser)]
#[command(name = "cnsim-analyze", version = VERSION, max_term_width = 100)]
#[command(before_help = "Example: cnsim-analyze fetch logs/*.jsonl.gz -o runs")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads events from files, pods' logs or BigQuery into run folders, in order and without repeats
    Fetch(Box<FetchArgs>),
    /// Turns runs and event files into tables, figures and a verdict on their quality
    Report(ReportArgs),
    /// Says whether conditions differ, by how much, and how sure that is
    Compare(CompareArgs),
    /// Shows one round as a tree with times, and where the time went
    Explain(ExplainArgs),
    /// Writes a run's records in a form that other programs read
    Export(ExportArgs),
    /// Makes the report of a bundle again and compares it
    Verify(VerifyArgs),
    /// Lists run folders, or the runs in BigQuery
    Runs(RunsArgs),
    /// Checks the way of records through BigQuery
    #[cfg(feature = "bigquery")]
    Doctor(DoctorArgs),
}

impl Cli {
    /// Runs the command, by a program of this version and revision.
    ///
    /// # Errors
    /// Where the command fails.
    pub fn run(self, tool: Tool) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Fetch(args) => fetch::run(*args),
            Command::Report(args) => report::run(args, &tool),
            Command::Compare(args) => compare::run(args, &tool),
            Command::Explain(args) => explain::run(args),
            Command::Export(args) => export::run(args),
            Command::Verify(args) => verify::run(&args, &tool),
            Command::Runs(args) => runs::run(&args),
            #[cfg(feature = "bigquery")]
            Command::Doctor(args) => doctor::run(&args),
        }
    }
}
