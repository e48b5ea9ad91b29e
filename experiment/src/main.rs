//! `cnsim`: topologies and experiments; as `cnsim node …` it is one of the processes of its own run.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

#[cfg(feature = "report")]
use anyhow::Context;
use anyhow::{Error, bail};
use clap::Parser;
use cnsim::topology::GenerateError;
use cnsim_experiment::cli::{Cli, Command, RunArgs, one_line};
use cnsim_experiment::plan::{Plan, PlanError};
use cnsim_experiment::progress::Progress;
use cnsim_experiment::run::{Place, run};
use cnsim_experiment::topology_source::SourceError;
use cnsim_experiment::{descriptors, repeat, topology_command};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == "node") {
        return cnsim_node::main_from(std::env::args_os().skip(1));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            eprintln!("{}", one_line(&error));
            return ExitCode::from(2);
        }
        Err(help) => return printed(&help.to_string()),
    };
    tell_on_stderr();
    let result = match cli.command {
        Command::Topology(command) => topology_command::run(&command),
        Command::Run(args) => run_command(*args),
    };
    match result {
        Ok(text) => printed(&text),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn run_command(args: RunArgs) -> Result<String, Error> {
    if args.report && cfg!(not(feature = "report")) {
        bail!("--report: this program was built without reports, cnsim-analyze makes them");
    }
    let plan = match &args.repeat {
        Some(manifest) => repeat::plan(manifest, args.run_id)?,
        None => Plan::new(&args.experiment, args.run_id)?,
    };
    descriptors::check(&plan)?;
    let place = Place { out: args.out, command_line: std::env::args().collect() };
    let folder = run(&plan, place, &Progress::new(&plan))?;
    #[cfg(feature = "report")]
    if args.report {
        let told = cnsim_experiment::report::make(&folder)
            .with_context(|| format!("no report on the run in {}", folder.display()))?;
        eprint!("{told}");
    }
    Ok(format!("{}\n", folder.display()))
}

/// Warnings go to stderr; RUST_LOG asks for more.
fn tell_on_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// 2 where something else must be typed, 1 where something broke.
fn exit_code(error: &Error) -> u8 {
    let is_usage = match error.downcast_ref() {
        Some(PlanError::Topology(source)) => source.is_usage(),
        Some(_) => true,
        None => error.is::<GenerateError>() || error.downcast_ref().is_some_and(SourceError::is_usage),
    };
    if is_usage { 2 } else { 1 }
}

/// Writes a result to stdout. A reader that has gone has what it wanted.
fn printed(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            ExitCode::from(1)
        }
    }
}
