//! `cnsim-analyze`: results to stdout, messages to stderr.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Error;
use clap::Parser;
use cnsim::manifest::Tool;
use cnsim_analyze::audit::Verdict;
use cnsim_analyze::bundle::{self, Verified};
use cnsim_analyze::commands::arguments::{Cli, Command, FetchArgs, ReportArgs, RunsArgs, VerifyArgs};
#[cfg(feature = "bigquery")]
use cnsim_analyze::commands::bigquery_runs;
use cnsim_analyze::commands::runs;
use cnsim_analyze::compare::args::CompareArgs;
use cnsim_analyze::compare::{self, Judgement};
use cnsim_analyze::explain;
use cnsim_analyze::export::{self, ExportArgs, ExportError};
#[cfg(feature = "bigquery")]
use cnsim_analyze::fetch::bigquery::{self, settings::DoctorArgs, telemetry};
use cnsim_analyze::fetch::{self, Fetched};
use cnsim_analyze::report;

/// Exit code of a verdict that says no.
const REFUSED: u8 = 3;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            eprintln!("{}", one_line(&error));
            return ExitCode::from(2);
        }
        Err(help) => return printed(help.to_string().as_bytes()),
    };
    let result = match cli.command {
        Command::Fetch(args) => fetch_command(*args),
        Command::Report(args) => report_command(args),
        Command::Compare(args) => compare_command(args),
        Command::Explain(args) => explain::explain(&args.into()).map(|text| printed(&text)).map_err(Error::from),
        Command::Export(args) => export_command(&args),
        Command::Verify(args) => verify_command(&args),
        Command::Runs(args) => runs_command(&args),
        #[cfg(feature = "bigquery")]
        Command::Doctor(args) => doctor_command(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn fetch_command(args: FetchArgs) -> Result<ExitCode, Error> {
    #[cfg(feature = "bigquery")]
    if args.metrics.metrics {
        let fetched = telemetry::fetch(&args.metrics.options(&args.bigquery.target, &args.run_ids, &args.out))?;
        return Ok(print_fetched(&fetched));
    }
    let fetched = fetch::fetch(&args.into())?;
    Ok(print_fetched(&fetched))
}

/// Prints what a fetch came to.
fn print_fetched(fetched: &Fetched) -> ExitCode {
    fetched.notes.iter().for_each(|note| eprintln!("warning: {note}"));
    if let Some(plan) = &fetched.plan {
        return printed(plan.as_bytes());
    }
    let lines: String = fetched.folders.iter().map(|folder| format!("{}\n", folder.display())).collect();
    printed(lines.as_bytes())
}

fn export_command(args: &ExportArgs) -> Result<ExitCode, Error> {
    match export::export(&args.into()) {
        // Whoever reads it has seen enough.
        Err(ExportError::Write { source, .. }) if source.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        exported => Ok(exported.map(|()| ExitCode::SUCCESS)?),
    }
}

/// This program.
fn tool() -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), revision: env!("CNSIM_REVISION").to_owned() }
}

fn verify_command(args: &VerifyArgs) -> Result<ExitCode, Error> {
    let Verified { inputs, results, other } = bundle::verify(&args.bundle, &tool())?;
    let results = match other {
        None => format!("results: {results} files made again, the same byte for byte\n"),
        Some(other) => format!(
            "results: {results} tables made again, equal to 1e-9; cnsim-analyze {} (revision {}) made the bundle: install \
             it to compare bytes\n",
            other.version, other.revision
        ),
    };
    Ok(printed(format!("inputs: {inputs} files, as they were bundled\n{results}").as_bytes()))
}

fn report_command(args: ReportArgs) -> Result<ExitCode, Error> {
    let is_strict = args.strict;
    let outcome = report::run(&args.options(tool()))?;
    eprint!("{}", outcome.messages);
    let code = printed(&outcome.table);
    let is_refused = is_strict && outcome.verdict == Verdict::Unsound && code == ExitCode::SUCCESS;
    Ok(if is_refused { ExitCode::from(REFUSED) } else { code })
}

fn compare_command(args: CompareArgs) -> Result<ExitCode, Error> {
    let outcome = compare::run(&args.options(tool()))?;
    outcome.notes.iter().for_each(|note| eprintln!("note: {note}"));
    let code = printed(&outcome.text);
    let (refused, lines) = match outcome.judgement {
        Judgement::Passed => return Ok(code),
        Judgement::Failed(lines) => (ExitCode::from(REFUSED), lines),
        Judgement::Unknown(lines) => (ExitCode::from(1), lines),
    };
    lines.iter().for_each(|line| eprintln!("error: {line}"));
    Ok(refused)
}

fn runs_command(args: &RunsArgs) -> Result<ExitCode, Error> {
    #[cfg(feature = "bigquery")]
    if args.bigquery.target.is_given() {
        return remote_runs(args);
    }
    Ok(printed(runs::render(&runs::list(&args.dir)?, args.format).as_bytes()))
}

#[cfg(feature = "bigquery")]
fn doctor_command(args: &DoctorArgs) -> Result<ExitCode, Error> {
    if args.print_sink {
        return Ok(printed(bigquery::sink::commands(&args.into())?.as_bytes()));
    }
    let checks = bigquery::doctor::examine(&args.into(), now().into())?;
    let lines: String = checks.iter().map(|check| format!("{check}\n")).collect();
    let code = printed(lines.as_bytes());
    let is_well = checks.iter().all(|check| check.health != bigquery::doctor::Health::Bad);
    Ok(if is_well || code != ExitCode::SUCCESS { code } else { ExitCode::from(REFUSED) })
}

#[cfg(feature = "bigquery")]
#[expect(clippy::disallowed_methods, reason = "what is recent depends on the clock")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

#[cfg(feature = "bigquery")]
fn remote_runs(args: &RunsArgs) -> Result<ExitCode, Error> {
    let listed = bigquery::runs::list(&(&args.bigquery).into(), now().into())?;
    listed.notes.iter().for_each(|note| eprintln!("warning: {note}"));
    let table = bigquery_runs::table(&listed.runs);
    Ok(printed(&match args.format {
        runs::Format::Table => table.to_text(),
        runs::Format::Json => table.to_json(),
        runs::Format::Csv => table.to_csv(),
    }))
}

/// A usage error as one line: clap spreads it over several.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let words = text.split("\n\n").next().unwrap_or_default().split_whitespace();
    format!("{} (see --help)", words.collect::<Vec<_>>().join(" "))
}

/// Writes a result to stdout. A reader that has gone has what it wanted.
fn printed(bytes: &[u8]) -> ExitCode {
    match std::io::stdout().write_all(bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            ExitCode::from(1)
        }
    }
}
