//! Pods that are deleted on purpose, and those that their controller makes in their places.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cnsim::id::NodeId;
use cnsim_cluster::{Namespace, Pod};
use tokio::time::{Instant, sleep};

use super::collect::Collected;
use super::enter::{self, Entered};
use super::error::KubernetesError;
use super::facts;
use super::release::selector;
use super::watch::PlannedDeaths;
use crate::backend::{BackendError, Undertaker};
use crate::cluster::Process;

/// How often a pod is looked for that is on its way.
const LOOK: Duration = Duration::from_millis(200);

/// What is at home of each process's records, for whoever brings more.
pub(super) type SharedCollected = Arc<tokio::sync::Mutex<Collected>>;

/// The pods of a run as they are now, in the order of the plan's processes.
pub(super) type SharedPods = Arc<Mutex<Vec<Pod>>>;

/// See the module.
pub struct PodUndertaker {
    pub(super) namespace: Namespace,
    pub(super) release: String,
    pub(super) run_id: String,
    pub(super) parts: PathBuf,
    /// The nodes in each pod.
    pub(super) hosted: Vec<Vec<NodeId>>,
    /// How long a new pod may take.
    pub(super) limit: Duration,
    pub(super) collected: SharedCollected,
    pub(super) planned: PlannedDeaths,
    pub(super) pods: SharedPods,
    /// Pods that have come up and stand in no manifest yet.
    pub(super) raised: Arc<Mutex<Vec<Entered>>>,
}

impl Undertaker for PodUndertaker {
    /// Its records come home first: they go with the pod.
    async fn kill(&self, place: usize, process: &Process) -> Result<String, BackendError> {
        let Pod { name, uid, .. } = self.pod(place);
        let mut collected = self.collected.lock().await;
        let asked = vec![(process.control.clone(), collected.wanted(&self.run_id, &process.name))];
        for reason in collected.bring_from(asked, &self.parts).await? {
            tracing::warn!(reason, "a pod is deleted with records that did not come home");
        }
        drop(collected);
        self.planned.add(&uid);
        self.namespace.delete_pod(&name, &uid).await.map_err(of)?;
        Ok(format!("pod {name} {uid}"))
    }

    async fn raise(&self, place: usize) -> Result<Process, BackendError> {
        let entered = self.successor(place).await.map_err(BackendError::own)?;
        let pod = entered.pod.clone();
        let hosts = facts::hosts(&self.namespace, std::slice::from_ref(&pod)).await;
        let zone = pod.host.as_ref().and_then(|host| hosts.get(host)).and_then(|host| host.zone.clone());
        let process = entered.clone().into_process(&self.hosted[place], zone).map_err(BackendError::own)?;
        self.pods.lock().expect("no holder of this lock panics")[place] = pod;
        self.raised.lock().expect("no holder of this lock panics").push(entered);
        Ok(process)
    }
}

impl PodUndertaker {
    fn pod(&self, place: usize) -> Pod {
        self.pods.lock().expect("no holder of this lock panics")[place].clone()
    }

    /// The pod in the place of one that was deleted, once it lets the driver in.
    async fn successor(&self, place: usize) -> Result<Entered, KubernetesError> {
        let Pod { name, uid, .. } = self.pod(place);
        let deadline = Instant::now() + self.limit;
        loop {
            let found = self.namespace.pods(&selector(&self.release)).await?;
            let next = found.into_iter().find(|pod| pod.name == name && pod.uid != uid);
            let text = match next {
                Some(pod) if pod.is_ready && !pod.is_ending => match enter::enter(&self.namespace, pod).await {
                    Ok(entered) => return Ok(entered),
                    Err(error) => error.to_string(),
                },
                Some(pod) => format!("pod {name} ({})", pod.trouble().unwrap_or_else(|| "not ready".to_owned())),
                None => format!("pod {name} (not made anew)"),
            };
            if Instant::now() > deadline {
                return Err(KubernetesError::NotReady { seconds: self.limit.as_secs(), text });
            }
            sleep(LOOK).await;
        }
    }
}

fn of(error: cnsim_cluster::AccessError) -> BackendError {
    BackendError::own(KubernetesError::from(error))
}
