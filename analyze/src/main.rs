//! `cnsim-analyze`: results to stdout, messages to stderr.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Error;
use clap::Parser;
use cnsim_analyze::cli::{Cli, Command, FetchArgs, RunsArgs};
use cnsim_analyze::{fetch, runs};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            eprintln!("{}", one_line(&error));
            return ExitCode::from(2);
        }
        Err(help) => return printed(&help.to_string()),
    };
    let result = match cli.command {
        Command::Fetch(args) => fetch_command(args),
        Command::Runs(args) => runs_command(&args),
    };
    match result {
        Ok(text) => printed(&text),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn fetch_command(args: FetchArgs) -> Result<String, Error> {
    let folders = fetch::fetch(&args.into())?;
    Ok(folders.iter().map(|folder| format!("{}\n", folder.display())).collect())
}

fn runs_command(args: &RunsArgs) -> Result<String, Error> {
    Ok(runs::render(&runs::list(&args.dir)?, args.format))
}

/// A usage error as one line: clap spreads it over several.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let words = text.split("\n\n").next().unwrap_or_default().split_whitespace();
    format!("{} (see --help)", words.collect::<Vec<_>>().join(" "))
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
