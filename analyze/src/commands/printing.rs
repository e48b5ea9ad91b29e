//! How commands print, and the exit codes that they share.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use crate::messages::tell;

/// The exit code of a verdict or a gate that says no.
pub(super) const REFUSED: u8 = 3;

/// Writes a result to stdout. A reader that has gone has what it wanted.
pub fn print(bytes: &[u8]) -> ExitCode {
    match std::io::stdout().write_all(bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("error: cannot write to stdout: {error}"));
            ExitCode::from(1)
        }
    }
}
