//! `cnsim`: topologies and experiments; as `cnsim node …` it is one of the processes of its own run.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(feature = "report")]
use anyhow::Context;
use anyhow::{Error, bail};
use clap::Parser;
use cnsim::topology::GenerateError;
use cnsim_experiment::cli::{BackendName, Cli, Command, RunArgs, one_line};
use cnsim_experiment::plan::{Plan, PlanError};
use cnsim_experiment::progress::Progress;
use cnsim_experiment::run::{self, Place, Where, run};
use cnsim_experiment::topology_source::SourceError;
use cnsim_experiment::{descriptors, kubernetes, repeat, resume, topology_command};
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
    #[cfg(feature = "report")]
    let is_report = args.report;
    let command_line = std::env::args().collect();
    let folder = match &args.resume {
        Some(run_folder) => resumed(run_folder, args.kubernetes, command_line)?,
        None => begun(args, command_line)?,
    };
    #[cfg(feature = "report")]
    if is_report {
        let told = cnsim_experiment::report::make(&folder)
            .with_context(|| format!("no report on the run in {}", folder.display()))?;
        eprint!("{told}");
    }
    Ok(format!("{}\n", folder.display()))
}

/// Runs what was typed, or what a manifest says.
fn begun(args: RunArgs, command_line: Vec<String>) -> Result<PathBuf, Error> {
    let at = place_of(args.backend, args.kubernetes)?;
    let plan = match &args.repeat {
        Some(manifest) => repeat::plan(manifest, args.run_id)?,
        None => Plan::new(&args.experiment, args.run_id, args.backend)?,
    };
    if let Where::Local = at {
        descriptors::check(&plan)?;
    }
    Ok(run(&plan, Place { out: args.out, command_line }, at, &Progress::new(&plan))?)
}

/// Goes on with a run.
fn resumed(folder: &Path, typed: kubernetes::Options, command_line: Vec<String>) -> Result<PathBuf, Error> {
    let resumption = resume::open(folder, typed, &command_line)?;
    let progress = Progress::new(&resumption.plan);
    Ok(run::resume(resumption, &progress)?)
}

/// Where the run's processes live, where the flags go together.
fn place_of(backend: BackendName, options: kubernetes::Options) -> Result<Where, PlanError> {
    match (backend, options.first_typed()) {
        (BackendName::Kubernetes, _) => Ok(Where::Kubernetes(options)),
        (BackendName::Local, None) => Ok(Where::Local),
        (BackendName::Local, Some(flag)) => Err(PlanError::NeedsKubernetes(flag)),
    }
}

/// Warnings go to stderr; RUST_LOG asks for more. The Kubernetes client warns of every connection that a kubeconfig wants
/// unverified.
fn tell_on_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,kube_client=error"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_terminal).with_writer(std::io::stderr).init();
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
