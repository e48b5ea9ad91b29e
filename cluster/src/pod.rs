//! A pod as a plain value: where it is, how it does, and how its container ended.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{self as api, ContainerStatus, PodSpec, PodStatus};

/// One pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// What tells it from an earlier pod of its name.
    pub uid: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The address that other pods reach it at; none before it has a network.
    pub address: Option<String>,
    /// The host it is placed on.
    pub host: Option<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// Whether it answers its readiness probe.
    pub is_ready: bool,
    /// Whether it is being deleted.
    pub is_ending: bool,
    /// Why it is in its phase, as `Evicted`, with the message.
    pub reason: Option<String>,
    /// Why it is taken away by the cluster itself, as `EvictionByEvictionAPI`, with the message.
    pub disruption: Option<String>,
    /// Why no host takes it.
    pub unplaced: Option<String>,
    /// Its first container; none before the kubelet has taken it.
    pub container: Option<Container>,
    /// What its first container asks for, by resource.
    pub requests: BTreeMap<String, String>,
    /// What its first container is limited to, by resource.
    pub limits: BTreeMap<String, String>,
}

/// The container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The image as asked for.
    pub image: String,
    /// The image as it was found, with its digest.
    pub image_id: String,
    /// How often it was started again.
    pub restarts: u32,
    /// How it does.
    pub state: State,
    /// How the one before it ended.
    pub last: Option<Ended>,
}

/// How a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It does not run yet, for a reason as `ImagePullBackOff`.
    Waiting {
        /// Why, in one word.
        reason: String,
        /// In many.
        message: String,
    },
    /// It runs.
    Running,
    /// It has ended.
    Ended(Ended),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// 137 after a SIGKILL.
    pub exit_code: i32,
    /// `OOMKilled`, `Error`, `Completed`, ….
    pub reason: String,
    /// When, RFC 3339 in UTC.
    pub at: Option<String>,
}

impl Pod {
    pub(crate) fn of(pod: api::Pod) -> Self {
        let meta = pod.metadata;
        let (spec, status) = (pod.spec.unwrap_or_default(), pod.status.unwrap_or_default());
        let is_true = |kind: &str| condition(&status, kind).is_some_and(|found| found.status == "True");
        let (requests, limits) = resources(&spec);
        Self {
            is_ready: is_true("Ready"),
            disruption: condition(&status, "DisruptionTarget")
                .filter(|found| found.status == "True")
                .and_then(|found| joined([found.reason.as_ref(), found.message.as_ref()])),
            unplaced: unplaced(&status),
            reason: joined([status.reason.as_ref(), status.message.as_ref()]),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            labels: meta.labels.unwrap_or_default(),
            annotations: meta.annotations.unwrap_or_default(),
            is_ending: meta.deletion_timestamp.is_some(),
            address: status.pod_ip.filter(|address| !address.is_empty()),
            host: spec.node_name,
            phase: status.phase.unwrap_or_default(),
            container: status.container_statuses.and_then(|all| all.into_iter().next()).map(Container::of),
            requests,
            limits,
        }
    }

    /// Why the pod is not ready, in a few words; none where it is.
    pub fn trouble(&self) -> Option<String> {
        if self.is_ready && !self.is_ending {
            return None;
        }
        if let Some(unplaced) = &self.unplaced {
            return Some(format!("no host takes it: {unplaced}"));
        }
        if self.is_ending {
            return Some("it is being deleted".to_owned());
        }
        let reason = self.container.as_ref().and_then(Container::trouble);
        Some(reason.or_else(|| self.reason.clone()).unwrap_or_else(|| format!("it is {}", self.phase.to_lowercase())))
    }

    /// How often its container was started again.
    pub fn restarts(&self) -> u32 {
        self.container.as_ref().map_or(0, |container| container.restarts)
    }

    /// The digest of the image that it runs; none before that is known.
    pub fn image_digest(&self) -> Option<&str> {
        let id = self.container.as_ref()?.image_id.as_str();
        id.rfind("sha256:").map(|start| &id[start..])
    }
}

impl Container {
    fn of(status: ContainerStatus) -> Self {
        let state = status.state.unwrap_or_default();
        let ended = |ended: api::ContainerStateTerminated| Ended {
            exit_code: ended.exit_code,
            reason: ended.reason.unwrap_or_default(),
            at: ended.finished_at.map(|at| at.0.to_string()),
        };
        let waiting = state.waiting.map(|waiting| State::Waiting {
            reason: waiting.reason.unwrap_or_default(),
            message: waiting.message.unwrap_or_default(),
        });
        Self {
            image: status.image,
            image_id: status.image_id,
            restarts: u32::try_from(status.restart_count).unwrap_or(0),
            state: state.terminated.map(ended).map(State::Ended).or(waiting).unwrap_or(State::Running),
            last: status.last_state.and_then(|last| last.terminated).map(ended),
        }
    }

    fn trouble(&self) -> Option<String> {
        let before = self.last.as_ref().map(|last| format!("; it ended before with {last}")).unwrap_or_default();
        match &self.state {
            State::Waiting { reason, message } => {
                joined([Some(reason), Some(message)].map(|text| text.filter(|text| !text.is_empty())))
                    .map(|text| text + &before)
            }
            State::Running if self.restarts > 0 => Some(format!("it runs and is not ready yet{before}")),
            State::Running => Some("it runs and is not ready yet".to_owned()),
            State::Ended(ended) => Some(format!("it ended with {ended}")),
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.reason.as_str() {
            "" => write!(to, "exit code {}", self.exit_code),
            reason => write!(to, "{reason}, exit code {}", self.exit_code),
        }
    }
}

fn condition<'a>(status: &'a PodStatus, kind: &str) -> Option<&'a api::PodCondition> {
    status.conditions.iter().flatten().find(|found| found.type_ == kind)
}

fn unplaced(status: &PodStatus) -> Option<String> {
    let found = condition(status, "PodScheduled").filter(|found| found.status == "False")?;
    Some(found.message.clone().or_else(|| found.reason.clone()).unwrap_or_default())
}

type Quantities = BTreeMap<String, String>;

/// Requests and limits of the first container.
fn resources(spec: &PodSpec) -> (Quantities, Quantities) {
    let asked = spec.containers.first().and_then(|container| container.resources.clone()).unwrap_or_default();
    let plain = |map: Option<BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>| {
        map.unwrap_or_default().into_iter().map(|(name, quantity)| (name, quantity.0)).collect()
    };
    (plain(asked.requests), plain(asked.limits))
}

fn joined<const N: usize>(texts: [Option<&String>; N]) -> Option<String> {
    let texts: Vec<&str> = texts.into_iter().flatten().map(|text| text.trim()).collect();
    (!texts.is_empty()).then(|| texts.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(json: &str) -> Pod {
        Pod::of(k8s_openapi::serde_json::from_str(json).unwrap())
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_told_with_the_runtimes_message() {
        let found = pod(r#"{"metadata":{"name":"g-0"},"status":{"phase":"Pending","containerStatuses":[{"name":"node",
            "image":"x:1","imageID":"","ready":false,"restartCount":0,
            "state":{"waiting":{"reason":"ErrImagePull","message":"not found"}}}]}}"#);

        assert_eq!(found.trouble().unwrap(), "ErrImagePull: not found");
    }

    #[test]
    fn a_pod_without_a_host_says_why() {
        let found = pod(r#"{"metadata":{"name":"g-0"},"status":{"phase":"Pending","conditions":[
            {"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes: Insufficient memory"}]}}"#);

        assert_eq!(found.trouble().unwrap(), "no host takes it: 0/1 nodes: Insufficient memory");
    }

    #[test]
    fn a_container_that_was_killed_for_its_memory_is_told_from_the_one_that_runs() {
        let found = pod(r#"{"metadata":{"name":"g-0"},"status":{"phase":"Running",
            "conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"node",
            "image":"x:1","imageID":"docker.io/x@sha256:abc","ready":true,"restartCount":2,"state":{"running":{}},
            "lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}}"#);

        assert_eq!(found.trouble(), None);
        assert_eq!((found.restarts(), found.image_digest()), (2, Some("sha256:abc")));
        assert_eq!(found.container.unwrap().last.unwrap().to_string(), "OOMKilled, exit code 137");
    }
}
