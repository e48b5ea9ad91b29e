//! The version of this program and the revision it was built from.

use std::sync::LazyLock;

/// Its version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The revision: what the environment says now, as an image sets it, else what was known at the build.
pub(crate) fn revision() -> String {
    std::env::var("CNSIM_REVISION").unwrap_or_else(|_| env!("CNSIM_REVISION").to_owned())
}

/// As `--version` says it.
pub(crate) static TEXT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} ({})", revision()));
