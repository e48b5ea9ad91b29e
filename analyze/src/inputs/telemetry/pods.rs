//! Which pods a run had, by its manifest.

use cnsim::manifest::Manifest;

/// The pods that a driver noted in a run's manifest.
pub(crate) fn pods(manifest: &Manifest) -> Vec<String> {
    let pods = manifest.backend_facts.get("pods").and_then(|pods| pods.as_object());
    pods.into_iter().flatten().map(|(pod, _)| pod.clone()).collect()
}
