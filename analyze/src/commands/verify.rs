//! `verify`: makes the report of a bundle again and compares it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use cnsim::manifest::Tool;

use super::printing::print;
use crate::bundle::{self, Verified};

/// What can be typed after `cnsim-analyze verify`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim-analyze verify paper.zip")]
#[command(after_help = "Exit code: 0 the same, 1 changed or different, 2 usage.")]
pub struct VerifyArgs {
    /// The zip that `report --bundle` made
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
}

/// Verifies, and prints what was compared.
pub(super) fn run(args: &VerifyArgs, tool: &Tool) -> anyhow::Result<ExitCode> {
    let Verified { inputs, results, other } = bundle::verify(&args.bundle, tool)?;
    let results = match other {
        None => format!("results: {results} files made again, the same byte for byte\n"),
        Some(other) => format!(
            "results: {results} tables made again, equal to 1e-9; cnsim-analyze {} (revision {}) made the bundle: install \
             it to compare bytes\n",
            other.version, other.revision
        ),
    };
    Ok(print(format!("inputs: {inputs} files, as they were bundled\n{results}").as_bytes()))
}
