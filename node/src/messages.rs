//! Words for whoever watches a program: lines on stderr.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stderr. Where nobody can read it (the reader has gone, the disk is full) the program goes on without.
pub fn tell(line: impl Display) {
    drop(writeln!(io::stderr(), "{line}"));
}
