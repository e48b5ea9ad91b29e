//! `fetch`: events from wherever they are into run folders, in order and without repeats.

mod existing;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cnsim::id::RunId;

use crate::source::fetch_facts::{FORMAT, FetchFacts, FetchedFile, FetchedRound, RejectedFor};
use crate::source::gather::{Gather, Reject, examples};
use crate::source::table::Keep;
use crate::source::{SourceError, folder, input, repeats};

/// What to fetch, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files, patterns, run folders; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// The runs to fetch; none means all that are there.
    pub run_ids: Vec<String>,
    /// Where run folders are.
    pub out: PathBuf,
    /// What to do with events of another source.
    pub others: Others,
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

/// Fetches, and gives the run folders. Every file is written before the first one is put in its place.
pub fn fetch(options: &Options) -> Result<Vec<PathBuf>, FetchError> {
    let mut gather = Gather::new(Keep::Records);
    for file in files(&options.files)? {
        gather.read(&file)?;
    }
    let runs = runs(&gather, &options.run_ids)?;
    let write_error = |source| FetchError::Write { path: options.out.clone(), source };
    fs::create_dir_all(&options.out).map_err(write_error)?;
    let folders: Vec<PathBuf> = runs.iter().map(|run| options.out.join(&run.facts.run_id)).collect();
    if options.others == Others::Keep {
        for (run, folder) in runs.iter().zip(&folders) {
            existing::check(folder, &run.facts)?;
        }
    }
    let scratch = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&options.out).map_err(write_error)?;
    for run in &runs {
        write::run(&gather.table, run, &scratch.path().join(&run.facts.run_id))?;
    }
    for (run, folder) in runs.iter().zip(&folders) {
        install(&scratch.path().join(&run.facts.run_id), folder)?;
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

/// What was gathered, run by run.
fn runs<'a>(gather: &'a Gather, wanted: &[String]) -> Result<Vec<Run<'a>>, FetchError> {
    let table = &gather.table;
    let found = repeats::find(table);
    let mut rows: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut rounds: BTreeMap<(&str, u32), FetchedRound> = BTreeMap::new();
    let mut repeated = found.repeated.iter().peekable();
    for row in 0..table.rows() {
        let run = table.run.text(row);
        let round = table.round[row];
        let counts = rounds.entry((run, round)).or_insert(FetchedRound { round, rows: 0, repeats: 0, conflicts: 0 });
        if repeated.next_if(|next| **next as usize == row).is_some() {
            counts.repeats += 1;
        } else {
            counts.rows += 1;
            rows.entry(run).or_default().push(row as u32);
        }
    }
    for row in &found.conflicting {
        let row = *row as usize;
        if let Some(counts) = rounds.get_mut(&(table.run.text(row), table.round[row])) {
            counts.conflicts += 1;
        }
    }
    if let Some(run_id) = wanted.iter().find(|run_id| !rows.contains_key(run_id.as_str())) {
        let there = rows.keys().copied().collect::<Vec<_>>().join(", ");
        return Err(FetchError::NoSuchRun { run_id: run_id.clone(), there });
    }
    let rows = rows.into_iter().filter(|(run, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == run));
    rows.map(|(run, rows)| {
        check_name(run)?;
        let rounds = rounds.range((run, 0)..=(run, u32::MAX)).map(|(_, counts)| counts.clone()).collect();
        Ok(one_run(gather, run, rows, rounds))
    })
    .collect()
}

fn check_name(run_id: &str) -> Result<(), FetchError> {
    let plain = RunId::new(run_id).is_ok() && !run_id.contains(['/', '\\']) && !run_id.starts_with('.');
    if plain { Ok(()) } else { Err(FetchError::Name { run_id: run_id.to_owned() }) }
}

fn one_run<'a>(gather: &'a Gather, run: &str, rows: Vec<u32>, rounds: Vec<FetchedRound>) -> Run<'a> {
    let files = files_of(gather, run);
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
    };
    Run { facts, rows, rejects }
}

/// The files that hold events of a run.
fn files_of(gather: &Gather, run: &str) -> Vec<FetchedFile> {
    let mut files = Vec::new();
    let mut start = 0;
    for file in &gather.files {
        let end = start + file.rows as usize;
        let rows = (start..end).filter(|row| gather.table.run.text(*row) == run).count() as u64;
        if rows > 0 {
            files.push(FetchedFile { path: file.path.clone(), sha256: file.sha256.clone(), rows });
        }
        start = end;
    }
    files
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
