//! `fetch --metrics`: asks Cloud Monitoring what the pods of a run used while its rounds went on.
//!
//! Every query is bound to the run's namespace and pods and gives a series for each pod; nothing is summed over pods.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::client::RetryPolicy;
use super::client::credentials::{CredentialSources, Credentials};
use super::client::monitoring::Range;
use super::client::rest::Rest;
use super::endpoint::Endpoint;
use super::error::BigQueryError;
use super::spec::MetricsSpec;
use crate::fetch::spec::Fetched;
use crate::inputs::telemetry::{FILE, Quantity, Series, TelemetryError, pods, prometheus, write};
use crate::inputs::{Input, InputError, folder, load};
use cnsim_records::events::Events;

/// How often Google's clusters sample what pods use.
const SAMPLING_S: i64 = 60;
/// How long after its time a sample may take to be there.
const LAG_S: i64 = 240;
/// Names that a sentence lists.
const NAMES_SHOWN: usize = 5;

/// Why no telemetry was fetched.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The server did not do what was asked.
    #[error(transparent)]
    Pull(#[from] BigQueryError),
    /// A run folder cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// An answer cannot be read, or the file not be written.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// Without pods there is nothing to ask for.
    #[error("{}: it ran on no pods: telemetry of processes on one machine is in its manifest", .0.display())]
    NoPods(PathBuf),
    /// Pods, but not where.
    #[error("{}: nothing says which namespace its pods were in: give --pod-namespace", .0.display())]
    NoNamespace(PathBuf),
    /// A name that could end a query's text.
    #[error("{0:?} is no name of a namespace")]
    Namespace(String),
    /// Nothing was recorded, so there is no time to ask for.
    #[error("{}: it has no record, so no time of rounds is known", .0.display())]
    NoRounds(PathBuf),
    /// The server knows none of it.
    #[error(
        "no sample of the {pods} pods of {run} in namespace {namespace}: samples come up to {} minutes late and are kept \
         for 6 weeks", LAG_S / 60
    )]
    NoSamples {
        /// The run.
        run: String,
        /// How many pods it had.
        pods: usize,
        /// Where.
        namespace: String,
    },
}

/// The pods of a run and the time of its rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RunScope {
    namespace: String,
    pods: BTreeSet<String>,
    first_s: i64,
    last_s: i64,
}

/// Fetches the telemetry of runs; gives the run folders and what should be known.
pub fn fetch(spec: &MetricsSpec) -> Result<Fetched, MetricsError> {
    let project = spec.target.resolve_project()?;
    let endpoint = spec.endpoint.as_deref().map(Endpoint::parse).transpose().map_err(BigQueryError::from)?;
    let endpoint = endpoint.unwrap_or_else(Endpoint::google_monitoring);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(BigQueryError::Runtime)?;
    runtime.block_on(async {
        tokio::select! {
            done = of_runs(spec, &project, endpoint) => done,
            // Where no signal can be had, only the default action is left.
            Ok(()) = tokio::signal::ctrl_c() => Err(BigQueryError::Interrupted.into()),
        }
    })
}

async fn of_runs(spec: &MetricsSpec, project: &str, endpoint: Endpoint) -> Result<Fetched, MetricsError> {
    let credentials = match endpoint.is_loopback() {
        true => Credentials::None,
        false => Credentials::find(&CredentialSources::of_environment()).await.map_err(BigQueryError::from)?,
    };
    let rest = Rest::new(endpoint, credentials, RetryPolicy::default()).map_err(BigQueryError::from)?;
    let (mut folders, mut notes) = (Vec::new(), Vec::new());
    for run_id in &spec.run_ids {
        let folder = spec.out.join(run_id);
        let scope = RunScope::of(&folder, spec.pod_namespace.as_deref())?;
        let series = series(&rest, project, &scope).await?;
        if series.iter().all(|one| one.samples.is_empty()) {
            let (pods, namespace) = (scope.pods.len(), scope.namespace);
            return Err(MetricsError::NoSamples { run: run_id.clone(), pods, namespace });
        }
        write(&folder.join(FILE), &series)?;
        notes.extend(scope.notes(run_id, &series));
        folders.push(folder);
    }
    Ok(Fetched { folders, notes, plan: None })
}

async fn series(rest: &Rest, project: &str, scope: &RunScope) -> Result<Vec<Series>, MetricsError> {
    let mut all = Vec::new();
    for quantity in Quantity::ALL {
        let range = scope.range(quantity);
        let answer = rest.range(project, &range).await.map_err(BigQueryError::from)?;
        let series = prometheus::of_query(&range.query, quantity, answer)?;
        // The expression in the query takes in every pod whose name begins so.
        all.extend(series.into_iter().filter(|one| one.pod.as_ref().is_some_and(|pod| scope.pods.contains(pod))));
    }
    Ok(all)
}

impl RunScope {
    fn of(folder: &Path, namespace: Option<&str>) -> Result<Self, MetricsError> {
        let manifest = folder::manifest(folder)?;
        let loaded = load(&[Input { label: None, path: folder.to_owned() }])?;
        let events: Vec<&Events> = loaded.iter().map(|input| &input.events).collect();
        let pods = match &manifest {
            Some(manifest) => pods(manifest).into_iter().collect(),
            None => of_processes(&events),
        };
        let pods: BTreeSet<String> = pods.into_iter().filter(|pod| pod.bytes().all(is_of_a_name)).collect();
        if pods.is_empty() {
            return Err(MetricsError::NoPods(folder.to_owned()));
        }
        let known = manifest.as_ref().and_then(|manifest| manifest.backend.kubernetes()?.namespace.as_deref());
        let namespace = namespace.or(known).ok_or_else(|| MetricsError::NoNamespace(folder.to_owned()))?;
        if namespace.is_empty() || !namespace.bytes().all(is_of_a_name) {
            return Err(MetricsError::Namespace(namespace.to_owned()));
        }
        let spans: Vec<(i64, i64)> = events.iter().filter_map(|events| events.span_ns()).collect();
        let firsts = spans.iter().map(|(first, _)| *first);
        let (Some(first), Some(last)) = (firsts.min(), spans.iter().map(|(_, last)| *last).max()) else {
            return Err(MetricsError::NoRounds(folder.to_owned()));
        };
        let second = |ns: i64| ns.div_euclid(1_000_000_000);
        Ok(Self { namespace: namespace.to_owned(), pods, first_s: second(first), last_s: second(last) })
    }

    /// The query for a quantity, from the sample before the block to the one behind it.
    fn range(&self, quantity: Quantity) -> Range {
        let pods = format!("namespace_name=\"{}\",pod_name=~\"{}\"", self.namespace, self.expression());
        let container = format!("monitored_resource=\"k8s_container\",container_name=\"node\",{pods}");
        let pod = format!("monitored_resource=\"k8s_pod\",{pods}");
        let per_s = |metric: &str, of: &str| {
            format!("sum by (pod_name) (rate(kubernetes_io:{metric}{{{of}}}[{}s]))", 2 * SAMPLING_S)
        };
        let query = match quantity {
            Quantity::Cpu => per_s("container_cpu_core_usage_time", &container),
            Quantity::Memory => format!(
                "sum by (pod_name) (kubernetes_io:container_memory_used_bytes{{memory_type=\"non-evictable\",{container}}})"
            ),
            Quantity::Received => per_s("pod_network_received_bytes_count", &pod),
            Quantity::Transmitted => per_s("pod_network_sent_bytes_count", &pod),
        };
        let down = |s: i64| s.div_euclid(SAMPLING_S) * SAMPLING_S;
        let (start_s, end_s) = (down(self.first_s), down(self.last_s) + 2 * SAMPLING_S);
        Range { query, start_s, end_s, step_s: SAMPLING_S }
    }

    /// A short expression that takes in every pod: their names differ in the number at the end.
    fn expression(&self) -> String {
        let stem = |pod: &String| pod.rsplit_once('-').map_or_else(|| pod.clone(), |(stem, _)| stem.to_owned());
        let stems: BTreeSet<String> = self.pods.iter().map(stem).collect();
        let each: Vec<String> = stems.iter().map(|stem| format!("{stem}-[0-9]+")).collect();
        each.join("|")
    }

    fn notes(&self, run_id: &str, series: &[Series]) -> Vec<String> {
        let mut notes = Vec::new();
        for quantity in Quantity::ALL {
            let with: BTreeSet<&str> = series
                .iter()
                .filter(|one| one.quantity == quantity && !one.samples.is_empty())
                .filter_map(|one| one.pod.as_deref())
                .collect();
            let without: Vec<&str> = self.pods.iter().map(String::as_str).filter(|pod| !with.contains(pod)).collect();
            if !without.is_empty() {
                let shown = without[..without.len().min(NAMES_SHOWN)].join(", ");
                let more = if without.len() > NAMES_SHOWN { ", …" } else { "" };
                let (word, pods) = (quantity.word(), self.pods.len());
                notes.push(format!("{run_id}: no {word} sample of {} of {pods} pods ({shown}{more})", without.len()));
            }
        }
        if chrono::Utc::now().timestamp() < self.last_s + LAG_S {
            notes.push(format!(
                "{run_id}: its last round is younger than samples are late ({LAG_S} s): fetch again later"
            ));
        }
        notes
    }
}

/// The pods that processes are named after, as `gossip-statefulset-0.1.1795600976073085788`.
fn of_processes(events: &[&Events]) -> BTreeSet<String> {
    let names = events.iter().flat_map(|events| events.names().processes.iter());
    let pods = names.filter_map(|name| name.split_once('.')).map(|(pod, _)| pod.to_owned());
    pods.collect()
}

/// Names of Kubernetes objects hold nothing else, so they cannot leave the text of a query.
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> RunScope {
        let pods = ["cnsim-a-0", "cnsim-a-1", "cnsim-a-10"].map(str::to_owned).into();
        RunScope { namespace: "ns1".to_owned(), pods, first_s: 1_767_225_665, last_s: 1_767_225_700 }
    }

    #[test]
    fn a_query_is_bound_to_the_runs_pods_and_sums_over_none() {
        let range = scope().range(Quantity::Cpu);
        let expected = "sum by (pod_name) (rate(kubernetes_io:container_cpu_core_usage_time{\
                        monitored_resource=\"k8s_container\",container_name=\"node\",namespace_name=\"ns1\",\
                        pod_name=~\"cnsim-a-[0-9]+\"}[120s]))";
        assert_eq!(range.query, expected);
        assert_eq!((range.start_s, range.end_s), (1_767_225_660, 1_767_225_780));
    }

    #[test]
    fn pods_without_a_sample_are_named() {
        let sample = crate::inputs::telemetry::Sample { at_ns: 1, value: 1.0 };
        let of = |quantity, pod: &str| Series {
            quantity,
            condition: None,
            pod: Some(pod.to_owned()),
            samples: vec![sample],
            source: String::new(),
        };
        let all: Vec<Series> = Quantity::ALL
            .into_iter()
            .flat_map(|quantity| scope().pods.into_iter().map(move |pod| of(quantity, &pod)))
            .collect();
        assert_eq!(scope().notes("r", &all), Vec::<String>::new());
        assert_eq!(scope().notes("r", &all[1..]), ["r: no cpu sample of 1 of 3 pods (cnsim-a-0)"]);
    }
}
