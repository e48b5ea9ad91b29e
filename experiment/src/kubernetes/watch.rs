//! Watches the pods of a run from beside it, and notes what befalls them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use cnsim::manifest::IncidentKind;
use cnsim_cluster::{Change, Namespace, Pod};
use futures_util::StreamExt;
use tokio::task::JoinHandle;

use crate::ledger::now;

/// Something that befell a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PodIncident {
    /// When it was seen, RFC 3339 in UTC.
    pub(super) at: String,
    pub(super) pod: String,
    pub(super) kind: IncidentKind,
    pub(super) detail: String,
}

/// A watch that goes on until this is dropped.
#[derive(Debug)]
pub(super) struct PodWatch {
    task: JoinHandle<()>,
    incidents: Arc<Mutex<Vec<PodIncident>>>,
    planned: PlannedDeaths,
}

/// The uids of pods that are deleted on purpose: that is no incident.
#[derive(Debug, Clone, Default)]
pub(super) struct PlannedDeaths(Arc<Mutex<BTreeSet<String>>>);

impl PlannedDeaths {
    /// This pod will be deleted.
    pub(super) fn add(&self, uid: &str) {
        self.0.lock().expect("no holder of this lock panics").insert(uid.to_owned());
    }

    fn has(&self, uid: &str) -> bool {
        self.0.lock().expect("no holder of this lock panics").contains(uid)
    }
}

impl PodWatch {
    /// Begins to watch; what is as in `pods` is nothing new.
    pub(super) fn begin(namespace: &Namespace, selector: &str, pods: &[Pod]) -> Self {
        let incidents = Arc::new(Mutex::new(Vec::new()));
        let mut changes = Box::pin(namespace.watch(selector));
        let planned = PlannedDeaths::default();
        let mut known = KnownPods::of(pods, planned.clone());
        let noted = Arc::clone(&incidents);
        let task = tokio::spawn(async move {
            while let Some(change) = changes.next().await {
                let incident = known.take(change);
                noted.lock().expect("no holder of this lock panics").extend(incident);
            }
        });
        Self { task, incidents, planned }
    }

    /// Whom it expects to go.
    pub(super) fn planned(&self) -> PlannedDeaths {
        self.planned.clone()
    }

    /// What has happened since this was last asked.
    pub(super) fn take_incidents(&self) -> Vec<PodIncident> {
        std::mem::take(&mut self.incidents.lock().expect("no holder of this lock panics"))
    }
}

impl Drop for PodWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The pods as they were seen last.
struct KnownPods {
    pods: BTreeMap<String, Pod>,
    planned: PlannedDeaths,
}

impl KnownPods {
    fn of(pods: &[Pod], planned: PlannedDeaths) -> Self {
        Self { pods: pods.iter().map(|pod| (pod.name.clone(), pod.clone())).collect(), planned }
    }

    /// Takes a change, and says what befell the pod, where something did.
    fn take(&mut self, change: Change) -> Option<PodIncident> {
        let (kind, detail, pod) = match change {
            Change::Now(pod) => {
                let before = self.pods.insert(pod.name.clone(), pod.clone());
                let before = before.filter(|before| !self.planned.has(&before.uid));
                let (kind, detail) = incident_of(before.as_ref(), &pod)?;
                (kind, detail, pod.name)
            }
            Change::Gone(pod) => {
                let evicted = self.pods.remove(&pod.name).is_some_and(|before| is_evicted(&before));
                // An evicted one was noted when it was.
                if evicted || is_evicted(&pod) || self.planned.has(&pod.uid) {
                    return None;
                }
                (IncidentKind::Deleted, "the pod was deleted".to_owned(), pod.name)
            }
            Change::Missed(reason) => {
                tracing::warn!(reason, "the API server did not answer a watch");
                return None;
            }
        };
        Some(PodIncident { at: now(), pod, kind, detail })
    }
}

/// What befell a pod between two looks at it.
fn incident_of(before: Option<&Pod>, pod: &Pod) -> Option<(IncidentKind, String)> {
    let before = before?;
    if is_evicted(pod) && !is_evicted(before) {
        let why = pod.disruption.as_ref().or(pod.reason.as_ref());
        return Some((IncidentKind::Evicted, why.cloned().unwrap_or_default()));
    }
    if before.uid != pod.uid {
        return Some((IncidentKind::Deleted, "the pod was deleted and made anew".to_owned()));
    }
    if pod.restarts() <= before.restarts() {
        return None;
    }
    let last = pod.container.as_ref().and_then(|container| container.last.as_ref());
    let how = last.map_or_else(|| "its container was started again".to_owned(), |last| format!("it ended with {last}"));
    let kind = match last {
        Some(last) if last.reason == "OOMKilled" => IncidentKind::OomKilled,
        Some(_) | None => IncidentKind::Restarted,
    };
    Some((kind, how))
}

/// By the kubelet for want of something, or by whoever drains the host.
fn is_evicted(pod: &Pod) -> bool {
    let by_kubelet = pod.reason.as_ref().is_some_and(|reason| reason.starts_with("Evicted"));
    pod.disruption.is_some() || (pod.phase == "Failed" && by_kubelet)
}

#[cfg(test)]
mod tests {
    use cnsim_cluster::{Container, Ended, State};

    use super::*;

    fn pod(restarts: u32, reason: &str) -> Pod {
        let last = Ended { exit_code: 137, reason: reason.to_owned(), at: None };
        let container = Container {
            image: "x".to_owned(),
            image_id: String::new(),
            restarts,
            state: State::Running,
            last: (restarts > 0).then_some(last),
        };
        Pod { name: "g-1".to_owned(), uid: "a".to_owned(), container: Some(container), ..Pod::default() }
    }

    fn kinds(before: Pod, changes: Vec<Change>) -> Vec<IncidentKind> {
        let mut known = KnownPods::of(&[before], PlannedDeaths::default());
        changes.into_iter().filter_map(|change| known.take(change)).map(|incident| incident.kind).collect()
    }

    #[test]
    fn a_container_killed_for_its_memory_is_told_from_one_that_ended_otherwise() {
        let seen = [Change::Now(pod(1, "OOMKilled")), Change::Now(pod(1, "OOMKilled")), Change::Now(pod(2, "Error"))];
        assert_eq!(kinds(pod(0, ""), seen.to_vec()), [IncidentKind::OomKilled, IncidentKind::Restarted]);
    }

    #[test]
    fn a_pod_made_anew_was_deleted_even_if_nobody_saw_it_go() {
        let anew = Pod { uid: "b".to_owned(), ..pod(0, "") };
        assert_eq!(kinds(pod(0, ""), vec![Change::Now(anew)]), [IncidentKind::Deleted]);
    }

    #[test]
    fn a_pod_that_is_deleted_on_purpose_befell_nothing_and_the_one_in_its_place_may_still_be_lost() {
        let planned = PlannedDeaths::default();
        planned.add("a");
        let mut known = KnownPods::of(&[pod(0, "")], planned);
        let anew = |uid: &str| Pod { uid: uid.to_owned(), ..pod(0, "") };
        assert_eq!(known.take(Change::Gone(pod(0, ""))), None);
        assert_eq!(known.take(Change::Now(anew("b"))), None);
        assert_eq!(known.take(Change::Now(anew("c"))).unwrap().kind, IncidentKind::Deleted);
    }

    #[test]
    fn an_evicted_pod_is_noted_once() {
        let reason = Some("Evicted: The node was low on resource: memory".to_owned());
        let evicted = Pod { phase: "Failed".to_owned(), reason, ..pod(0, "") };
        let seen = vec![Change::Now(evicted.clone()), Change::Gone(evicted)];
        assert_eq!(kinds(pod(0, ""), seen), [IncidentKind::Evicted]);
    }

    #[test]
    fn a_pod_that_a_drained_host_gave_up_was_evicted() {
        let disruption = Some("EvictionByEvictionAPI: Eviction API: evicting".to_owned());
        let going = Pod { disruption, is_ending: true, ..pod(0, "") };
        let seen = vec![Change::Now(going.clone()), Change::Gone(going)];
        assert_eq!(kinds(pod(0, ""), seen), [IncidentKind::Evicted]);
    }
}
