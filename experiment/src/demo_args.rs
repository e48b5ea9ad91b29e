//! What can be typed after `cnsim demo`.

use std::path::PathBuf;

use clap::Args;

/// What can be typed after `cnsim demo`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim demo")]
#[command(after_help = "Prints the report's page. Exit code: 0 fine, 1 failed.")]
pub struct DemoArgs {
    /// Folder that files, runs and the report go to
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub out: PathBuf,
}
