//! The records of the pods, brought into the run folder while the run goes on: whatever befalls a pod takes only what it
//! recorded since the last round.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use cnsim::event::Record;
use cnsim::wire::control::RecordsRequest;
use cnsim::wire::control::control_client::ControlClient;
use cnsim_cluster::{Instance, Namespace};
use futures_util::{AsyncBufReadExt, TryStreamExt};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::cluster::Cluster;
use cnsim_files::{WriteError, at};

/// What is at home of each process's records.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// The sequence numbers that are here, by process; each without gaps from 1 on but for those in `gaps`.
    seqs: BTreeMap<String, Seqs>,
}

/// Which of a process's records are here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seqs {
    last: u64,
    /// Numbers up to `last` that did not come.
    gaps: BTreeSet<u64>,
}

/// The records of one process from some number on.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) run_id: String,
    pub(super) process: String,
    from_seq: u64,
}

/// What a process sent.
struct ProcessRecords {
    process: String,
    lines: Vec<u8>,
    /// Why no more came.
    broken: Option<String>,
}

impl Collected {
    /// What earlier sessions of the run brought home: the last number of each process.
    pub(super) fn resumed(lasts: BTreeMap<String, u64>) -> Self {
        let seqs = lasts.into_iter().map(|(process, last)| (process, Seqs { last, gaps: BTreeSet::new() }));
        Self { seqs: seqs.collect() }
    }

    /// What is to be asked of a process next.
    pub(super) fn wanted(&self, run_id: &str, process: &str) -> Wanted {
        let from_seq = self.seqs.get(process).map_or(0, |seqs| seqs.last) + 1;
        Wanted { run_id: run_id.to_owned(), process: process.to_owned(), from_seq }
    }

    /// Brings home what every process of the cluster has recorded since; the reasons where one could not be asked.
    pub(super) async fn bring_from_all(
        &mut self,
        cluster: &Cluster,
        run_id: &str,
        parts: &Path,
    ) -> Result<Vec<String>, WriteError> {
        let wanted =
            cluster.processes.iter().map(|process| (process.control.clone(), self.wanted(run_id, &process.name)));
        self.bring_from(wanted.collect(), parts).await
    }

    /// Brings home what these processes have recorded.
    pub(super) async fn bring_from(
        &mut self,
        asked: Vec<(ControlClient<Channel>, Wanted)>,
        parts: &Path,
    ) -> Result<Vec<String>, WriteError> {
        let begun = Instant::now();
        let mut bytes = 0;
        let mut asking = JoinSet::new();
        for (control, wanted) in asked {
            asking.spawn(records_of(control, wanted));
        }
        let mut broken = Vec::new();
        while let Some(records) = asking.join_next().await {
            let records = records.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            bytes += records.lines.len();
            self.keep(&records.process, &records.lines, parts)?;
            broken.extend(records.broken.map(|reason| format!("{}: {reason}", records.process)));
        }
        tracing::debug!(bytes, took = ?begun.elapsed(), "records came home");
        broken.sort_unstable();
        Ok(broken)
    }

    /// Brings home from a pod's log what is missing of a process up to `last`.
    pub(super) async fn bring_from_log(
        &mut self,
        namespace: &Namespace,
        source: &LogSource<'_>,
        parts: &Path,
    ) -> Result<(), WriteError> {
        let missing = self.missing(source.process, source.last);
        if missing.is_empty() {
            return Ok(());
        }
        for instance in [Instance::Previous, Instance::Current] {
            match log_lines(namespace, source, instance, &missing).await {
                Ok(lines) => self.keep(source.process, &lines, parts)?,
                Err(reason) => tracing::debug!(pod = source.pod, reason, "no log to find records in"),
            }
        }
        Ok(())
    }

    /// The numbers of a process that are not here, up to the last that it is known to have used.
    pub(super) fn missing(&self, process: &str, last: u64) -> BTreeSet<u64> {
        let none = Seqs::default();
        let seqs = self.seqs.get(process).unwrap_or(&none);
        seqs.gaps.iter().copied().chain(seqs.last + 1..=last).collect()
    }

    /// Appends whole records to the process's part, each of them once.
    fn keep(&mut self, process: &str, lines: &[u8], parts: &Path) -> Result<(), WriteError> {
        let seqs = self.seqs.entry(process.to_owned()).or_default();
        let mut new = Vec::with_capacity(lines.len());
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let seq = Record::read_line(line).ok().and_then(|record| record.seq);
            if seq.is_some_and(|seq| seqs.take(seq)) {
                new.extend_from_slice(line);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let path = part(parts, process);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(&new)).map_err(at(&path))
    }
}

impl Seqs {
    /// Whether this number is new here.
    fn take(&mut self, seq: u64) -> bool {
        if seq <= self.last {
            return self.gaps.remove(&seq);
        }
        self.gaps.extend(self.last + 1..seq);
        self.last = seq;
        true
    }
}

/// Where in a cluster's logs a process's records are.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogSource<'a> {
    pub(super) pod: &'a str,
    pub(super) run_id: &'a str,
    pub(super) process: &'a str,
    /// The last number that the process is known to have used.
    pub(super) last: u64,
}

/// The file of a process's records.
fn part(parts: &Path, process: &str) -> PathBuf {
    let name: String =
        process.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' }).collect();
    parts.join(format!("{name}.jsonl"))
}

async fn records_of(mut control: ControlClient<Channel>, wanted: Wanted) -> ProcessRecords {
    let Wanted { run_id, process, from_seq } = wanted;
    let mut lines = Vec::new();
    let request = RecordsRequest { run_id, from_seq, process: process.clone() };
    let read = async {
        let mut stream = control.records(request).await?.into_inner();
        while let Some(reply) = stream.message().await? {
            lines.extend_from_slice(&reply.lines);
        }
        Ok::<(), tonic::Status>(())
    };
    let broken = read.await.err().map(|status| status.message().to_owned());
    ProcessRecords { process, lines, broken }
}

async fn log_lines(
    namespace: &Namespace,
    source: &LogSource<'_>,
    instance: Instance,
    missing: &BTreeSet<u64>,
) -> Result<Vec<u8>, String> {
    let log = namespace.log(source.pod, instance).await.map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    let mut lines = std::pin::pin!(log.lines());
    while let Some(line) = lines.try_next().await.map_err(|error| error.to_string())? {
        let Ok(record) = Record::read_line(line.as_bytes()) else { continue };
        let is_wanted = record.run_id == source.run_id
            && record.process == source.process
            && record.seq.is_some_and(|seq| missing.contains(&seq));
        if is_wanted {
            found.extend_from_slice(line.as_bytes());
            found.push(b'\n');
        }
    }
    Ok(found)
}

/// Numbers as ranges: `3, 17-20`.
pub(super) fn ranges(numbers: &BTreeSet<u64>) -> String {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 == *number => *end = *number,
            Some(_) | None => spans.push((*number, *number)),
        }
    }
    let text = |(start, end)| if start == end { format!("{start}") } else { format!("{start}-{end}") };
    spans.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use cnsim::event::NamedEvent;
    use cnsim::event::{Context, Stamp};
    use cnsim::id::{MessageId, NodeId};
    use cnsim::time::Timestamp;

    use super::*;

    fn line(seq: u64) -> String {
        let event = NamedEvent::Initiated { message: MessageId::new("r-1"), at: Timestamp(5) };
        let stamp = Stamp { process: "p".to_owned(), host: "h".to_owned(), pod: "g-0".to_owned() };
        let (node, context) = (NodeId::new("n").unwrap(), Context::default());
        let mut line = Vec::new();
        Record { seq: Some(seq), ..Record::of(&event, &node, &context, &stamp) }.write_line(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_record_that_comes_twice_is_kept_once_and_a_gap_is_known_until_it_is_filled() {
        let parts = tempfile::tempdir().unwrap();
        let mut collected = Collected::default();

        collected.keep("p", [line(1), line(2), line(5)].concat().as_bytes(), parts.path()).unwrap();
        assert_eq!(ranges(&collected.missing("p", 7)), "3-4, 6-7");
        collected.keep("p", [line(2), line(4), line(5), line(6)].concat().as_bytes(), parts.path()).unwrap();

        assert_eq!(ranges(&collected.missing("p", 6)), "3");
        assert_eq!(collected.wanted("r", "p").from_seq, 7);
        let kept = std::fs::read_to_string(parts.path().join("p.jsonl")).unwrap();
        assert_eq!(kept, [1, 2, 5, 4, 6].map(line).concat());
    }

    #[test]
    fn a_process_that_nothing_came_of_misses_everything_it_is_known_to_have_recorded() {
        let collected = Collected::default();
        assert_eq!(ranges(&collected.missing("p", 3)), "1-3");
        assert_eq!(ranges(&collected.missing("p", 0)), "");
    }

    #[test]
    fn a_resumed_run_asks_only_for_what_is_new() {
        let collected = Collected::resumed(BTreeMap::from([("p".to_owned(), 9)]));
        assert_eq!(collected.wanted("r", "p").from_seq, 10);
        assert_eq!(collected.wanted("r", "q").from_seq, 1);
    }
}
