//! Whether what a seed stands for can be drawn here again.

use cnsim::manifest::{Backend, Manifest};

/// Whether a run was made by a program that draws as this one does: of this version, and from a revision that is known.
pub(crate) fn draws_as_here(manifest: &Manifest) -> bool {
    let is_own = |version: &str| version == env!("CARGO_PKG_VERSION");
    let nodes = match &manifest.backend {
        Backend::Local(_) | Backend::Sim(_) => None,
        Backend::Kubernetes(facts) => facts.node_version.as_deref(),
    };
    manifest.tool.revision != "unknown" && is_own(&manifest.tool.version) && nodes.is_none_or(is_own)
}

/// Whether it was made by the very build that looks at it.
pub(crate) fn is_of_this_build(manifest: &Manifest) -> bool {
    draws_as_here(manifest) && manifest.tool.revision == env!("CNSIM_REVISION")
}
