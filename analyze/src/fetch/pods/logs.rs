//! Pods' logs as files of event records: one for each container instance, other lines left out and counted.

use std::fs::File;
use std::future::Future;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use cnsim_cluster::{AccessError, Instance, Namespace, Pod, State};
use futures_util::io::AsyncBufReadExt;
use futures_util::{AsyncBufRead, StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use memchr::memmem;

/// The labels of the pods that our chart makes.
const LABELS: &str = "app.kubernetes.io/name=cnsim,app.kubernetes.io/component=node";
/// Logs read at once.
const AT_ONCE: usize = 16;
/// What every record holds and a diagnostic hardly does: whether it is one is for the reader of records to say.
const IN_EVERY_RECORD: &[u8] = b"\"event_type\"";

/// Why logs could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The cluster did not do what was asked.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is none.
    #[error("no pod in namespace {namespace} has the labels {selector}: give --namespace, --context or --release")]
    NoPods {
        /// Where was looked.
        namespace: String,
        /// For what.
        selector: String,
    },
    /// Pods, and not one record.
    #[error("the logs of {pods} pods in namespace {namespace} hold no event record")]
    NoRecords {
        /// Where was looked.
        namespace: String,
        /// How many there are.
        pods: usize,
    },
    /// It broke off.
    #[error("the log of pod {pod} broke off: fetch again")]
    Broken {
        /// Whose.
        pod: String,
        /// Why.
        source: io::Error,
    },
    /// The logs could not be kept.
    #[error("{}: cannot keep a log in it", path.display())]
    Keep {
        /// The temporary folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The user stopped it.
    #[error("interrupted: nothing was fetched")]
    Interrupted,
}

/// The log of one container instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PodLog {
    pub(crate) pod: String,
    pub(crate) instance: Instance,
    /// Lines of the log, diagnostics included.
    pub(crate) lines: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// The lines that may be records.
    pub(crate) path: PathBuf,
    /// Whether there is any.
    pub(crate) holds_records: bool,
}

/// What there is of logs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Logs {
    /// In the order of pods' names, the earlier instance of a pod first.
    pub(crate) logs: Vec<PodLog>,
    /// What is not there and should be known, a line each.
    pub(crate) notes: Vec<String>,
}

/// A log as it comes.
pub(crate) type Lines = Pin<Box<dyn AsyncBufRead>>;

/// Where pods and their logs are.
pub(crate) trait LogSource {
    /// The namespace's name.
    fn namespace(&self) -> &str;

    /// The pods with these labels, in the order of their names.
    fn pods(&self, selector: &str) -> impl Future<Output = Result<Vec<Pod>, AccessError>>;

    /// The log of a pod's container.
    fn log(&self, pod: &str, instance: Instance) -> impl Future<Output = Result<Lines, AccessError>>;
}

impl LogSource for Namespace {
    fn namespace(&self) -> &str {
        self.name()
    }

    async fn pods(&self, selector: &str) -> Result<Vec<Pod>, AccessError> {
        self.pods(selector).await
    }

    async fn log(&self, pod: &str, instance: Instance) -> Result<Lines, AccessError> {
        let lines = self.log(pod, instance).await?;
        Ok(Box::pin(lines))
    }
}

impl PodLog {
    /// What the log is called in messages and in fetch.json: its file's name.
    pub(crate) fn name(&self) -> String {
        file_name(&self.pod, self.instance)
    }
}

/// Reads the logs of the pods of a release, or of every one, into files in `folder`.
pub(crate) async fn collect(source: &impl LogSource, release: Option<&str>, folder: &Path) -> Result<Logs, LogsError> {
    let selector = match release {
        Some(release) => format!("{LABELS},app.kubernetes.io/instance={release}"),
        None => LABELS.to_owned(),
    };
    let pods = source.pods(&selector).await?;
    if pods.is_empty() {
        return Err(LogsError::NoPods { namespace: source.namespace().to_owned(), selector });
    }
    let bar = progress(pods.len());
    let each = stream::iter(&pods).map(|pod| async {
        let logs = of_pod(source, pod, folder, &bar).await?;
        bar.inc(1);
        Ok::<_, LogsError>(logs)
    });
    let parts: Vec<Logs> = each.buffered(AT_ONCE).try_collect().await?;
    bar.finish_and_clear();
    let mut all = Logs::default();
    for part in parts {
        all.logs.extend(part.logs);
        all.notes.extend(part.notes);
    }
    if all.logs.iter().all(|log| !log.holds_records) {
        return Err(LogsError::NoRecords { namespace: source.namespace().to_owned(), pods: pods.len() });
    }
    Ok(all)
}

/// The logs of a pod's container and of the one before it.
async fn of_pod(source: &impl LogSource, pod: &Pod, folder: &Path, bar: &ProgressBar) -> Result<Logs, LogsError> {
    let mut found = Logs::default();
    let name = &pod.name;
    if pod.restarts() > 0 {
        match source.log(name, Instance::Previous).await {
            Ok(lines) => found.logs.push(keep(lines, name, Instance::Previous, folder, bar).await?),
            Err(AccessError::Failed { reason: why, .. } | AccessError::NotFound { message: why, .. }) => {
                found.notes.push(format!("{name}: the log of its container before the last restart is gone: {why}"));
            }
            Err(
                error @ (AccessError::NoCluster(_) | AccessError::Unreachable { .. } | AccessError::Forbidden { .. }),
            ) => return Err(error.into()),
        }
    }
    if pod.restarts() > 1 {
        let earlier = pod.restarts() - 1;
        found.notes.push(format!(
            "{name}: its container was started again {} times, and the logs of the first {earlier} containers are gone: \
             only the last two are kept",
            pod.restarts(),
        ));
    }
    if has_log(pod) {
        let lines = source.log(name, Instance::Current).await?;
        found.logs.push(keep(lines, name, Instance::Current, folder, bar).await?);
    } else {
        let why = pod.trouble().unwrap_or_else(|| "it has no container".to_owned());
        found.notes.push(format!("{name}: there is no log of it yet: {why}"));
    }
    Ok(found)
}

/// Whether the pod's container has ever run.
fn has_log(pod: &Pod) -> bool {
    let waits = |state: &State| match state {
        State::Waiting { .. } => true,
        State::Running | State::Ended(_) => false,
    };
    pod.container.as_ref().is_some_and(|container| container.last.is_some() || !waits(&container.state))
}

/// Writes the lines of a log that may be records into a file.
async fn keep(
    mut lines: Lines,
    pod: &str,
    instance: Instance,
    folder: &Path,
    bar: &ProgressBar,
) -> Result<PodLog, LogsError> {
    let path = folder.join(file_name(pod, instance));
    let unkept = |source| LogsError::Keep { path: path.clone(), source };
    let mut file = BufWriter::new(File::create(&path).map_err(unkept)?);
    let mut log =
        PodLog { pod: pod.to_owned(), instance, lines: 0, bytes: 0, path: path.clone(), holds_records: false };
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).await;
        let read = read.map_err(|source| LogsError::Broken { pod: pod.to_owned(), source })?;
        if read == 0 {
            break;
        }
        log.lines += 1;
        log.bytes += read as u64;
        if memmem::find(&line, IN_EVERY_RECORD).is_some() {
            log.holds_records = true;
            file.write_all(&line).map_err(unkept)?;
        }
        count_line(bar, log.lines);
    }
    file.flush().map_err(unkept)?;
    Ok(log)
}

fn file_name(pod: &str, instance: Instance) -> String {
    match instance {
        Instance::Current => format!("{pod}.jsonl"),
        Instance::Previous => format!("{pod}.previous.jsonl"),
    }
}

/// A bar on standard error, where that is a terminal.
fn progress(pods: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} pods, {msg} lines").expect("the template is valid");
    ProgressBar::new(pods as u64).with_style(style).with_message("0")
}

/// Counts one line more on the bar; `lines` are those of its log so far.
fn count_line(bar: &ProgressBar, lines: u64) {
    const STEP: u64 = 1000;
    if lines.is_multiple_of(STEP) && !bar.is_hidden() {
        let counted: u64 = bar.message().parse().unwrap_or(0);
        bar.set_message((counted + STEP).to_string());
    }
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
