//! `cnsim`: topologies and experiments; as `cnsim node …` it is one of the processes of its own run.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(feature = "report")]
use anyhow::Context;
use anyhow::{Error, bail};
use cnsim::manifest::Records;
use cnsim::motion::MotionSpecError;
use cnsim::topology::GenerateError;
use cnsim_experiment::backend_choice::BackendChoice;
use cnsim_experiment::cli::{BackendName, Command, KubernetesArgs, RunArgs, one_line};
use cnsim_experiment::memory::{self, Size};
use cnsim_experiment::motion_source::MotionSourceError;
use cnsim_experiment::plan::{Plan, PlanError};
use cnsim_experiment::progress::Progress;
use cnsim_experiment::resolve::{REPEATS, Repeats, backend_of, completed, plan_of};
use cnsim_experiment::run::{self, Destination, run};
use cnsim_experiment::scenario::check::CheckError;
use cnsim_experiment::scenario::file::ScenarioFile;
use cnsim_experiment::scenario::save::{self, SaveError};
use cnsim_experiment::scenario::typed::{self, Typed, TypedError};
use cnsim_experiment::study::error::StudyError;
use cnsim_experiment::topology_command::SpanOfGraph;
use cnsim_experiment::topology_source::SourceError;
use cnsim_experiment::{descriptors, like, repeat, resume, scenario, study, topology_command};
use cnsim_node::messages::tell;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == "node") {
        return cnsim_node::main_from(std::env::args_os().skip(1));
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let Typed { cli, file, saved } = match typed::read(&arguments) {
        Ok(typed) => typed,
        Err(TypedError::Usage(error)) if error.use_stderr() => {
            tell(one_line(&error));
            return ExitCode::from(2);
        }
        Err(TypedError::Usage(help)) => return print_result(&help.to_string()),
        Err(TypedError::File(error)) => {
            tell(format_args!("error: {error}"));
            return ExitCode::from(if error.is_usage() { 2 } else { 1 });
        }
    };
    log_to_stderr();
    let result = match cli.command {
        Command::Topology(command) => topology_command::run(&command),
        Command::Scenario(command) => scenario::command::run(&command),
        #[cfg(all(feature = "report", feature = "sim"))]
        Command::Demo(args) => cnsim_experiment::demo::run(&args),
        Command::Study(command) => study::command::run(&command),
        Command::Run(args) => run_command(*args, saved).map_err(|error| located(error, file.as_ref())),
    };
    match result {
        Ok(text) => print_result(&text),
        Err(error) => {
            tell(format_args!("error: {error:#}"));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// An error with the line of the scenario file that it is about, where it is about one.
fn located(error: Error, file: Option<&ScenarioFile>) -> Error {
    match file.zip(error.downcast_ref()).and_then(|(file, refused)| file.locate(refused)) {
        Some(place) => error.context(place),
        None => error,
    }
}

fn run_command(args: RunArgs, saved: Option<String>) -> Result<String, Error> {
    if args.report && cfg!(not(feature = "report")) {
        bail!("--report: this program was built without reports, cnsim-analyze makes them");
    }
    if args.report && args.experiment.records == Some(Records::None) {
        return Err(PlanError::NothingToReport.into());
    }
    #[cfg(feature = "report")]
    let is_report = args.report;
    let command_line = std::env::args().collect();
    let made = match &args.resume {
        Some(run_folder) => Made::one(resume_run(run_folder, args.kubernetes, command_line)?),
        None => begin_runs(args, command_line, saved)?,
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
fn begin_runs(args: RunArgs, command_line: Vec<String>, saved: Option<String>) -> Result<Made, Error> {
    let name = args.backend.unwrap_or(BackendName::Local);
    let backend = backend_of(name, args.kubernetes)?;
    let repeats = match (name, args.repeats) {
        (BackendName::Sim, repeats) => repeats.unwrap_or(REPEATS),
        (BackendName::Local | BackendName::Kubernetes, None) => 1,
        (BackendName::Local | BackendName::Kubernetes, Some(_)) => return Err(PlanError::OnlySimRepeats.into()),
    };
    if let Some(manifest) = &args.repeat {
        let (plan, backend) = repeat::read_plan(manifest, args.run_id, args.backend.map(|_| backend))?;
        return run_one(&plan, Destination { out: args.out, command_line }, backend);
    }
    let save = || match (&args.save, &saved) {
        (Some(path), Some(text)) => save::write(path, text),
        (Some(_) | None, _) => Ok(()),
    };
    let experiment = completed(args.experiment, name)?;
    if let Some(likeness) = &experiment.likeness {
        like::describe(likeness, &experiment).iter().for_each(tell);
    }
    if repeats == 1 {
        let plan = plan_of(&experiment, args.run_id, name)?;
        save()?;
        return run_one(&plan, Destination { out: args.out, command_line }, backend);
    }
    let all = Repeats::of(&experiment, args.run_id, repeats)?;
    let first = all.plan(1)?;
    all.check_others(&first, &args.out)?;
    save()?;
    simulate_all(&all, first, repeats, args.out, &command_line)
}

/// Simulates several runs, of which all can be made as far as that can be known before.
fn simulate_all(
    all: &Repeats,
    first: Plan,
    repeats: u32,
    out: PathBuf,
    command_line: &[String],
) -> Result<Made, Error> {
    let progress = Progress::of_runs(&first, repeats);
    let (mut folders, mut first) = (Vec::new(), Some(first));
    for number in 1..=repeats {
        let plan = first.take().map_or_else(|| all.plan(number), Ok)?;
        let destination = Destination { out: out.clone(), command_line: command_line.to_vec() };
        let made = begin_run(&plan, destination, BackendChoice::Sim, &progress);
        folders.push(made.inspect_err(|_| tell_of_made(&folders, repeats))?);
    }
    Ok(Made { whole: Some(out.join(all.run_id().as_str())), folders })
}

/// Which of several runs stand, where one could not be made.
fn tell_of_made(folders: &[PathBuf], repeats: u32) {
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    if !names.is_empty() {
        tell(format_args!("{} of {repeats} runs are whole: {}", names.len(), names.join(", ")));
    }
}

/// Runs a plan alone.
fn run_one(plan: &Plan, destination: Destination, backend: BackendChoice) -> Result<Made, Error> {
    begin_run(plan, destination, backend, &Progress::new(plan)).map(Made::one)
}

fn begin_run(
    plan: &Plan,
    destination: Destination,
    backend: BackendChoice,
    progress: &Progress,
) -> Result<PathBuf, Error> {
    match backend {
        BackendChoice::Local => descriptors::check(plan)?,
        BackendChoice::Sim => Size::of_plan(plan).check(memory::available())?,
        BackendChoice::Kubernetes(_) => {}
    }
    Ok(run(plan, destination, backend, progress)?)
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
        Some(PlanError::Motion(source)) => source.is_usage(),
        Some(_) => true,
        None => {
            error.is::<GenerateError>()
                || error.is::<SpanOfGraph>()
                || error.is::<MotionSpecError>()
                || error.downcast_ref().is_some_and(SourceError::is_usage)
                || error.downcast_ref().is_some_and(MotionSourceError::is_usage)
                || error.downcast_ref().is_some_and(CheckError::is_usage)
                || error.downcast_ref().is_some_and(SaveError::is_usage)
                || error.downcast_ref().is_some_and(StudyError::is_usage)
        }
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
