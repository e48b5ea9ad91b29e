//! `cnsim-analyze`: results to stdout, messages to stderr.

use std::process::ExitCode;

use clap::Parser;
use cnsim::manifest::Tool;
use cnsim_analyze::commands::arguments::Cli;
use cnsim_analyze::commands::printing::print;
use cnsim_analyze::messages::tell;
use mimalloc::MiMalloc;

/// Threads that free what others allocated leave holes in glibc's arenas: a report of 5 million records took 1.2 GB there.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            tell(one_line(&error));
            return ExitCode::from(2);
        }
        Err(help) => return print(help.to_string().as_bytes()),
    };
    match cli.run(tool()) {
        Ok(code) => code,
        Err(error) => {
            tell(format_args!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

/// This program.
fn tool() -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), revision: env!("CNSIM_REVISION").to_owned() }
}

/// A usage error as one line: clap spreads it over several.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let words = text.split("\n\n").next().unwrap_or_default().split_whitespace();
    format!("{} (see --help)", words.collect::<Vec<_>>().join(" "))
}
