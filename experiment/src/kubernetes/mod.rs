//! The backend on Kubernetes: installs the chart, enters its pods through the API server, and takes it away again.
//!
//! Nothing here depends on an address inside the cluster but the pods' own, which only they use: the driver reaches a
//! pod by port-forward alone. A pod that is lost is waited for and configured again; the round it was lost in is marked.

mod chart;
mod collect;
mod enter;
mod error;
mod facts;
mod guard;
mod helm;
mod install;
mod limits;
mod options;
mod probe;
mod quantity;
mod ready;

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use cnsim::manifest::{Incident, IncidentKind};
use cnsim_cluster::{Host, Namespace, Pod};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::backend::{Backend, BackendError, Stage};
use crate::cluster::{Cluster, ClusterError, Process, Then};
use crate::driver::Watcher;
use crate::ledger::now;
use collect::{Collected, LogSource, ranges};
use enter::Entered;
use guard::Guard;
use install::Installed;
use ready::Wait;

pub use error::KubernetesError;
pub use helm::HelmError;
pub use options::{Options, release_of};

/// How long a driver waits before it enters pods again that did not let it in.
const RETRY: Duration = Duration::from_secs(1);
/// How often records are brought home at most: asking every pod after every round would take most of the time between
/// short rounds. A pod that is lost takes what it recorded since.
const COLLECT_EVERY: Duration = Duration::from_secs(1);

/// The pods of a run.
pub struct Kubernetes {
    options: Options,
    /// Whether a release of the run's name is the run's own.
    is_resumed: Resumed,
    installed: Option<Installed>,
    open: Option<Open>,
    collected: Collected,
    collected_at: Instant,
}

/// Whether a run goes on that was begun before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// It does.
    Yes,
    /// It begins.
    No,
}

/// A release whose pods are ready.
struct Open {
    namespace: Namespace,
    release: String,
    guard: Guard,
    /// In the order of the cluster's processes.
    pods: Vec<Pod>,
}

/// The labels of a release's pods.
fn selector(release: &str) -> String {
    format!("app.kubernetes.io/name=cnsim,app.kubernetes.io/component=node,app.kubernetes.io/instance={release}")
}

impl Kubernetes {
    /// The pods of a run that begins.
    pub fn new(options: Options) -> Self {
        Self::of(options, Resumed::No, Collected::default())
    }

    /// The pods of a run that goes on; `lasts` are the sequence numbers up to which each process's records are here.
    pub fn resumed(options: Options, lasts: BTreeMap<String, u64>) -> Self {
        Self::of(options, Resumed::Yes, Collected::resumed(lasts))
    }

    fn of(options: Options, is_resumed: Resumed, collected: Collected) -> Self {
        Self { options, is_resumed, installed: None, open: None, collected, collected_at: Instant::now() }
    }

    /// The release, installed where it is not there.
    async fn release(&mut self, namespace: &Namespace, stage: &mut Stage<'_>) -> Result<String, KubernetesError> {
        let wanted = stage.plan.processes() as usize;
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
        let release = release_of(stage.plan.run_id.as_str());
        stage.watcher.waits_for(&format!("Helm to install release {release}"));
        let values = self.options.values(stage.plan);
        let installed = &mut self.installed;
        install::install(install::Order {
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
    async fn entered(&self, place: &Place<'_>, stage: &Stage<'_>) -> Result<Vec<Entered>, KubernetesError> {
        let pods = self.wait(place, stage).ready().await?;
        let count = pods.len();
        stage.watcher.waits_for(&format!("port-forwards to {count} pods"));
        let entered = enter::all(place.namespace, &pods).await?;
        check_revisions(&entered)?;
        Ok(entered)
    }

    fn wait<'a>(&self, place: &Place<'a>, stage: &Stage<'a>) -> Wait<'a> {
        Wait {
            namespace: place.namespace,
            release: place.release,
            pods: stage.plan.processes() as usize,
            limit: self.options.ready_timeout(),
            watcher: stage.watcher,
        }
    }

    /// Notes what befell pods since this was last asked; whether anything did.
    fn note_mishaps(&self, stage: &mut Stage<'_>, cluster: &Cluster) -> bool {
        let Some(open) = &self.open else { return false };
        let mishaps = open.guard.since();
        let is_new = !mishaps.is_empty();
        for mishap in mishaps {
            let process = open.process_of(&mishap.pod, cluster).map(|process| process.name.clone());
            stage.watcher.warn(&format!("{}: {}", mishap.pod, mishap.detail));
            stage.ledger.note_incident(Incident {
                at: mishap.at,
                round: stage.ledger.latest_round(),
                process,
                pod: mishap.pod,
                kind: mishap.kind,
                detail: mishap.detail,
            });
        }
        is_new
    }

    /// Waits until every pod is ready and lets the driver in again.
    async fn entered_again(&self, place: &Place<'_>, stage: &Stage<'_>) -> Result<Vec<Entered>, KubernetesError> {
        let deadline = Instant::now() + self.options.ready_timeout();
        loop {
            match self.entered(place, stage).await {
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
        stage: &mut Stage<'_>,
        cluster: &Cluster,
        entered: &[Entered],
    ) -> Result<(), BackendError> {
        let gone = cluster.processes.iter().zip(entered).filter(|(process, one)| process.name != one.status.process);
        let gone: Vec<(Process, Entered)> = gone.map(|(process, one)| (process.clone(), one.clone())).collect();
        let parts = stage.ledger.folder().parts();
        let run_id = stage.plan.run_id.as_str();
        let asked =
            gone.iter().map(|(process, one)| (one.control.clone(), self.collected.wanted(run_id, &process.name)));
        let asked = asked.collect();
        for reason in self.collected.bring_from(asked, &parts).await? {
            tracing::debug!(reason, "a new process has no records of the one before it");
        }
        for (process, one) in gone {
            let last = stage.ledger.last_seq(&process.name);
            self.complete(stage, &one.pod.name, &process.name, last).await?;
        }
        Ok(())
    }

    /// Looks in the pod's log for the records of a process that did not come, and names those that are nowhere.
    async fn complete(
        &mut self,
        stage: &mut Stage<'_>,
        pod: &str,
        process: &str,
        last: u64,
    ) -> Result<(), BackendError> {
        let Some(open) = &self.open else { return Ok(()) };
        let source = LogSource { pod, run_id: stage.plan.run_id.as_str(), process, last };
        self.collected.bring_from_log(&open.namespace, &source, &stage.ledger.folder().parts()).await?;
        let missing = self.collected.missing(process, last);
        if missing.is_empty() {
            return Ok(());
        }
        let detail = format!("records {} are neither in its spool nor in the pod's log", ranges(&missing));
        stage.watcher.warn(&format!("{process}: {detail}"));
        stage.ledger.note_incident(Incident {
            at: now(),
            round: stage.ledger.latest_round(),
            process: Some(process.to_owned()),
            pod: pod.to_owned(),
            kind: IncidentKind::RecordsLost,
            detail,
        });
        Ok(())
    }
}

/// A release in a namespace.
struct Place<'a> {
    namespace: &'a Namespace,
    release: &'a str,
}

impl Open {
    fn process_of<'a>(&self, pod: &str, cluster: &'a Cluster) -> Option<&'a Process> {
        let index = self.pods.iter().position(|known| known.name == pod)?;
        cluster.processes.get(index)
    }
}

impl Backend for Kubernetes {
    async fn start(&mut self, stage: &mut Stage<'_>) -> Result<Cluster, BackendError> {
        stage.watcher.waits_for("the API server");
        let namespace = Namespace::open(&self.options.target()).await.map_err(KubernetesError::from)?;
        let version = namespace.version().await.map_err(KubernetesError::from)?;
        stage.ledger.note_facts(self.options.recorded());
        stage.ledger.note_fact("kubernetes_version", version);
        stage.ledger.note_fact("namespace", namespace.name());
        let release = self.release(&namespace, stage).await?;
        stage.ledger.note_fact("release", release.as_str());
        let place = Place { namespace: &namespace, release: &release };
        let entered = self.entered(&place, stage).await?;
        if self.is_resumed == Resumed::No {
            check_run_is_new(&entered, stage.plan.run_id.as_str())?;
        }
        let pods: Vec<Pod> = entered.iter().map(|one| one.pod.clone()).collect();
        let hosts = facts::hosts(&namespace, &pods).await;
        let values = install::values_of(self.installed.as_ref(), &self.options, namespace.name(), &release).await;
        stage.ledger.note_fact("chart_values", values);
        note_pods(stage, &entered, &hosts);
        stage.ledger.set_limits(limits::asked_and_found(&entered));
        let guard = Guard::begin(&namespace, &selector(&release), &pods);
        let cluster = cluster(stage, entered, &hosts)?;
        self.open = Some(Open { namespace, release, guard, pods });
        Ok(cluster)
    }

    /// A pod that ends is started again.
    async fn death(&mut self) -> String {
        pending().await
    }

    async fn recover(
        &mut self,
        stage: &mut Stage<'_>,
        cluster: &Cluster,
        error: ClusterError,
    ) -> Result<Cluster, BackendError> {
        let Some(open) = &self.open else { return Err(error.into()) };
        stage.watcher.warn(&error.to_string());
        let (namespace, release) = (open.namespace.clone(), open.release.clone());
        let place = Place { namespace: &namespace, release: &release };
        let is_known = self.note_mishaps(stage, cluster);
        let entered = self.entered_again(&place, stage).await?;
        let is_explained = self.note_mishaps(stage, cluster) || is_known;
        if !is_explained {
            stage.ledger.note_incident(unreachable(stage, &error));
        }
        self.rescue(stage, cluster, &entered).await?;
        let pods: Vec<Pod> = entered.iter().map(|one| one.pod.clone()).collect();
        let hosts = facts::hosts(&namespace, &pods).await;
        note_pods(stage, &entered, &hosts);
        if let Some(open) = &mut self.open {
            open.pods = pods;
        }
        Ok(self::cluster(stage, entered, &hosts)?)
    }

    async fn round_ended(&mut self, stage: &mut Stage<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        let is_disturbed = self.note_mishaps(stage, cluster);
        if !is_disturbed && self.collected_at.elapsed() < COLLECT_EVERY {
            return Ok(());
        }
        self.collected_at = Instant::now();
        let parts = stage.ledger.folder().parts();
        for reason in self.collected.bring_from_all(cluster, stage.plan.run_id.as_str(), &parts).await? {
            tracing::warn!(reason, "records stay in a pod's spool for now");
        }
        Ok(())
    }

    async fn rounds_ended(&mut self, stage: &mut Stage<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        limits::prove_bandwidth(stage, cluster).await;
        Ok(())
    }

    async fn close(&mut self, stage: &mut Stage<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        self.note_mishaps(stage, cluster);
        let last_seqs = cluster.drain(&stage.plan.run_id, Then::Stay).await;
        stage.ledger.close_records(last_seqs);
        let parts = stage.ledger.folder().parts();
        for reason in self.collected.bring_from_all(cluster, stage.plan.run_id.as_str(), &parts).await? {
            stage.watcher.warn(&format!("the records of a process could not be read: {reason}"));
        }
        let pods: Vec<String> = self.open.iter().flat_map(|open| &open.pods).map(|pod| pod.name.clone()).collect();
        for (process, pod) in cluster.processes.iter().zip(pods) {
            let last = stage.ledger.last_seq(&process.name);
            self.complete(stage, &pod, &process.name, last).await?;
        }
        Ok(())
    }

    async fn stop(self, watcher: &dyn Watcher) {
        let Self { options, installed, open, .. } = self;
        // The watch ends first: what is taken away is no misfortune.
        let namespace = open.map(|open| open.namespace);
        let Some(installed) = installed else { return };
        if options.keep {
            installed.keep(watcher);
        } else {
            installed.take_away(&options, namespace, watcher).await;
        }
    }
}

/// The processes of the plan's nodes.
fn cluster(
    stage: &Stage<'_>,
    entered: Vec<Entered>,
    hosts: &BTreeMap<String, Host>,
) -> Result<Cluster, KubernetesError> {
    let zone = |pod: &Pod| hosts.get(pod.host.as_ref()?)?.zone.clone();
    let processes = entered.into_iter().zip(stage.plan.hosted()).map(|(one, ids)| {
        let zone = zone(&one.pod);
        one.into_process(ids, zone)
    });
    Ok(Cluster { processes: processes.collect::<Result<_, _>>()? })
}

fn note_pods(stage: &mut Stage<'_>, entered: &[Entered], hosts: &BTreeMap<String, Host>) {
    stage.ledger.note_fact("pods", facts::pods(entered, hosts));
    stage.ledger.note_fact("hosts", facts::machines(hosts));
    if let Some(first) = entered.first() {
        stage.ledger.note_fact("node_version", first.status.version.as_str());
        stage.ledger.note_fact("node_revision", first.status.revision.as_str());
    }
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
    let told: Vec<String> = revisions.iter().map(|(revision, pod)| format!("{pod} runs {revision}")).collect();
    Err(KubernetesError::MixedRevisions(told.join(", ")))
}

/// Records of another run of the same name would pass for this one's.
fn check_run_is_new(entered: &[Entered], run_id: &str) -> Result<(), KubernetesError> {
    let knows = |one: &&Entered| one.status.last_seqs.iter().any(|last| last.run_id == run_id && last.seq > 0);
    match entered.iter().find(knows) {
        Some(one) => Err(KubernetesError::RunIsThere { pod: one.pod.name.clone(), run_id: run_id.to_owned() }),
        None => Ok(()),
    }
}

fn unreachable(stage: &Stage<'_>, error: &ClusterError) -> Incident {
    let process = error.process().to_owned();
    let pods = stage.ledger.manifest().backend_facts.get("pods").and_then(Value::as_object);
    let pod = pods.into_iter().flatten().find(|(_, facts)| facts["process"] == process.as_str());
    Incident {
        at: now(),
        round: stage.ledger.latest_round(),
        pod: pod.map(|(name, _)| name.clone()).unwrap_or_default(),
        process: Some(process),
        kind: IncidentKind::Unreachable,
        detail: error.to_string(),
    }
}
