//! A machine that pods run on.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;

/// A Kubernetes node, as far as a user may look at it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// The cloud zone, where it has one.
    pub zone: Option<String>,
    /// What it says of itself: kubelet, container runtime, operating system, kernel, the pods' network.
    pub facts: BTreeMap<&'static str, String>,
}

impl Host {
    pub(crate) fn of(node: Node) -> Self {
        let info = node.status.and_then(|status| status.node_info).unwrap_or_default();
        let mut facts = BTreeMap::from([
            ("kubelet", info.kubelet_version),
            ("runtime", info.container_runtime_version),
            ("os_image", info.os_image),
            ("kernel", info.kernel_version),
            ("architecture", info.architecture),
        ]);
        facts.extend(node.spec.and_then(|spec| spec.pod_cidr).map(|cidr| ("pod_cidr", cidr)));
        facts.retain(|_, text| !text.is_empty());
        let labels = node.metadata.labels.unwrap_or_default();
        let zone = labels.get("topology.kubernetes.io/zone").or(labels.get("failure-domain.beta.kubernetes.io/zone"));
        Self { name: node.metadata.name.unwrap_or_default(), zone: zone.cloned(), facts }
    }
}
