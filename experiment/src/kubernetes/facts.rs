//! What the cluster says of itself, for the manifest.

use std::collections::{BTreeMap, BTreeSet};

use cnsim_cluster::{Host, Namespace, Pod};
use serde_json::{Value, json};

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

/// Every pod: where it is, what it runs, what it asks for.
pub(super) fn pods(entered: &[Entered], hosts: &BTreeMap<String, Host>) -> Value {
    let each = entered.iter().map(|one| (one.pod.name.clone(), pod(one, hosts)));
    Value::Object(each.collect())
}

fn pod(entered: &Entered, hosts: &BTreeMap<String, Host>) -> Value {
    let Entered { pod, status, .. } = entered;
    let zone = pod.host.as_ref().and_then(|name| hosts.get(name)).and_then(|host| host.zone.clone());
    let network: BTreeMap<&str, &String> =
        NETWORK_ANNOTATIONS.into_iter().filter_map(|name| Some((name, pod.annotations.get(name)?))).collect();
    json!({
        "process": status.process,
        "node": pod.host,
        "zone": zone,
        "ip": pod.address,
        "image": pod.container.as_ref().map(|container| &container.image),
        "image_digest": pod.image_digest(),
        "requests": pod.requests,
        "limits": pod.limits,
        "restarts": pod.restarts(),
        "network": network,
    })
}

/// Every host as it says of itself.
pub(super) fn machines(hosts: &BTreeMap<String, Host>) -> Value {
    Value::Object(hosts.iter().map(|(name, host)| (name.clone(), json!(host.facts))).collect())
}
