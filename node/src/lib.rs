//! A gossip node: the protocol core of `cnsim` behind gRPC.
//!
//! A process hosts one node or many. Each node is one task that owns one core; gRPC handlers only pass values to it, its
//! sends are carried by tasks of its own, and what happened is written by one thread. This crate is the only one that
//! reads the clock for events (`clock`). Deliberately absent: rules of the protocol (they are in `cnsim`), retries, and
//! any knowledge of rounds (a driver leads through the control service).

mod actor;
pub mod cgroup;
mod cli;
mod clock;
mod configuration;
mod connection;
mod control_service;
mod exchange;
mod gossip_port;
mod gossip_service;
mod host;
mod inbox;
mod lag;
pub mod limits;
pub mod messages;
mod names;
mod network;
mod pods;
mod probe;
mod recorder;
mod serve;
mod shared;
mod spool;
mod start;
#[cfg(test)]
mod testing;
mod traffic;
mod version;
pub mod wake;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::cli::{Cli, Command};
use crate::messages::tell;

/// The program: `serve` or `start`, from a command line whose first word is the program's name.
///
/// Event records go to stdout, diagnostics to stderr. Exit code 0: it did what it was asked to; 1: it failed; 2: the
/// command line is wrong.
pub fn main_from<I: IntoIterator<Item = OsString>>(args: I) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let result = match cli.command {
        Command::Serve(args) => match args.check() {
            Ok(config) => {
                log_to_stderr();
                serve::serve(config)
            }
            Err(error) => return usage(&Cli::command().error(clap::error::ErrorKind::ValueValidation, error)),
        },
        Command::Start(args) => {
            log_to_stderr();
            start::start(&args)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        tell(one_line(error));
        return ExitCode::from(2);
    }
    // Where help cannot be printed nobody reads it.
    let _ = error.print();
    ExitCode::SUCCESS
}

/// A usage error as one line: clap spreads it over several.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    format!("{} (see --help)", first.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `CNSIM_LOG` filters as `level` or `target=level,…`; by default warnings, and this crate's lifecycle.
fn log_to_stderr() {
    let default = || Targets::new().with_default(LevelFilter::WARN).with_target("cnsim_node", LevelFilter::INFO);
    let filter = std::env::var("CNSIM_LOG").ok().and_then(|text| text.parse().ok()).unwrap_or_else(default);
    let ansi = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(ansi).with_target(false);
    // Where stderr cannot be written, a line about that cannot be either.
    let layer = layer.log_internal_errors(false);
    // A second call in one process keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
