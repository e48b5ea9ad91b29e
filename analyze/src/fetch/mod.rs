//! `fetch`: events from wherever they are into run folders, in order and without repeats.

#[cfg(feature = "bigquery")]
mod arrived;
#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "bigquery")]
mod earlier;
mod existing;
#[cfg(feature = "kubernetes")]
mod logs;
#[cfg(feature = "kubernetes")]
mod pods;
#[cfg(feature = "kubernetes")]
mod processes;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cnsim::id::RunId;

#[cfg(feature = "bigquery")]
use crate::bigquery::{PullError, settings::BigQueryArgs};
use crate::source::fetch_facts::{FORMAT, FetchFacts, FetchedFile, RejectedFor};
use crate::source::gather::{self, Reject, Rejects, examples};
use crate::source::open::Stream;
use crate::source::table::{Keep, Table};
use crate::source::{FileFacts, SourceError, folder, input};
use crate::spool::{self, Spool, SpooledRun, Spooling};

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
    /// Records could not be kept on their way.
    #[error(transparent)]
    Spool(#[from] spool::Failed),
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

/// Gives the records of files to `take`, of the wanted runs: run by run, repeats left out, each in its total order.
pub(crate) fn ordered<E: From<FetchError>>(
    paths: &[PathBuf],
    wanted: &[String],
    mut take: impl FnMut(&Table) -> Result<(), E>,
) -> Result<(), E> {
    let mut spool = Gathered::of_files(paths, &std::env::temp_dir())?.spool;
    for run_id in chosen(&spool, wanted)? {
        let run = spool.take(&run_id).map_err(FetchError::from)?.expect("it is one of the spool's");
        run.each(|block| take(block).map_err(Taken::Taking)).map_err(|ended| match ended {
            Taken::Taking(error) => error,
            Taken::Keeping(error) => FetchError::from(error).into(),
        })?;
    }
    Ok(())
}

/// Why records did not come to an end.
enum Taken<E> {
    Taking(E),
    Keeping(spool::Failed),
}

impl<E> From<spool::Failed> for Taken<E> {
    fn from(error: spool::Failed) -> Self {
        Self::Keeping(error)
    }
}

/// What files hold.
struct Gathered {
    spool: Spool,
    files: Vec<FileFacts>,
    rejects: Rejects,
}

impl Gathered {
    /// Reads files; what memory does not hold waits on the disk of `place`.
    fn of_files(paths: &[PathBuf], place: &Path) -> Result<Self, FetchError> {
        let mut reading = Reading::start(place);
        for path in files(paths)? {
            reading.read(Stream::open(&path)?, |_| {})?;
        }
        reading.finish()
    }

    /// Writes the wanted runs into their folders.
    fn put(mut self, options: &Options) -> Result<Vec<PathBuf>, FetchError> {
        let names = chosen(&self.spool, &options.run_ids)?;
        let runs = names.into_iter().map(|name| self.take(&name)).collect::<Result<_, _>>()?;
        put(runs, options)
    }

    fn take(&mut self, run_id: &str) -> Result<Run, FetchError> {
        let run = self.spool.take(run_id)?.expect("it is one of the spool's");
        let of_run = self.files.iter().filter_map(|file| {
            let rows = *run.origins.get(&file.path)?;
            Some(FetchedFile { path: file.path.clone(), sha256: file.sha256.clone(), rows })
        });
        let files: Vec<FetchedFile> = of_run.collect();
        let from = |reject: &&Reject| files.iter().any(|file| file.path == reject.path);
        let rejects: Vec<Reject> = self.rejects.kept.iter().filter(from).cloned().collect();
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for reject in &rejects {
            *reasons.entry(reject.reason).or_default() += 1;
        }
        let rejected_for = |(reason, count): (&str, u64)| RejectedFor { reason: reason.to_owned(), count };
        let facts = FetchFacts {
            rejected: rejects.len() as u64,
            rejected_by_reason: reasons.into_iter().map(rejected_for).collect(),
            rejected_examples: examples(rejects.iter()),
            files,
            ..facts(run_id, "files")
        };
        Ok(Run { facts, records: run, rejects })
    }
}

/// Files while they are read.
struct Reading {
    spooling: Spooling,
    files: Vec<FileFacts>,
    rejects: Rejects,
}

impl Reading {
    /// What memory does not hold waits on the disk of `place`.
    fn start(place: &Path) -> Self {
        Self { spooling: Spooling::start(place), files: Vec::new(), rejects: Rejects::new(Keep::Records) }
    }

    /// Reads one file more. Who is given its records first may look at them.
    fn read(&mut self, stream: Stream, mut look: impl FnMut(&Table) + Send) -> Result<(), FetchError> {
        let (name, spooling) = (stream.name.clone(), &mut self.spooling);
        let read = gather::read(stream, &mut self.rejects, &mut |records: Table| {
            look(&records);
            spooling.add(&name, records.into()).map_err(FetchError::from)
        });
        self.files.push(read?);
        Ok(())
    }

    fn finish(self) -> Result<Gathered, FetchError> {
        let Self { spooling, files, rejects } = self;
        Ok(Gathered { spool: spooling.finish()?, files, rejects })
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

/// Writes runs into their folders.
fn put(runs: Vec<Run>, options: &Options) -> Result<Vec<PathBuf>, FetchError> {
    let facts: Vec<FetchFacts> = runs.iter().map(|run| run.facts.clone()).collect();
    let mut runs = runs.into_iter();
    put_each(&facts, options, |folder| write::run(runs.next().expect("each is written once"), folder))
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

/// Writes runs one after the other into new folders with `write`, and puts these in their places when all are written.
fn put_each(
    runs: &[FetchFacts],
    options: &Options,
    mut write: impl FnMut(&Path) -> Result<(), FetchError>,
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
    for run in runs {
        write(&scratch.path().join(&run.run_id))?;
    }
    for (run, folder) in runs.iter().zip(&folders) {
        install(&scratch.path().join(&run.run_id), folder)?;
    }
    Ok(folders)
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
