//! Where a run was made, and what that place says of itself. A fact that a manifest does not have is unknown; one that
//! this version does not know is passed over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::like::Likeness;

/// Where a run was made: `backend` in a manifest, with what is known of it in `backend_facts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "backend", content = "backend_facts", rename_all = "kebab-case")]
pub enum Backend {
    /// On one machine, in processes of it.
    Local(LocalFacts),
    /// On a Kubernetes cluster, in pods of it.
    Kubernetes(Box<KubernetesFacts>),
    /// Nowhere: in virtual time.
    Sim(SimFacts),
}

/// What is known of a simulated run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SimFacts {
    /// How many things happened in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// The measured runs that it was made like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<Likeness>,
    /// One process, which holds every node.
    #[serde(flatten)]
    pub processes: ProcessFacts,
}

/// What is known of a run on one machine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalFacts {
    /// The system's name, version and architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Over the minute before the run; none where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_average_before: Option<f64>,
    /// How its nodes were packed.
    #[serde(flatten)]
    pub processes: ProcessFacts,
    /// Processors that the driver might use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
}

/// What is known of a run on Kubernetes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KubernetesFacts {
    /// What was typed as `--set`, to go on with the run.
    pub chart_set: Vec<String>,
    /// Every value of the chart as the release was installed with it; none where Helm could not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_values: Option<serde_json::Value>,
    /// The kubeconfig's context, where one was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// What each Kubernetes node says of itself (kubelet, runtime, kernel, …), by its name.
    pub hosts: BTreeMap<String, BTreeMap<String, String>>,
    /// The nodes' image, where one was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_asked: Option<String>,
    /// The API server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<String>,
    /// The namespace of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The revision that the nodes' program was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_revision: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_version: Option<String>,
    /// How its nodes were packed.
    #[serde(flatten)]
    pub processes: ProcessFacts,
    /// Every pod by its name.
    pub pods: BTreeMap<String, PodFacts>,
    /// The Helm release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

/// What is known of a run's processes, wherever they were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessFacts {
    /// Nodes that one process hosts, but for the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes_per_process: Option<u32>,
    /// The largest resident memory that any process had at the end of a round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_resident_bytes_max: Option<u64>,
    /// How many there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
    /// The command lines that the run was resumed with, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resumed_with: Vec<Vec<String>>,
}

/// One pod: where it was, what it ran, what it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PodFacts {
    /// The image as asked for.
    pub image: Option<String>,
    /// The digest of the image as it was found.
    pub image_digest: Option<String>,
    /// The address that other pods reach it at.
    pub ip: Option<String>,
    /// What its first container is limited to, by resource, in Kubernetes' quantities.
    pub limits: BTreeMap<String, String>,
    /// Annotations by which network plugins say something about it.
    pub network: BTreeMap<String, String>,
    /// The Kubernetes node that it ran on.
    pub node: Option<String>,
    /// Its process as it stands in the event records.
    pub process: Option<String>,
    /// What its first container asks for, by resource, in Kubernetes' quantities.
    pub requests: BTreeMap<String, String>,
    /// How often its container had been started again.
    pub restarts: u32,
    /// The cloud zone, where there is one.
    pub zone: Option<String>,
}

impl Backend {
    /// The word for it, as it is typed.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Local(_) => "local",
            Self::Kubernetes(_) => "kubernetes",
            Self::Sim(_) => "sim",
        }
    }

    /// What is known of the cluster, where the run was on one.
    pub fn kubernetes(&self) -> Option<&KubernetesFacts> {
        match self {
            Self::Local(_) | Self::Sim(_) => None,
            Self::Kubernetes(facts) => Some(facts),
        }
    }

    /// What is known of its processes.
    pub fn processes(&self) -> &ProcessFacts {
        match self {
            Self::Local(facts) => &facts.processes,
            Self::Kubernetes(facts) => &facts.processes,
            Self::Sim(facts) => &facts.processes,
        }
    }

    /// The same, to note more of it.
    pub fn processes_mut(&mut self) -> &mut ProcessFacts {
        match self {
            Self::Local(facts) => &mut facts.processes,
            Self::Kubernetes(facts) => &mut facts.processes,
            Self::Sim(facts) => &mut facts.processes,
        }
    }
}
