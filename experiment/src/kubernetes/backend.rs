//! The pods of a run as its backend: brought up, entered, watched, made whole again, and taken away.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use cnsim::manifest::{Incident, IncidentKind};
use cnsim_cluster::{AccessError, Host, Namespace, Pod};
use tokio::time::{Instant, sleep};

use super::collect::{Collected, LogSource, ranges};
use super::enter::{self, Entered};
use super::error::KubernetesError;
use super::install::{self, Installed, Resumed};
use super::options::KubernetesOptions;
use super::ready::Wait;
use super::release::{Release, release_of, selector};
use super::watch::PodWatch;
use super::{facts, limits};
use crate::backend::{Backend, BackendError, RunContext};
use crate::cluster::{AfterDrain, Cluster, ClusterError, Process};
use crate::ledger::now;
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
    collected: Collected,
    collected_at: Instant,
}

/// A release whose pods are ready.
struct EnteredRelease {
    namespace: Namespace,
    release: String,
    watch: PodWatch,
    /// In the order of the cluster's processes.
    pods: Vec<Pod>,
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
        Self { options, is_resumed, installed: None, entered: None, collected, collected_at: Instant::now() }
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
            let process = open.process_of(&incident.pod, cluster).map(|process| process.name.clone());
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
        let gone = cluster.processes.iter().zip(entered).filter(|(process, one)| process.name != one.status.process);
        let gone: Vec<(Process, Entered)> = gone.map(|(process, one)| (process.clone(), one.clone())).collect();
        let parts = run.ledger.folder().parts();
        let run_id = run.plan.run_id.as_str();
        let asked =
            gone.iter().map(|(process, one)| (one.control.clone(), self.collected.wanted(run_id, &process.name)));
        let asked = asked.collect();
        for reason in self.collected.bring_from(asked, &parts).await? {
            tracing::debug!(reason, "a new process has no records of the one before it");
        }
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
        self.collected.bring_from_log(&open.namespace, &source, &run.ledger.folder().parts()).await?;
        let missing = self.collected.missing(process, last);
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
    fn process_of<'a>(&self, pod: &str, cluster: &'a Cluster) -> Option<&'a Process> {
        let index = self.pods.iter().position(|known| known.name == pod)?;
        cluster.processes.get(index)
    }
}

impl Backend for Kubernetes {
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
        self.entered = Some(EnteredRelease { namespace, release, watch, pods });
        Ok(cluster)
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
        if let Some(open) = &mut self.entered {
            open.pods = pods;
        }
        cluster_of(run, entered, &hosts).map_err(BackendError::own)
    }

    async fn round_ended(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        let is_disturbed = self.note_incidents(run, cluster);
        if !is_disturbed && self.collected_at.elapsed() < COLLECT_EVERY {
            return Ok(());
        }
        self.collected_at = Instant::now();
        let parts = run.ledger.folder().parts();
        for reason in self.collected.bring_from_all(cluster, run.plan.run_id.as_str(), &parts).await? {
            tracing::warn!(reason, "records stay in a pod's spool for now");
        }
        Ok(())
    }

    async fn rounds_ended(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        limits::prove_bandwidth(run, cluster).await;
        Ok(())
    }

    async fn close(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> Result<(), BackendError> {
        self.note_incidents(run, cluster);
        let last_seqs = cluster.drain(&run.plan.run_id, AfterDrain::Stay).await;
        run.ledger.close_records(last_seqs);
        let parts = run.ledger.folder().parts();
        for reason in self.collected.bring_from_all(cluster, run.plan.run_id.as_str(), &parts).await? {
            run.watcher.warn(&format!("the records of a process could not be read: {reason}"));
        }
        let pods: Vec<String> = self.entered.iter().flat_map(|open| &open.pods).map(|pod| pod.name.clone()).collect();
        for (process, pod) in cluster.processes.iter().zip(pods) {
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

fn unreachable(run: &RunContext<'_>, error: &ClusterError) -> Incident {
    let process = error.process().to_owned();
    let facts = run.ledger.manifest().backend.kubernetes();
    let pod = facts.into_iter().flat_map(|facts| &facts.pods).find(|(_, pod)| pod.process.as_ref() == Some(&process));
    Incident {
        at: now(),
        round: run.ledger.latest_round(),
        pod: pod.map(|(name, _)| name.clone()).unwrap_or_default(),
        process: Some(process),
        kind: IncidentKind::Unreachable,
        detail: error.to_string(),
    }
}
