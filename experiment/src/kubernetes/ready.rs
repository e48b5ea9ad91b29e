//! The wait for pods: until all are ready, or until it is clear that they will not be.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use cnsim_cluster::{Change, Container, Instance, Namespace, Pod, State};
use futures_util::StreamExt;
use tokio::time::{Instant, interval, timeout_at};

use super::error::KubernetesError;
use super::release::selector;
use crate::watcher::Watcher;

/// How often what is waited for is looked at, though nothing happened.
const LOOK: Duration = Duration::from_secs(2);
/// How many pods are named at once.
const NAMED_MAX: usize = 3;
/// How many of its last lines are shown of a pod that crashes.
const LAST_LINES: u16 = 5;
/// Restarts from which on a container is not expected to come up.
const CRASHES_MAX: u32 = 3;

/// What to wait for.
pub(super) struct Wait<'a> {
    pub(super) namespace: &'a Namespace,
    pub(super) release: &'a str,
    /// How many pods.
    pub(super) pods: usize,
    pub(super) limit: Duration,
    pub(super) watcher: &'a dyn Watcher,
}

impl Wait<'_> {
    /// Waits until every pod is ready; the pods in the order of their ordinals.
    pub(super) async fn ready(&self) -> Result<Vec<Pod>, KubernetesError> {
        let deadline = Instant::now() + self.limit;
        let mut changes = pin!(self.namespace.watch(&selector(self.release)));
        let mut looks = interval(LOOK);
        let mut pods = BTreeMap::new();
        let mut missed = None;
        loop {
            let ready = pods.values().filter(|pod: &&Pod| pod.is_ready && !pod.is_ending).count();
            if ready == self.pods && pods.len() == self.pods {
                return Ok(in_order(pods.into_values().collect()));
            }
            self.watcher.waits_for(&self.describe(&pods, missed.as_deref()));
            let change = tokio::select! {
                change = timeout_at(deadline, changes.next()) => change.unwrap_or(None),
                _ = looks.tick() => {
                    self.check(&pods).await?;
                    continue;
                }
            };
            match change {
                Some(Change::Now(pod)) => drop(pods.insert(pod.name.clone(), pod)),
                Some(Change::Gone(pod)) => drop(pods.remove(&pod.name)),
                Some(Change::Missed(reason)) => missed = Some(reason),
                None => return Err(self.late(&pods).await),
            }
        }
    }

    /// Fails where a pod cannot become ready however long one waits.
    async fn check(&self, pods: &BTreeMap<String, Pod>) -> Result<(), KubernetesError> {
        for pod in pods.values() {
            let Some(container) = &pod.container else { continue };
            match unrecoverable(container) {
                Some(Unrecoverable::Image(message)) => {
                    return Err(KubernetesError::Image {
                        image: container.image.clone(),
                        pod: pod.name.clone(),
                        message,
                    });
                }
                Some(Unrecoverable::Crashes) => return Err(self.crashed(pod).await),
                None => {}
            }
        }
        if pods.len() < self.pods
            && let Some(reason) = self.refused().await
        {
            return Err(KubernetesError::NotMade { made: pods.len(), pods: self.pods, reason });
        }
        Ok(())
    }

    /// Why the cluster makes no more pods, where it says so: a quota, most often.
    async fn refused(&self) -> Option<String> {
        let warnings = self.namespace.warnings(self.release).await.unwrap_or_default();
        warnings.into_iter().rev().find(|text| text.contains("forbidden"))
    }

    async fn crashed(&self, pod: &Pod) -> KubernetesError {
        let previous = self.namespace.last_lines(&pod.name, Instance::Previous, LAST_LINES).await;
        let text = match previous {
            Ok(text) if !text.trim().is_empty() => text,
            Ok(_) | Err(_) => {
                self.namespace.last_lines(&pod.name, Instance::Current, LAST_LINES).await.unwrap_or_default()
            }
        };
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let trouble = pod.trouble().unwrap_or_default();
        KubernetesError::Crashes { pod: pod.name.clone(), trouble, lines: lines.join(" | ") }
    }

    async fn late(&self, pods: &BTreeMap<String, Pod>) -> KubernetesError {
        let mut text = self.describe(pods, None);
        let first = pods.values().find(|pod| pod.trouble().is_some());
        let name = first.map_or(self.release, |pod| pod.name.as_str());
        let warnings = self.namespace.warnings(name).await.unwrap_or_default();
        // What pods say of themselves is often the warning in other words.
        if let Some(last) = warnings.last().filter(|last| !repeats(&text, last)) {
            text = format!("{text}; the cluster says of {name}: {last}");
        }
        KubernetesError::NotReady { seconds: self.limit.as_secs(), text }
    }

    /// What is waited for, with the reasons.
    fn describe(&self, pods: &BTreeMap<String, Pod>, missed: Option<&str>) -> String {
        let troubled: Vec<String> =
            pods.values().filter_map(|pod| Some(format!("{} ({})", pod.name, pod.trouble()?))).collect();
        if pods.is_empty() && missed.is_none() {
            return format!("{} pods of release {}", self.pods, self.release);
        }
        let missing = self.pods.saturating_sub(pods.len());
        let waited = troubled.len() + missing;
        let mut named: Vec<String> = troubled.into_iter().take(NAMED_MAX).collect();
        if missing > 0 {
            named.push(format!("{missing} not made yet"));
        }
        let away = missed.map(|reason| format!("; the API server was away: {reason}")).unwrap_or_default();
        format!("{waited} of {} pods: {}{away}", self.pods, named.join(", "))
    }
}

/// Why a container will not come up.
enum Unrecoverable {
    Image(String),
    Crashes,
}

fn unrecoverable(container: &Container) -> Option<Unrecoverable> {
    let State::Waiting { reason, message } = &container.state else {
        return (container.restarts >= CRASHES_MAX && !matches!(container.state, State::Running))
            .then_some(Unrecoverable::Crashes);
    };
    match reason.as_str() {
        "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" => {
            Some(Unrecoverable::Image(format!("{reason}: {message}")))
        }
        "CrashLoopBackOff" => Some(Unrecoverable::Crashes),
        _ => None,
    }
}

/// By the number at the end of their names.
pub(super) fn in_order(mut pods: Vec<Pod>) -> Vec<Pod> {
    pods.sort_by_key(|pod| (ordinal(&pod.name), pod.name.clone()));
    pods
}

/// Whether a warning, as `REASON: message`, says only what stands in `text`.
fn repeats(text: &str, warning: &str) -> bool {
    text.contains(warning.split_once(": ").map_or(warning, |(_, message)| message))
}

fn ordinal(name: &str) -> Option<u32> {
    name.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_in_the_words_of_a_pod_is_a_repetition() {
        let text = "1 of 1 pods: g-0 (no host takes it: Insufficient cpu)";
        assert!(repeats(text, "FailedScheduling: Insufficient cpu"));
        assert!(!repeats(text, "Unhealthy: Startup probe failed"));
    }

    #[test]
    fn pods_are_in_the_order_of_their_ordinals() {
        let pods = ["g-10", "g-2", "g-0"].map(|name| Pod { name: name.to_owned(), ..Pod::default() });
        let names: Vec<String> = in_order(pods.to_vec()).into_iter().map(|pod| pod.name).collect();
        assert_eq!(names, ["g-0", "g-2", "g-10"]);
    }

    #[test]
    fn an_image_that_is_tried_for_the_first_time_may_still_come() {
        let waiting = |reason: &str| Container {
            image: "x".to_owned(),
            image_id: String::new(),
            restarts: 0,
            state: State::Waiting { reason: reason.to_owned(), message: String::new() },
            last: None,
        };
        assert!(unrecoverable(&waiting("ErrImagePull")).is_none());
        assert!(matches!(unrecoverable(&waiting("ImagePullBackOff")), Some(Unrecoverable::Image(_))));
        assert!(matches!(unrecoverable(&waiting("CrashLoopBackOff")), Some(Unrecoverable::Crashes)));
        assert!(unrecoverable(&waiting("ContainerCreating")).is_none());
    }
}
