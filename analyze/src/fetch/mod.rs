//! `fetch`: events from wherever they are into run folders, in order and without repeats.

#[cfg(feature = "bigquery")]
mod arrived;
#[cfg(feature = "bigquery")]
pub mod bigquery;
#[cfg(feature = "bigquery")]
mod earlier;
mod existing;
mod files;
pub(crate) mod interrupt;
#[cfg(feature = "kubernetes")]
mod logs;
#[cfg(feature = "kubernetes")]
mod pods;
#[cfg(feature = "kubernetes")]
mod processes;
mod write;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cnsim::id::RunId;

#[cfg(feature = "bigquery")]
use crate::fetch::bigquery::{PullError, settings::BigQueryArgs};
use crate::inputs::SourceError;
use crate::inputs::fetch_facts::{FORMAT, FetchFacts};
use cnsim_records::gather::Reject;
use cnsim_records::spool::{self, Spool, SpooledRun};
use files::Gathered;

pub(crate) use files::ordered;
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
    /// Fewer records than there are.
    #[error(
        "{}: holds {there} records, and this fetch found {found}: widen --since and --until, or use --force to replace them",
        folder.display()
    )]
    Fewer {
        /// The run's folder.
        folder: PathBuf,
        /// Records in it.
        there: u64,
        /// Records that were found.
        found: u64,
    },
    /// Records could not be kept on their way.
    #[error(transparent)]
    Spool(#[from] spool::Failed),
    /// The user stopped it.
    #[error("interrupted: nothing was fetched")]
    Interrupted,
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
            let gathered = Gathered::of_files(paths, &options.out)?;
            Ok(Fetched { folders: gathered.put(options)?, notes: Vec::new(), plan: None })
        }
        #[cfg(feature = "kubernetes")]
        Source::Pods(pods) => {
            let (found, _folder) = pods::logs(pods)?;
            pods::fetch(found, options)
        }
        #[cfg(feature = "bigquery")]
        Source::BigQuery(args) => bigquery::fetch(args, options),
    }
}

/// The runs that are wanted, in the order of their names; all where none is named.
fn chosen(spool: &Spool, wanted: &[String]) -> Result<Vec<String>, FetchError> {
    if let Some(run_id) = wanted.iter().find(|run_id| !spool.runs().contains_key(*run_id)) {
        let there = spool.runs().keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(FetchError::NoSuchRun { run_id: run_id.clone(), there });
    }
    let names = spool.runs().keys().filter(|run_id| wanted.is_empty() || wanted.contains(run_id));
    names.map(|run_id| check_name(run_id).map(|()| run_id.clone())).collect()
}

/// One run on its way to its folder.
struct Run {
    /// `fetch.json`, as far as it is known before the records are in order.
    facts: FetchFacts,
    records: SpooledRun,
    /// The lines of its files that are no events.
    rejects: Vec<Reject>,
}

/// What is known of a run before anything else is.
fn facts(run_id: &str, source: &str) -> FetchFacts {
    FetchFacts {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: run_id.to_owned(),
        source: source.to_owned(),
        files: Vec::new(),
        rows: 0,
        complete: false,
        rejected: 0,
        rejected_by_reason: Vec::new(),
        rejected_examples: Vec::new(),
        rounds: Vec::new(),
        processes: Vec::new(),
        queries: Vec::new(),
    }
}

/// Writes runs one after the other into new folders, and puts these in their places when all are written.
fn put(runs: Vec<Run>, options: &Options) -> Result<Vec<PathBuf>, FetchError> {
    let write_error = |source| FetchError::Write { path: options.out.clone(), source };
    fs::create_dir_all(&options.out).map_err(write_error)?;
    if options.others == Others::Keep {
        runs.iter().try_for_each(|run| existing::check(&options.out.join(&run.facts.run_id), &run.facts))?;
    }
    let scratch = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&options.out).map_err(write_error)?;
    let names: Vec<String> = runs.iter().map(|run| run.facts.run_id.clone()).collect();
    for (run, name) in runs.into_iter().zip(&names) {
        let rows = write::run(run, &scratch.path().join(name))?;
        if options.others == Others::Keep {
            existing::check_rows(&options.out.join(name), rows)?;
        }
    }
    let folders: Vec<PathBuf> = names.iter().map(|name| options.out.join(name)).collect();
    for (name, folder) in names.iter().zip(&folders) {
        install(&scratch.path().join(name), folder)?;
    }
    Ok(folders)
}

fn check_name(run_id: &str) -> Result<(), FetchError> {
    let plain = RunId::new(run_id).is_ok() && !run_id.contains(['/', '\\']) && !run_id.starts_with('.');
    if plain { Ok(()) } else { Err(FetchError::Name { run_id: run_id.to_owned() }) }
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
