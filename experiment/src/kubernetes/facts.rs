//! What the cluster says of itself, for the manifest.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::{KubernetesFacts, PodFacts};
use cnsim_cluster::{Host, Namespace, Pod};

use super::enter::Entered;

/// Annotations by which network plugins say something about a pod.
const NETWORK_ANNOTATIONS: [&str; 5] = [
    "kubernetes.io/ingress-bandwidth",
    "kubernetes.io/egress-bandwidth",
    "k8s.v1.cni.cncf.io/network-status",
    "cni.projectcalico.org/podIP",
    "cilium.io/identity",
];

/// The hosts of these pods, by name; what a user may not see has no zone and no facts.
pub(super) async fn hosts(namespace: &Namespace, pods: &[Pod]) -> BTreeMap<String, Host> {
    let names: BTreeSet<&String> = pods.iter().filter_map(|pod| pod.host.as_ref()).collect();
    let mut hosts = BTreeMap::new();
    for name in names {
        match namespace.host(name).await {
            Ok(Some(host)) => drop(hosts.insert(name.clone(), host)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the host {name} cannot be looked at"),
        }
    }
    hosts
}

/// Notes every pod with its host, and what the pods run.
pub(super) fn note_pods(facts: &mut KubernetesFacts, entered: &[Entered], hosts: &BTreeMap<String, Host>) {
    facts.pods = entered.iter().map(|one| (one.pod.name.clone(), pod(one, hosts))).collect();
    facts.hosts = hosts.iter().map(|(name, host)| (name.clone(), machine(host))).collect();
    if let Some(Entered { status, .. }) = entered.first() {
        facts.node_version = Some(status.version.clone());
        facts.node_revision = Some(status.revision.clone());
    }
}

/// Notes one pod more, or one in the place of another.
pub(super) fn note_pod(facts: &mut KubernetesFacts, entered: &Entered, hosts: &BTreeMap<String, Host>) {
    facts.pods.insert(entered.pod.name.clone(), pod(entered, hosts));
    facts.hosts.extend(hosts.iter().map(|(name, host)| (name.clone(), machine(host))));
}

fn pod(entered: &Entered, hosts: &BTreeMap<String, Host>) -> PodFacts {
    let Entered { pod, status, .. } = entered;
    let annotation = |name: &str| Some((name.to_owned(), pod.annotations.get(name)?.clone()));
    PodFacts {
        image: pod.container.as_ref().map(|container| container.image.clone()),
        image_digest: pod.image_digest().map(str::to_owned),
        ip: pod.address.clone(),
        limits: pod.limits.clone(),
        network: NETWORK_ANNOTATIONS.into_iter().filter_map(annotation).collect(),
        node: pod.host.clone(),
        process: Some(status.process.clone()),
        requests: pod.requests.clone(),
        restarts: pod.restarts(),
        zone: pod.host.as_ref().and_then(|name| hosts.get(name)).and_then(|host| host.zone.clone()),
    }
}

/// A host as it says of itself.
fn machine(host: &Host) -> BTreeMap<String, String> {
    host.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
