//! The pods of a run as its backend: brought up, entered, watched, made whole again, and taken away.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cnsim::id::NodeId;
use cnsim::manifest::{Incident, IncidentKind, KubernetesFacts};
use cnsim_cluster::{AccessError, Host, Namespace, Pod};
use tokio::time::{Instant, sleep};

use super::collect::{Collected, LogSource, ranges};
use super::enter::{self, Entered};
use super::error::KubernetesError;
use super::install::{self, Installed, Resumed};
use super::options::KubernetesOptions;
use super::ready::Wait;
use super::release::{Release, release_of, selector};
use super::undertaker::{PodUndertaker, SharedCollected, SharedPods};
use super::watch::PodWatch;
use super::{facts, limits};
use crate::backend::{Backend, BackendError, RunContext};
use crate::cluster::{AfterDrain, Cluster, ClusterError, Process};
use crate::ledger::now;
use crate::plan::Plan;
use crate::watcher::Watcher;

/// How long a driver waits before it enters pods again that did not let it in.
const RETRY: Duration = Duration::from_secs(1);
/// How often records are brought home at most: asking every pod after every round would take most of the time between
/// short rounds. A pod that is lost takes what it recorded since.
const COLLECT_EVERY: Duration = Duration::from_secs(1);

/// The pods of a run.
pub struct Kubernetes {
    options: KubernetesOptions,
    /// Whether a release of the run's name is the run's own.
    is_resumed: Resumed,
    installed: Option<Installed>,
    entered: Option<EnteredRelease>,
    collected: SharedCollected,
    collected_at: Instant,
    /// Pods that came up in the places of those that were deleted on purpose, and stand in no manifest yet.
    raised: Arc<Mutex<Vec<Entered>>>,
}

/// A release whose pods are ready.
struct EnteredRelease {
    namespace: Namespace,
    release: String,
    watch: PodWatch,
    pods: SharedPods,
}

impl Kubernetes {
    /// The pods of a run that begins.
    pub fn new(options: KubernetesOptions) -> Self {
        Self::of(options, Resumed::No, Collected::default())
    }

    /// The pods of a run that goes on; `lasts` are the sequence numbers up to which each process's records are here.
    pub fn resumed(options: KubernetesOptions, lasts: BTreeMap<String, u64>) -> Self {
        Self::of(options, Resumed::Yes, Collected::resumed(lasts))
    }

    fn of(options: KubernetesOptions, is_resumed: Resumed, collected: Collected) -> Self {
        let collected = Arc::new(tokio::sync::Mutex::new(collected));
        let (collected_at, raised) = (Instant::now(), Arc::default());
        Self { options, is_resumed, installed: None, entered: None, collected, collected_at, raised }
    }

    /// The release, installed where it is not there.
    async fn release(&mut self, namespace: &Namespace, run: &mut RunContext<'_>) -> Result<String, KubernetesError> {
        let wanted = run.plan.processes() as usize;
        if let Some(release) = self.options.release.clone() {
            let found = namespace.pods(&selector(&release)).await?.len();
            return match found {
                0 => Err(KubernetesError::NoRelease { release, namespace: namespace.name().to_owned() }),
                _ if found != wanted => Err(KubernetesError::OtherSize { release, found, wanted }),
                _ => Ok(release),
            };
        }
        // Asked first, so that a user who may not look at pods learns it before anything is installed.
        namespace.pods(&selector("none")).await?;
        let release = release_of(run.plan.run_id.as_str());
        run.watcher.waits_for(&format!("Helm to install release {release}"));
        let values = self.options.values(run.plan);
        let installed = &mut self.installed;
        install::install(install::Installation {
            options: &self.options,
            namespace: namespace.name(),
            release: &release,
            values: &values,
            is_resumed: self.is_resumed,
            installed,
        })
        .await?;
        Ok(release)
    }

    /// Waits for the pods of the release and enters them.
    async fn enter(&self, release: Release<'_>, run: &RunContext<'_>) -> Result<Vec<Entered>, KubernetesError> {
        let pods = self.wait(release, run).ready().await?;
        let count = pods.len();
        run.watcher.waits_for(&format!("port-forwards to {count} pods"));
        let entered = enter::enter_all(release.namespace, &pods).await?;
        check_revisions(&entered)?;
        Ok(entered)
    }

    fn wait<'a>(&self, release: Release<'a>, run: &RunContext<'a>) -> Wait<'a> {
        Wait {
            namespace: release.namespace,
            release: release.name,
            pods: run.plan.processes() as usize,
            limit: self.options.ready_timeout(),
            watcher: run.watcher,
        }
    }

    /// Notes what befell pods since this was last asked; whether anything did.
    fn note_incidents(&self, run: &mut RunContext<'_>, cluster: &Cluster) -> bool {
        let Some(open) = &self.entered else { return false };
        let incidents = open.watch.take_incidents();
        let is_new = !incidents.is_empty();
        for incident in incidents {
            let place = open.pods().iter().position(|known| known.name == incident.pod);
            let process = place.and_then(|place| process_in(cluster, run.plan, place));
            let process = process.map(|process| process.name.clone());
            run.watcher.warn(&format!("{}: {}", incident.pod, incident.detail));
            run.ledger.note_incident(Incident {
                at: incident.at,
                round: run.ledger.latest_round(),
                process,
                pod: incident.pod,
                kind: incident.kind,
                detail: incident.detail,
            });
        }
        is_new
    }

    /// Notes the pods that came up in the places of others.
    async fn note_raised(&self, run: &mut RunContext<'_>) {
        let raised = std::mem::take(&mut *self.raised.lock().expect("no holder of this lock panics"));
        let Some(open) = self.entered.as_ref().filter(|_| !raised.is_empty()) else { return };
        let pods: Vec<Pod> = raised.iter().map(|one| one.pod.clone()).collect();
        let hosts = facts::hosts(&open.namespace, &pods).await;
        raised.iter().for_each(|one| facts::note_pod(run.ledger.kubernetes_facts(), one, &hosts));
    }

    /// Waits until every pod is ready and lets the driver in again.
    async fn enter_again(&self, release: Release<'_>, run: &RunContext<'_>) -> Result<Vec<Entered>, KubernetesError> {
        let deadline = Instant::now() + self.options.ready_timeout();
        loop {
            match self.enter(release, run).await {
                Err(KubernetesError::Closed { .. } | KubernetesError::Access(_)) if Instant::now() < deadline => {
                    sleep(RETRY).await;
                }
                entered => return entered,
            }
        }
    }

    /// Brings home what is left of the records of processes that are gone, and names what is lost.
    async fn rescue(
        &mut self,
        run: &mut RunContext<'_>,
        cluster: &Cluster,
        entered: &[Entered],
    ) -> Result<(), BackendError> {
        let process = |(place, one)| Some((process_in(cluster, run.plan, place)?.clone(), Entered::clone(one)));
        let known = entered.iter().enumerate().filter_map(process);
        let gone: Vec<_> = known.filter(|(process, one)| process.name != one.status.process).collect();
        let parts = run.ledger.folder().parts();
        let run_id = run.plan.run_id.as_str();
        let mut collected = self.collected.lock().await;
        let asked = gone.iter().map(|(process, one)| (one.control.clone(), collected.wanted(run_id, &process.name)));
        let asked = asked.collect();
        for reason in collected.bring_from(asked, &parts).await? {
            tracing::debug!(reason, "a new process has no records of the one before it");
        }
        drop(collected);
        for (process, one) in gone {
            let last = run.ledger.last_seq(&process.name);
            self.complete(run, &one.pod.name, &process.name, last).await?;
        }
        Ok(())
    }

    /// Looks in the pod's log for the records of a process that did not come, and names those that are nowhere.
    async fn complete(
        &mut self,
        run: &mut RunContext<'_>,
        pod: &str,
        process: &str,
        last: u64,
    ) -> Result<(), BackendError> {
        let Some(open) = &self.entered else { return Ok(()) };
        let source = LogSource { pod, run_id: run.plan.run_id.as_str(), process, last };
        let mut collected = self.collected.lock().await;
        collected.bring_from_log(&open.namespace, &source, &run.ledger.folder().parts()).await?;
        let missing = collected.missing(process, last);
        drop(collected);
        if missing.is_empty() {
            return Ok(());
        }
        let detail = format!("records {} are neither in its spool nor in the pod's log", ranges(&missing));
        run.watcher.warn(&format!("{process}: {detail}"));
        run.ledger.note_incident(Incident {
            at: now(),
            round: run.ledger.latest_round(),
            process: Some(process.to_owned()),
            pod: pod.to_owned(),
            kind: IncidentKind::RecordsLost,
            detail,
        });
        Ok(())
    }
}

impl EnteredRelease {
    fn pods(&self) -> MutexGuard<'_, Vec<Pod>> {
        self.pods.lock().expect("no holder of this lock panics")
    }
}

impl Backend for Kubernetes {
    type Undertaker = PodUndertaker;

    async fn start(&mut self, run: &mut RunContext<'_>) -> Result<Cluster, BackendError> {
        run.watcher.waits_for("the API server");
        let namespace = Namespace::open(&self.options.target()).await.map_err(access)?;
        let version = namespace.version().await.map_err(access)?;
        let facts = run.ledger.kubernetes_facts();
        self.options.note_in(facts);
        facts.kubernetes_version = Some(version);
        facts.namespace = Some(namespace.name().to_owned());
        let release = self.release(&namespace, run).await.map_err(BackendError::own)?;
        run.ledger.kubernetes_facts().release = Some(release.clone());
        let place = Release { namespace: &namespace, name: &release };
        let entered = self.enter(place, run).await.map_err(BackendError::own)?;
        if self.is_resumed == Resumed::No {
            check_run_is_new(&entered, run.plan.run_id.as_str()).map_err(BackendError::own)?;
        }
        let pods: Vec<Pod> = entered.iter().map(|one| one.pod.clone()).collect();
        let hosts = facts::hosts(&namespace, &pods).await;
        let values = install::values_of(self.installed.as_ref(), &self.options, namespace.name(), &release).await;
        let facts = run.ledger.kubernetes_facts();
        facts.chart_values = values;
        facts::note_pods(facts, &entered, &hosts);
        run.ledger.set_limits(limits::asked_and_found(&entered));
        let watch = PodWatch::begin(&namespace, &selector(&release), &pods);
        let cluster = cluster_of(run, entered, &hosts).map_err(BackendError::own)?;
        self.entered = Some(EnteredRelease { namespace, release, watch, pods: Arc::new(Mutex::new(pods)) });
        Ok(cluster)
    }

    fn undertaker(&self, run: &RunContext<'_>) -> PodUndertaker {
        let open = self.entered.as_ref().expect("a run has an undertaker once its pods were entered");
        PodUndertaker {
            namespace: open.namespace.clone(),
            release: open.release.clone(),
            run_id: run.plan.run_id.to_string(),
            parts: run.ledger.folder().parts(),
            hosted: run.plan.hosted().map(<[NodeId]>::to_vec).collect(),
            limit: self.options.ready_timeout(),
            collected: Arc::clone(&self.collected),
            planned: open.watch.planned(),
            pods: Arc::clone(&open.pods),
            raised: Arc::clone(&self.raised),
        }
    }

    /// A pod that ends is started again.
    async fn death(&mut self) -> String {
        pending().await
    }

    async fn recover(
        &mut self,
        run: &mut RunContext<'_>,
        cluster: &Cluster,
        error: ClusterError,
    ) -> Result<Cluster, BackendError> {
        let Some(open) = &self.entered else { return Err(error.into()) };
        run.watcher.warn(&error.to_string());
        let (namespace, release) = (open.namespace.clone(), open.release.clone());
        let place = Release { namespace: &namespace, name: &release };
        let is_known = self.note_incidents(run, cluster);
        let entered = self.enter_again(place, run).await.map_err(BackendError::own)?;
        let is_explained = self.note_incidents(run, cluster) || is_known;
        if !is_explained {
            run.ledger.note_incident(unreachable(run, &error));
        }
        self.rescue(run, cluster, &entered).await?;
        let pods: Vec<Pod> = entered.iter().map(|one| one.pod.clone()).collect();
        let hosts = facts::hosts(&namespace, &pods).await;
        facts::note_pods(run.ledger.kubernetes_facts(), &entered, &hosts);
        if let Some(open) = &self.entered {
            *open.pods() = pods;
        }
        cluster_of(run, entered, &hosts).map_err(BackendError::own)
    }

    async fn round_ended(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        self.note_raised(run).await;
        let is_disturbed = self.note_incidents(run, cluster);
        if !is_disturbed && self.collected_at.elapsed() < COLLECT_EVERY {
            return Ok(());
        }
        self.collected_at = Instant::now();
        let parts = run.ledger.folder().parts();
        let mut collected = self.collected.lock().await;
        for reason in collected.bring_from_all(cluster, run.plan.run_id.as_str(), &parts).await? {
            tracing::warn!(reason, "records stay in a pod's spool for now");
        }
        Ok(())
    }

    async fn rounds_ended(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        limits::prove_bandwidth(run, cluster).await;
        Ok(())
    }

    async fn close(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        self.note_raised(run).await;
        self.note_incidents(run, cluster);
        let last_seqs = cluster.drain(&run.plan.run_id, AfterDrain::Stay).await;
        run.ledger.close_records(last_seqs);
        let parts = run.ledger.folder().parts();
        let mut collected = self.collected.lock().await;
        for reason in collected.bring_from_all(cluster, run.plan.run_id.as_str(), &parts).await? {
            run.watcher.warn(&format!("the records of a process could not be read: {reason}"));
        }
        drop(collected);
        for process in &cluster.processes {
            // In a round that was cut off some may be gone.
            let facts = run.ledger.manifest().backend.kubernetes();
            let Some(pod) = facts.and_then(|facts| pod_of(facts, &process.name)) else { continue };
            let last = run.ledger.last_seq(&process.name);
            self.complete(run, &pod, &process.name, last).await?;
        }
        Ok(())
    }

    async fn stop(self, watcher: &dyn Watcher) {
        let Self { options, installed, entered, .. } = self;
        // The watch ends first: what is taken away on purpose is no incident.
        let namespace = entered.map(|open| open.namespace);
        let Some(installed) = installed else { return };
        if options.keep {
            installed.keep(watcher);
        } else {
            installed.take_away(&options, namespace, watcher).await;
        }
    }
}

/// The process in a place of the plan's, where it is not between two lives.
fn process_in<'a>(cluster: &'a Cluster, plan: &Plan, place: usize) -> Option<&'a Process> {
    let first = plan.hosted().nth(place)?.first()?;
    cluster.host_of(first.as_str()).map(|index| &cluster.processes[index])
}

/// The processes of the plan's nodes.
fn cluster_of(
    run: &RunContext<'_>,
    entered: Vec<Entered>,
    hosts: &BTreeMap<String, Host>,
) -> Result<Cluster, KubernetesError> {
    let zone = |pod: &Pod| hosts.get(pod.host.as_ref()?)?.zone.clone();
    let processes = entered.into_iter().zip(run.plan.hosted()).map(|(one, ids)| {
        let zone = zone(&one.pod);
        one.into_process(ids, zone)
    });
    Ok(Cluster { processes: processes.collect::<Result<_, _>>()? })
}

/// Nodes of different programs do not measure one thing.
fn check_revisions(entered: &[Entered]) -> Result<(), KubernetesError> {
    let mut revisions: BTreeMap<String, &str> = BTreeMap::new();
    for Entered { pod, status, .. } in entered {
        revisions.entry(format!("{} ({})", status.version, status.revision)).or_insert(&pod.name);
    }
    if revisions.len() < 2 {
        return Ok(());
    }
    let each: Vec<String> = revisions.iter().map(|(revision, pod)| format!("{pod} runs {revision}")).collect();
    Err(KubernetesError::MixedRevisions(each.join(", ")))
}

/// Records of another run of the same name would pass for this one's.
fn check_run_is_new(entered: &[Entered], run_id: &str) -> Result<(), KubernetesError> {
    let knows = |one: &&Entered| one.status.last_seqs.iter().any(|last| last.run_id == run_id && last.seq > 0);
    match entered.iter().find(knows) {
        Some(one) => Err(KubernetesError::RunIsThere { pod: one.pod.name.clone(), run_id: run_id.to_owned() }),
        None => Ok(()),
    }
}

/// The API server did not do what was asked.
fn access(error: AccessError) -> BackendError {
    BackendError::own(KubernetesError::from(error))
}

/// The pod that a process is in.
fn pod_of(facts: &KubernetesFacts, process: &str) -> Option<String> {
    let found = facts.pods.iter().find(|(_, pod)| pod.process.as_deref() == Some(process));
    found.map(|(name, _)| name.clone())
}

fn unreachable(run: &RunContext<'_>, error: &ClusterError) -> Incident {
    let process = error.process().to_owned();
    let facts = run.ledger.manifest().backend.kubernetes();
    Incident {
        at: now(),
        round: run.ledger.latest_round(),
        pod: facts.and_then(|facts| pod_of(facts, &process)).unwrap_or_default(),
        process: Some(process),
        kind: IncidentKind::Unreachable,
        detail: error.to_string(),
    }
}
