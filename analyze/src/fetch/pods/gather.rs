//! A fetch from pods' logs: into temporary files, and from there as any other.

use cnsim_cluster::{Namespace, Target};
use tokio::runtime;

use super::logs::{Logs, LogsError, PodLog, collect};
use super::processes::{self, Tally};
use crate::fetch::error::FetchError;
use crate::fetch::files::FilesReader;
use crate::fetch::interrupt;
use crate::fetch::run_folders::put_runs;
use crate::fetch::runs::choose_runs;
use crate::fetch::spec::{FetchSpec, Fetched, Pods};
use cnsim_records::error::SourceError;
use cnsim_records::open::Stream;

/// Fetches what logs hold.
pub(in crate::fetch) fn fetch(found: Logs, spec: &FetchSpec) -> Result<Fetched, FetchError> {
    let Logs { logs, mut notes } = found;
    let mut reader = FilesReader::start(&spec.out);
    let tallies: Vec<Tally> = logs.iter().map(|log| read(log, &mut reader)).collect::<Result<_, _>>()?;
    let mut files = reader.finish()?;
    let mut runs = Vec::new();
    for run_id in choose_runs(&files.spool, &spec.run_ids)? {
        let mut run = files.take(&run_id)?;
        let in_log = |(log, tally): (&PodLog, &Tally)| processes::in_log(log, tally, &run_id);
        run.facts.source = "kubernetes".to_owned();
        run.facts.processes = logs.iter().zip(&tallies).flat_map(in_log).collect();
        notes.extend(processes::notes(&run.facts.processes));
        runs.push(run);
    }
    Ok(Fetched { folders: put_runs(runs, spec)?, notes, plan: None })
}

/// Reads one log, and counts what it holds.
fn read(log: &PodLog, reader: &mut FilesReader) -> Result<Tally, FetchError> {
    let mut tally = Tally::default();
    if log.holds_records {
        let mut stream = Stream::open(&log.path)?;
        stream.name = log.name();
        match reader.read(stream, |records| tally.add(records)) {
            // What looked like records was none: the log is as one without.
            Ok(()) | Err(FetchError::Source(SourceError::NoEvents { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(tally)
}

/// The logs of the pods, in files that go when the folder is dropped.
pub(in crate::fetch) fn logs(pods: &Pods) -> Result<(Logs, tempfile::TempDir), LogsError> {
    let keep = |source| LogsError::Keep { path: std::env::temp_dir(), source };
    let folder = tempfile::Builder::new().prefix("cnsim-logs-").tempdir().map_err(keep)?;
    interrupt::listen();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(keep)?;
    let logs = runtime.block_on(async {
        tokio::select! {
            logs = of_cluster(pods, folder.path()) => logs,
            // Where no signal can be had, only the default action is left.
            Ok(()) = tokio::signal::ctrl_c() => Err(LogsError::Interrupted),
        }
    })?;
    Ok((logs, folder))
}

async fn of_cluster(pods: &Pods, folder: &std::path::Path) -> Result<Logs, LogsError> {
    let target = Target { context: pods.context.clone(), namespace: pods.namespace.clone() };
    let namespace = Namespace::open(&target).await?;
    collect(&namespace, pods.release.as_deref(), folder).await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use cnsim_cluster::Instance;

    use super::*;
    use crate::audit::{Check, audit};
    use crate::evaluation::evaluate;
    use crate::fetch::spec::{FetchSource, OtherEvents};
    use crate::inputs::fetch_facts::{FetchFacts, FetchedProcess};
    use crate::inputs::{Input, TimeScale, folder};

    const FLOOD: &str = include_str!("../../../tests/fixtures/flood-n4/events.jsonl");
    const RUN: &str = "5e1f00d2-cubaan4";

    /// The flood's records as the logs of the pods n0 … n3, but for the first lines of n1.
    fn logs(folder: &Path, lost: usize) -> Logs {
        let log = |pod: &str| {
            let is_its = |line: &&str| line.contains(&format!("\"process\":\"bench-{pod}-"));
            let lost = if pod == "n1" { lost } else { 0 };
            let text: String = FLOOD.lines().filter(is_its).skip(lost).map(|line| format!("{line}\n")).collect();
            let path = folder.join(format!("{pod}.jsonl"));
            fs::write(&path, &text).unwrap();
            let (lines, bytes) = (text.lines().count() as u64, text.len() as u64);
            PodLog { pod: pod.to_owned(), instance: Instance::Current, lines, bytes, path, holds_records: true }
        };
        Logs { logs: ["n0", "n1", "n2", "n3"].map(log).to_vec(), notes: Vec::new() }
    }

    fn fetched(home: &Path, lost: usize) -> (Fetched, FetchFacts) {
        let spec = FetchSpec {
            source: FetchSource::Pods(Pods::default()),
            run_ids: vec![RUN.to_owned()],
            out: home.join("runs"),
            others: OtherEvents::Keep,
        };
        let fetched = fetch(logs(home, lost), &spec).unwrap();
        let facts = folder::fetched(&fetched.folders[0]).unwrap().unwrap();
        (fetched, facts)
    }

    #[test]
    fn whole_logs_become_the_run_and_leave_nothing_to_say() {
        let home = tempfile::tempdir().unwrap();
        let (fetched, facts) = fetched(home.path(), 0);
        assert_eq!((facts.source.as_str(), facts.rows), ("kubernetes", FLOOD.lines().count() as u64));
        assert_eq!((fetched.notes, facts.files[0].path.as_str()), (Vec::new(), "n0.jsonl"));
        let pods: Vec<(&str, Option<u64>)> =
            facts.processes.iter().map(|process| (process.pod.as_str(), process.first_seq)).collect();
        assert_eq!(pods, [("n0", Some(1)), ("n1", Some(1)), ("n2", Some(1)), ("n3", Some(1))]);
    }

    #[test]
    fn a_log_that_lost_its_beginning_is_named_and_the_report_finds_the_gap() {
        let home = tempfile::tempdir().unwrap();
        let (fetched, facts) = fetched(home.path(), 5);
        let process: &FetchedProcess = &facts.processes[1];
        assert_eq!((process.first_seq, process.gaps.len()), (Some(6), 0));
        assert_eq!(fetched.notes.len(), 1);
        assert!(fetched.notes[0].starts_with("n1: 5 records of bench-n1-"), "{}", fetched.notes[0]);
        assert!(fetched.notes[0].contains("(1-5): the log was probably rotated"), "{}", fetched.notes[0]);
        let evaluation =
            evaluate(&[Input { label: None, path: fetched.folders[0].clone() }], TimeScale::default(), 1).unwrap();
        let findings = audit(&evaluation).findings;
        let gap = findings.iter().find(|finding| finding.check == Check::SequenceGap).unwrap();
        assert_eq!(gap.count, 5);
    }

    #[test]
    fn a_log_whose_lines_only_look_like_records_is_one_without() {
        let home = tempfile::tempdir().unwrap();
        let found = logs(home.path(), 0);
        fs::write(&found.logs[2].path, "{\"event_type\":\"recei\n").unwrap();
        let mut reader = FilesReader::start(home.path());
        let tallies: Vec<Tally> = found.logs.iter().map(|log| read(log, &mut reader).unwrap()).collect();
        assert_eq!(tallies.iter().map(Tally::is_empty).collect::<Vec<_>>(), [false, false, true, false]);
        assert_eq!(reader.finish().unwrap().files.len(), 3);
    }
}
