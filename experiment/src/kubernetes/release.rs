//! A Helm release of the chart: its name, its namespace, and how its pods are found.

use cnsim_cluster::Namespace;

/// A release's name may have this many characters: its pods' names are longer, and labels of theirs have at most 63.
const RELEASE_LEN_MAX: usize = 40;

/// A release in a namespace.
#[derive(Clone, Copy)]
pub(super) struct Release<'a> {
    pub(super) namespace: &'a Namespace,
    pub(super) name: &'a str,
}

/// The labels of a release's pods.
pub(super) fn selector(release: &str) -> String {
    format!("app.kubernetes.io/name=cnsim,app.kubernetes.io/component=node,app.kubernetes.io/instance={release}")
}

/// The name of a run's release, from the run's.
pub fn release_of(run_id: &str) -> String {
    let head = run_id.split("-cubaan").next().unwrap_or(run_id);
    let plain: String = head
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(RELEASE_LEN_MAX)
        .collect();
    format!("cnsim-{}", plain.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_a_name_that_kubernetes_takes() {
        assert_eq!(release_of("4abf0c12-cubaan10"), "cnsim-4abf0c12");
        assert_eq!(release_of("My_Run.1"), "cnsim-my-run-1");
        assert!(release_of(&"x".repeat(200)).len() <= 46);
    }
}
