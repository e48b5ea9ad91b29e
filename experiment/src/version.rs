//! The version of this program and the revision it was built from.

use cnsim::manifest::Tool;

/// As `--version` says it.
pub const TEXT: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CNSIM_REVISION"), ")");

/// As a manifest says it.
pub fn tool() -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), revision: env!("CNSIM_REVISION").to_owned() }
}
