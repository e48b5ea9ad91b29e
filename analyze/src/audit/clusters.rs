//! Whether runs that stand together ran on one cluster and with one image, as far as addresses and manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, Scope};

/// Conditions that a finding names at most for each kind.
const NAMES_SHOWN: usize = 5;

/// What two runs that stand together should have in common.
#[derive(Clone, Copy)]
enum Trait {
    /// The /16 networks of the nodes' addresses: a cluster takes the addresses of its pods from a range of its own.
    Network,
    /// The digests of the images in its pods.
    Image,
}

/// Conditions, and sets of conditions, whose runs differ in one of these.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    [Trait::Network, Trait::Image].into_iter().flat_map(|what| differing_in(scope, what)).collect()
}

fn differing_in(scope: &Scope<'_>, what: Trait) -> Vec<Finding> {
    let mut conditions: BTreeMap<&str, Vec<BTreeSet<String>>> = BTreeMap::new();
    for (key, run) in &scope.runs {
        let values = values(run, what);
        if !values.is_empty() {
            conditions.entry(key.0).or_default().push(values);
        }
    }
    let mut findings = Vec::new();
    for (condition, runs) in &conditions {
        let kinds = what.kinds(runs);
        if kinds.len() > 1 {
            let kinds: Vec<String> = kinds.iter().map(join_values).collect();
            let detail = format!(
                "runs of this condition had different {} ({}): what differs between them may be the cluster's doing",
                what.words(),
                kinds.join(" / ")
            );
            let count = runs.len() as u64;
            findings.push(Finding::in_condition(Check::MixedClusters, Severity::Caution, condition, count, detail));
        }
    }
    findings.extend(if findings.is_empty() { between(&conditions, what) } else { None });
    findings
}

/// Conditions that are each of one kind, and not of the same.
fn between(conditions: &BTreeMap<&str, Vec<BTreeSet<String>>>, what: Trait) -> Option<Finding> {
    let all: Vec<BTreeSet<String>> = conditions.values().flatten().cloned().collect();
    let kinds = what.kinds(&all);
    let of_kind = |kind: &BTreeSet<String>| {
        let has = |runs: &[BTreeSet<String>]| what.kinds(runs).first().is_some_and(|own| what.is_same(own, kind));
        let names: Vec<&str> = conditions.iter().filter(|(_, runs)| has(runs)).map(|(name, _)| *name).collect();
        let more = if names.len() > NAMES_SHOWN { " and more" } else { "" };
        format!("{}: {}{more}", join_values(kind), names[..names.len().min(NAMES_SHOWN)].join(", "))
    };
    let detail = format!(
        "conditions had different {} ({}): a difference between them may be the cluster's doing",
        what.words(),
        kinds.iter().map(of_kind).collect::<Vec<_>>().join("; ")
    );
    let count = conditions.len() as u64;
    (kinds.len() > 1).then(|| Finding::everywhere(Check::MixedClusters, Severity::Caution, count, detail))
}

impl Trait {
    fn words(self) -> &'static str {
        match self {
            Self::Network => "pod networks",
            Self::Image => "images",
        }
    }

    /// The distinct kinds of runs, each with its values. Runs of one cluster may have pods in several of its networks, so
    /// that runs with one in common are alike; images have to be the same.
    fn kinds(self, runs: &[BTreeSet<String>]) -> Vec<BTreeSet<String>> {
        let mut kinds: Vec<BTreeSet<String>> = Vec::new();
        for values in runs {
            let (mut alike, other): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| match self {
                Self::Network => !kind.is_disjoint(values),
                Self::Image => kind == values,
            });
            alike.push(values.clone());
            kinds = other;
            kinds.push(alike.into_iter().flatten().collect());
        }
        kinds.sort();
        kinds
    }

    /// Whether a condition's only kind belongs to a kind of all conditions.
    fn is_same(self, own: &BTreeSet<String>, kind: &BTreeSet<String>) -> bool {
        match self {
            Self::Network => own.is_subset(kind),
            Self::Image => own == kind,
        }
    }
}

fn join_values(values: &BTreeSet<String>) -> String {
    values.iter().map(String::as_str).collect::<Vec<_>>().join(" + ")
}

/// What a run has; empty where nothing says.
fn values(run: &AuditedRun<'_>, what: Trait) -> BTreeSet<String> {
    match what {
        Trait::Network => networks(run),
        Trait::Image => images(run),
    }
}

/// The networks of a run's nodes, as far as their ids or their addresses in the manifest are some.
fn networks(run: &AuditedRun<'_>) -> BTreeSet<String> {
    let roster = run.manifest().into_iter().flat_map(|manifest| &manifest.roster);
    let addresses = roster.map(|node| node.address.rsplit_once(':').map_or(node.address.as_str(), |(host, _)| host));
    run.recorded_nodes().chain(addresses).filter_map(network).collect()
}

/// The /16 network of an address; none for one of this machine alone.
fn network(address: &str) -> Option<String> {
    let address: Ipv4Addr = address.parse().ok()?;
    let [a, b, ..] = address.octets();
    (!address.is_loopback() && !address.is_unspecified()).then(|| format!("{a}.{b}.x.x"))
}

fn images(run: &AuditedRun<'_>) -> BTreeSet<String> {
    let facts = run.manifest().and_then(|manifest| manifest.backend.kubernetes());
    facts.into_iter().flat_map(|facts| facts.pods.values()).filter_map(|pod| pod.image_digest.clone()).collect()
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::{Backend, KubernetesFacts, PodFacts};

    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    const TEN: [&str; 4] = ["10.68.0.1", "10.68.0.2", "10.68.1.1", "10.68.1.2"];
    const OTHER: [&str; 4] = ["10.76.0.1", "10.76.0.2", "10.76.1.1", "10.76.1.2"];

    /// Direct mail between nodes of these addresses.
    fn at(nodes: [&str; 4]) -> Fixture {
        Fixture::direct_mail_csv(nodes).with_manifest("direct-mail")
    }

    fn found(fixtures: Vec<Fixture>) -> Vec<Finding> {
        only(&audit_all(fixtures), Check::MixedClusters)
    }

    fn with_image(digest: &str) -> Fixture {
        let mut fixture = Fixture::flood();
        let pods = [("gossip-0", Some(digest.to_owned())), ("gossip-1", None)]
            .map(|(pod, image_digest)| (pod.to_owned(), PodFacts { image_digest, ..PodFacts::default() }));
        let facts = KubernetesFacts { pods: pods.into(), ..KubernetesFacts::default() };
        fixture.manifest().backend = Backend::Kubernetes(Box::new(facts));
        fixture
    }

    #[test]
    fn runs_of_one_network_on_one_machine_or_with_one_image_are_not_told() {
        let of_network = [at(TEN), at(TEN).named("run-b").shifted(7)];
        assert_eq!(found(of_network.into()), vec![]);
        assert_eq!(found(vec![Fixture::flood(), Fixture::flood().named("run-b").shifted(7)]), vec![]);
        assert_eq!(found(vec![with_image("sha256:a"), with_image("sha256:a").named("run-b").shifted(7)]), vec![]);
    }

    #[test]
    fn two_networks_or_images_inside_a_condition_are_found() {
        let networks = found(vec![at(TEN), at(OTHER).named("run-b").shifted(7)]);
        assert_eq!((networks.len(), networks[0].condition.as_deref()), (1, Some("base")));
        assert!(networks[0].detail.contains("10.68.x.x / 10.76.x.x"), "{}", networks[0].detail);
        let images = found(vec![with_image("sha256:a"), with_image("sha256:b").named("run-b").shifted(7)]);
        assert!(images[0].detail.contains("images (sha256:a / sha256:b)"), "{}", images[0].detail);
    }

    #[test]
    fn conditions_on_two_clusters_are_found_once_and_named() {
        let other = at(OTHER).named("run-b").shifted(7).labelled("5M");
        let found = found(vec![at(TEN), other]);
        assert_eq!((found.len(), found[0].condition.as_deref()), (1, None));
        assert!(found[0].detail.contains("10.68.x.x: base; 10.76.x.x: 5M"), "{}", found[0].detail);
    }
}
