//! `cnsim`: topologies and experiments; as `cnsim node …` it is one of the processes of its own run.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(feature = "report")]
use anyhow::Context;
use anyhow::{Error, bail};
use clap::Parser;
use cnsim::topology::GenerateError;
use cnsim_experiment::backend_choice::BackendChoice;
use cnsim_experiment::cli::{BackendName, Cli, Command, KubernetesArgs, RunArgs, one_line};
use cnsim_experiment::plan::{Plan, PlanError};
use cnsim_experiment::progress::Progress;
use cnsim_experiment::resolve::{backend_of, plan_of, repeated_plan};
use cnsim_experiment::run::{self, Destination, run};
use cnsim_experiment::topology_source::SourceError;
use cnsim_experiment::{descriptors, repeat, resume, topology_command};
use cnsim_node::messages::tell;
use tracing_subscriber::EnvFilter;

/// Runs of a simulation where nobody says how many.
const REPEATS: u32 = 10;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == "node") {
        return cnsim_node::main_from(std::env::args_os().skip(1));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            tell(one_line(&error));
            return ExitCode::from(2);
        }
        Err(help) => return print_result(&help.to_string()),
    };
    log_to_stderr();
    let result = match cli.command {
        Command::Topology(command) => topology_command::run(&command),
        Command::Run(args) => run_command(*args),
    };
    match result {
        Ok(text) => print_result(&text),
        Err(error) => {
            tell(format_args!("error: {error:#}"));
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
    let made = match &args.resume {
        Some(run_folder) => Made::one(resume_run(run_folder, args.kubernetes, command_line)?),
        None => begin_runs(args, command_line)?,
    };
    #[cfg(feature = "report")]
    if is_report {
        let Made { folders, whole } = &made;
        let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let messages = cnsim_experiment::report::make(folders, whole.as_deref())
            .with_context(|| format!("no report on {}", names.join(", ")))?;
        tell(messages.trim_end());
    }
    Ok(made.folders.iter().map(|folder| format!("{}\n", folder.display())).collect())
}

/// The folders of runs that were made.
struct Made {
    folders: Vec<PathBuf>,
    /// Of several runs: the folder called as they are without their numbers, for what is about all of them.
    #[cfg_attr(not(feature = "report"), expect(dead_code, reason = "only a report goes there"))]
    whole: Option<PathBuf>,
}

impl Made {
    fn one(folder: PathBuf) -> Self {
        Self { folders: vec![folder], whole: None }
    }
}

/// Runs what was typed, or what a manifest says.
fn begin_runs(args: RunArgs, command_line: Vec<String>) -> Result<Made, Error> {
    let backend = backend_of(args.backend, args.kubernetes)?;
    let repeats = match (args.backend, args.repeats) {
        (BackendName::Sim, repeats) => repeats.unwrap_or(REPEATS),
        (BackendName::Local | BackendName::Kubernetes, None) => 1,
        (BackendName::Local | BackendName::Kubernetes, Some(_)) => return Err(PlanError::OnlySimRepeats.into()),
    };
    if let Some(manifest) = &args.repeat {
        let (plan, backend) = repeat::read_plan(manifest, args.run_id, backend)?;
        return begin_run(&plan, args.out, backend, command_line).map(Made::one);
    }
    let first = plan_of(&args.experiment, args.run_id, args.backend)?;
    if repeats == 1 {
        return begin_run(&first, args.out, backend, command_line).map(Made::one);
    }
    let (seed, run_id) = (first.options.seed, first.run_id.clone());
    drop(first);
    let mut folders = Vec::new();
    for number in 1..=repeats {
        let plan = repeated_plan(&args.experiment, &run_id, seed, number)?;
        let made = begin_run(&plan, args.out.clone(), backend.clone(), command_line.clone());
        folders.push(made.inspect_err(|_| tell_of_made(&folders, repeats))?);
    }
    Ok(Made { whole: Some(args.out.join(run_id.as_str())), folders })
}

/// Which of several runs stand, where one could not be made.
fn tell_of_made(folders: &[PathBuf], repeats: u32) {
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    if !names.is_empty() {
        tell(format_args!("{} of {repeats} runs are whole: {}", names.len(), names.join(", ")));
    }
}

fn begin_run(plan: &Plan, out: PathBuf, backend: BackendChoice, command_line: Vec<String>) -> Result<PathBuf, Error> {
    if let BackendChoice::Local = backend {
        descriptors::check(plan)?;
    }
    Ok(run(plan, Destination { out, command_line }, backend, &Progress::new(plan))?)
}

/// Goes on with a run.
fn resume_run(folder: &Path, typed: KubernetesArgs, command_line: Vec<String>) -> Result<PathBuf, Error> {
    let resumption = resume::open(folder, typed.into(), &command_line)?;
    let progress = Progress::new(&resumption.plan);
    Ok(run::resume(resumption, &progress)?)
}

/// Warnings go to stderr; RUST_LOG asks for more. The Kubernetes client warns of every connection that a kubeconfig wants
/// unverified.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,kube_client=error"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .init();
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
fn print_result(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("error: cannot write to stdout: {error}"));
            ExitCode::from(1)
        }
    }
}
