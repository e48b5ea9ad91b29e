//! Which pods a run had, by its manifest.

use cnsim::manifest::Manifest;

/// The pods that a driver noted in a run's manifest.
pub(crate) fn pods(manifest: &Manifest) -> Vec<String> {
    manifest.backend.kubernetes().into_iter().flat_map(|facts| facts.pods.keys()).cloned().collect()
}
