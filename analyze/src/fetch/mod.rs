//! `fetch`: events from wherever they are into run folders, in order and without repeats.

#[cfg(feature = "bigquery")]
mod arrived;
#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "bigquery")]
mod entry;
mod existing;
#[cfg(feature = "kubernetes")]
mod logs;
#[cfg(feature = "kubernetes")]
mod pods;
#[cfg(feature = "kubernetes")]
mod processes;
#[cfg(feature = "bigquery")]
mod sorted;
#[cfg(feature = "bigquery")]
mod spool;
#[cfg(feature = "bigquery")]
mod spooling;
mod vocabulary;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
#[cfg(feature = "kubernetes")]
use std::ops::Range;
use std::path::{Path, PathBuf};

use cnsim::id::RunId;

#[cfg(feature = "bigquery")]
use crate::bigquery::{PullError, settings::BigQueryArgs};
use crate::source::fetch_facts::{FORMAT, FetchFacts, FetchedFile, FetchedRound, RejectedFor};
use crate::source::gather::{Gather, Reject, examples};
use crate::source::repeats::{self, Repeats};
use crate::source::table::{Keep, Table};
use crate::source::{SourceError, folder, input};
#[cfg(feature = "kubernetes")]
use logs::{Logs, PodLog};

#[cfg(feature = "kubernetes")]
pub use logs::{LogsError, Pods};
pub(crate) use write::{arrow, parquet};

/// What to fetch, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the events are.
    pub source: Source,
    /// The runs to fetch; none means all that are there.
    pub run_ids: Vec<String>,
    /// Where run folders are.
    pub out: PathBuf,
    /// What to do with events of another source.
    pub others: Others,
}

/// Where events are.
#[derive(Debug, Clone)]
pub enum Source {
    /// Files, patterns, run folders; `-` is standard input.
    Files(Vec<PathBuf>),
    /// The logs of pods.
    #[cfg(feature = "kubernetes")]
    Pods(Pods),
    /// A log sink's tables.
    #[cfg(feature = "bigquery")]
    BigQuery(Box<BigQueryArgs>),
}

/// What a fetch came to.
#[derive(Debug)]
pub struct Fetched {
    /// The run folders.
    pub folders: Vec<PathBuf>,
    /// What is not there and should be known, a line each.
    pub notes: Vec<String>,
    /// What would be done, where only that was asked for.
    pub plan: Option<String>,
}

/// What to do with events of another source that stand where the fetched ones would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Refuse to fetch.
    Keep,
    /// Replace them.
    Replace,
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// An input cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The logs of pods cannot be read.
    #[cfg(feature = "kubernetes")]
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// BigQuery gives nothing.
    #[cfg(feature = "bigquery")]
    #[error(transparent)]
    BigQuery(#[from] PullError),
    /// A run that no event names.
    #[error("no event of run {run_id:?}: the runs there are {there}")]
    NoSuchRun {
        /// As typed.
        run_id: String,
        /// Those that there are.
        there: String,
    },
    /// A run whose name cannot be a folder's.
    #[error("the run id {run_id:?} cannot name a folder: fetch the other runs with --run-id")]
    Name {
        /// As the events say.
        run_id: String,
    },
    /// Events that another source gave.
    #[error("{}: holds events of another source ({source_there}): use --force to replace them", folder.display())]
    OtherSource {
        /// The run's folder.
        folder: PathBuf,
        /// Where its events came from.
        source_there: String,
    },
    /// The output cannot be written.
    #[error("{}: cannot write it", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Fetches. Every file is written before the first one is put in its place.
pub fn fetch(options: &Options) -> Result<Fetched, FetchError> {
    match &options.source {
        Source::Files(paths) => {
            let mut gather = Gather::new(Keep::Records);
            for file in files(paths)? {
                gather.read(&file)?;
            }
            let runs = runs(&gather, &options.run_ids)?;
            Ok(Fetched { folders: put(&gather, &runs, options)?, notes: Vec::new(), plan: None })
        }
        #[cfg(feature = "kubernetes")]
        Source::Pods(pods) => {
            let (found, _folder) = pods::logs(pods)?;
            from_logs(found, options)
        }
        #[cfg(feature = "bigquery")]
        Source::BigQuery(args) => bigquery::fetch(args, options),
    }
}

/// The records of files, and the rows of the wanted runs: run by run, repeats left out, each in its total order.
pub(crate) fn ordered(paths: &[PathBuf], wanted: &[String]) -> Result<(Table, Vec<u32>), FetchError> {
    let mut gather = Gather::new(Keep::Records);
    for file in files(paths)? {
        gather.read(&file)?;
    }
    let mut rows: Vec<Vec<u32>> = runs(&gather, wanted)?.into_iter().map(|run| run.rows).collect();
    rows.iter_mut().for_each(|rows| write::sort(&gather.table, rows));
    Ok((gather.table, rows.concat()))
}

#[cfg(feature = "kubernetes")]
fn from_logs(found: Logs, options: &Options) -> Result<Fetched, FetchError> {
    let Logs { logs, mut notes } = found;
    let (gather, read) = gathered(&logs)?;
    let mut runs = runs(&gather, &options.run_ids)?;
    for run in &mut runs {
        let first = run.rows.first().expect("a run without rows is none");
        let number = gather.table.run.number(*first as usize);
        let in_log =
            |(log, rows): (&PodLog, &Range<usize>)| processes::in_log(log, &gather.table, rows.clone(), number);
        run.facts.source = "kubernetes".to_owned();
        run.facts.processes = logs.iter().zip(&read).flat_map(in_log).collect();
        notes.extend(processes::notes(&run.facts.processes));
    }
    Ok(Fetched { folders: put(&gather, &runs, options)?, notes, plan: None })
}

/// The records of logs, and which rows are whose.
#[cfg(feature = "kubernetes")]
fn gathered(logs: &[PodLog]) -> Result<(Gather, Vec<Range<usize>>), FetchError> {
    let mut gather = Gather::new(Keep::Records);
    let mut read = Vec::with_capacity(logs.len());
    for log in logs {
        let start = gather.table.rows();
        if log.holds_records {
            match gather.read_as(&log.path, log.name()) {
                // What looked like records was none: the log is as one without.
                Ok(()) | Err(SourceError::NoEvents { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        read.push(start..gather.table.rows());
    }
    Ok((gather, read))
}

/// Writes runs that were gathered into their folders.
fn put(gather: &Gather, runs: &[Run<'_>], options: &Options) -> Result<Vec<PathBuf>, FetchError> {
    let facts: Vec<&FetchFacts> = runs.iter().map(|run| &run.facts).collect();
    put_each(&facts, options, |number, folder| write::run(&gather.table, &runs[number], folder))
}

/// Writes runs into new folders with `write`, and puts these in their places when all are written.
fn put_each(
    runs: &[&FetchFacts],
    options: &Options,
    mut write: impl FnMut(usize, &Path) -> Result<(), FetchError>,
) -> Result<Vec<PathBuf>, FetchError> {
    let write_error = |source| FetchError::Write { path: options.out.clone(), source };
    fs::create_dir_all(&options.out).map_err(write_error)?;
    let folders: Vec<PathBuf> = runs.iter().map(|run| options.out.join(&run.run_id)).collect();
    if options.others == Others::Keep {
        for (run, folder) in runs.iter().zip(&folders) {
            existing::check(folder, run)?;
        }
    }
    let scratch = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&options.out).map_err(write_error)?;
    for (number, run) in runs.iter().enumerate() {
        write(number, &scratch.path().join(&run.run_id))?;
    }
    for (run, folder) in runs.iter().zip(&folders) {
        install(&scratch.path().join(&run.run_id), folder)?;
    }
    Ok(folders)
}

/// One run on its way to its folder.
pub(crate) struct Run<'a> {
    /// `fetch.json`.
    pub(crate) facts: FetchFacts,
    /// The rows of events.parquet, in no order.
    pub(crate) rows: Vec<u32>,
    /// The lines of its files that are no events.
    pub(crate) rejects: Vec<&'a Reject>,
}

/// The files that events are in: a run folder stands for those that it was logged to, else for what was fetched.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let mut files = Vec::new();
    for path in paths {
        for path in input::expand(path)? {
            if !path.is_dir() {
                files.push(path);
                continue;
            }
            match folder::logged(&path)? {
                logged if logged.is_empty() => files.extend(folder::open(&path)?.events),
                logged => files.extend(logged),
            }
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|path| seen.insert(path.clone()));
    Ok(files)
}

/// What was gathered, run by run in the order of their names.
fn runs<'a>(gather: &'a Gather, wanted: &[String]) -> Result<Vec<Run<'a>>, FetchError> {
    let table = &gather.table;
    let names = table.run.names();
    let (mut rows, rounds) = by_run(table, &repeats::find(table));
    let mut files = files_by_run(gather);
    let mut order: Vec<usize> = (0..names.len()).filter(|run| !rows[*run].is_empty()).collect();
    order.sort_unstable_by_key(|run| names.text(*run as u32));
    let there: Vec<&str> = order.iter().map(|run| names.text(*run as u32)).collect();
    if let Some(run_id) = wanted.iter().find(|run_id| !there.contains(&run_id.as_str())) {
        return Err(FetchError::NoSuchRun { run_id: run_id.clone(), there: there.join(", ") });
    }
    order.retain(|run| wanted.is_empty() || wanted.iter().any(|wanted| wanted == names.text(*run as u32)));
    order
        .into_iter()
        .map(|run| {
            let number = run as u32;
            check_name(names.text(number))?;
            let rounds = rounds.range((number, 0)..=(number, u32::MAX)).map(|(_, counts)| counts.clone()).collect();
            let (rows, files) = (std::mem::take(&mut rows[run]), std::mem::take(&mut files[run]));
            Ok(one_run(gather, names.text(number), Parts { rows, files, rounds }))
        })
        .collect()
}

/// What is found in each round, by its run's number and its own.
type Rounds = BTreeMap<(u32, u32), FetchedRound>;

/// The rows of each run that are no repeats, by the run's number, and what each of its rounds holds.
fn by_run(table: &Table, found: &Repeats) -> (Vec<Vec<u32>>, Rounds) {
    let mut rows = vec![Vec::new(); table.run.names().len()];
    let mut rounds = Rounds::new();
    let mut repeated = found.repeated.iter().peekable();
    let mut conflicting = found.conflicting.iter().peekable();
    for row in 0..table.rows() {
        let (run, round) = (table.run.number(row), table.round[row]);
        let counts = rounds.entry((run, round)).or_insert(FetchedRound { round, rows: 0, repeats: 0, conflicts: 0 });
        if repeated.next_if(|next| **next as usize == row).is_some() {
            counts.repeats += 1;
            continue;
        }
        counts.rows += 1;
        counts.conflicts += u64::from(conflicting.next_if(|next| **next as usize == row).is_some());
        rows[run as usize].push(row as u32);
    }
    (rows, rounds)
}

/// The files that hold events of each run, by the run's number.
fn files_by_run(gather: &Gather) -> Vec<Vec<FetchedFile>> {
    let runs = &gather.table.run;
    let mut files = vec![Vec::new(); runs.names().len()];
    let mut start = 0;
    for file in &gather.files {
        let end = start + file.rows as usize;
        let mut counts = vec![0; files.len()];
        (start..end).for_each(|row| counts[runs.number(row) as usize] += 1);
        for (run, rows) in counts.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
            files[run].push(FetchedFile { path: file.path.clone(), sha256: file.sha256.clone(), rows });
        }
        start = end;
    }
    files
}

fn check_name(run_id: &str) -> Result<(), FetchError> {
    let plain = RunId::new(run_id).is_ok() && !run_id.contains(['/', '\\']) && !run_id.starts_with('.');
    if plain { Ok(()) } else { Err(FetchError::Name { run_id: run_id.to_owned() }) }
}

/// What one run is made of.
struct Parts {
    rows: Vec<u32>,
    files: Vec<FetchedFile>,
    rounds: Vec<FetchedRound>,
}

fn one_run<'a>(gather: &'a Gather, run: &str, parts: Parts) -> Run<'a> {
    let Parts { rows, files, rounds } = parts;
    let from = |reject: &&Reject| files.iter().any(|file| file.path == reject.path);
    let rejects: Vec<&Reject> = gather.rejects.kept.iter().filter(from).collect();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for reject in &rejects {
        *reasons.entry(reject.reason).or_default() += 1;
    }
    let rejected_for = |(reason, count): (&str, u64)| RejectedFor { reason: reason.to_owned(), count };
    let facts = FetchFacts {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: run.to_owned(),
        source: "files".to_owned(),
        rows: rows.len() as u64,
        rejected: rejects.len() as u64,
        rejected_by_reason: reasons.into_iter().map(rejected_for).collect(),
        rejected_examples: examples(rejects.iter().copied()),
        files,
        rounds,
        processes: Vec::new(),
        queries: Vec::new(),
    };
    Run { facts, rows, rejects }
}

/// Puts a run's files into its folder. fetch.json comes last: it speaks of the others.
fn install(from: &Path, folder: &Path) -> Result<(), FetchError> {
    let rename = |from: &Path, to: &Path| {
        fs::rename(from, to).map_err(|source| FetchError::Write { path: to.to_owned(), source })
    };
    if !folder.exists() {
        return rename(from, folder);
    }
    for name in [write::EVENTS, write::REJECTS, write::FACTS] {
        let (from, to) = (from.join(name), folder.join(name));
        if from.exists() {
            rename(&from, &to)?;
        } else if to.exists() {
            fs::remove_file(&to).map_err(|source| FetchError::Write { path: to, source })?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "kubernetes")]
mod tests {
    use cnsim_cluster::Instance;

    use super::*;
    use crate::quality::{Check, audit};
    use crate::source::Input;
    use crate::source::fetch_facts::FetchedProcess;
    use crate::study::Study;

    const FLOOD: &str = include_str!("../../tests/fixtures/flood-n4/events.jsonl");
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
        let options = Options {
            source: Source::Pods(Pods::default()),
            run_ids: vec![RUN.to_owned()],
            out: home.join("runs"),
            others: Others::Keep,
        };
        let fetched = from_logs(logs(home, lost), &options).unwrap();
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
        let study = Study::read(&[Input { label: None, path: fetched.folders[0].clone() }], 1).unwrap();
        let findings = audit(&study).findings;
        let gap = findings.iter().find(|finding| finding.check == Check::SequenceGap).unwrap();
        assert_eq!(gap.count, 5);
    }

    #[test]
    fn a_log_whose_lines_only_look_like_records_is_one_without() {
        let home = tempfile::tempdir().unwrap();
        let found = logs(home.path(), 0);
        fs::write(&found.logs[2].path, "{\"event_type\":\"recei\n").unwrap();
        let (gather, read) = gathered(&found.logs).unwrap();
        assert_eq!((read[2].len(), read[3].end), (0, gather.table.rows()));
    }
}
