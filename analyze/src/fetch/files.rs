//! What files hold: their records by run, which files they were in, and the lines that are none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cnsim::event::Record;
use polars::prelude::DataFrame;

use super::error::FetchError;
use super::run_folders::put_runs;
use super::runs::{FetchedRun, choose_runs, new_facts};
use super::spec::FetchSpec;
use crate::inputs::fetch_facts::{FetchFacts, FetchedFile, RejectedFor};
use crate::inputs::{FileFacts, InputError, folder, name};
use cnsim_records::gather::{Reader, Reject, Rejects, examples};
use cnsim_records::open::Stream;
use cnsim_records::read::read;
use cnsim_records::spool::{Entries, Failed, Spool, Spooling, Vocabulary};
use cnsim_records::write::RecordColumns;

/// Gives the records of files to `take`, of the wanted runs: run by run, repeats left out, each in its total order.
pub(crate) fn ordered<E: From<FetchError>>(
    paths: &[PathBuf],
    wanted: &[String],
    mut take: impl FnMut(&[Record<'_>]) -> Result<(), E>,
) -> Result<(), E> {
    let mut spool = FilesRead::of_files(paths, &std::env::temp_dir())?.spool;
    for run_id in choose_runs(&spool, wanted)? {
        let run = spool.take(&run_id).map_err(FetchError::from)?.expect("it is one of the spool's");
        run.each(|records| take(records).map_err(EachError::Take)).map_err(|ended| match ended {
            EachError::Take(error) => error,
            EachError::Spool(error) => FetchError::from(error).into(),
        })?;
    }
    Ok(())
}

/// The records of files as one frame, of the wanted runs, ordered as by [`ordered`].
pub(crate) fn frame(paths: &[PathBuf], wanted: &[String]) -> Result<DataFrame, FetchError> {
    let mut spool = FilesRead::of_files(paths, &std::env::temp_dir())?.spool;
    let (mut runs, mut vocabulary) = (Vec::new(), Vocabulary::default());
    for run_id in choose_runs(&spool, wanted)? {
        let run = spool.take(&run_id)?.expect("it is one of the spool's");
        vocabulary.add(&run.vocabulary);
        runs.push(run);
    }
    let columns = RecordColumns::of(&vocabulary, spool.texts());
    let mut frame = columns.frame(&[]).expect("no record has every column");
    for run in runs {
        run.each(|records| {
            let more = columns.frame(records).and_then(|more| frame.vstack_mut(&more).map(drop));
            more.expect("the texts of records are in their vocabulary");
            Ok::<(), FetchError>(())
        })?;
    }
    Ok(frame)
}

/// Why records did not come to an end.
enum EachError<E> {
    Take(E),
    Spool(Failed),
}

impl<E> From<Failed> for EachError<E> {
    fn from(error: Failed) -> Self {
        Self::Spool(error)
    }
}

/// What files hold.
pub(super) struct FilesRead {
    pub(super) spool: Spool,
    pub(super) files: Vec<FileFacts>,
    rejects: Rejects,
}

impl FilesRead {
    /// Reads files; what memory does not hold waits on the disk of `place`.
    pub(super) fn of_files(paths: &[PathBuf], place: &Path) -> Result<Self, FetchError> {
        let mut reader = FilesReader::start(place);
        for path in files(paths)? {
            reader.read(Stream::open(&path)?, |_| {})?;
        }
        reader.finish()
    }

    /// Writes the wanted runs into their folders.
    pub(super) fn put(mut self, spec: &FetchSpec) -> Result<Vec<PathBuf>, FetchError> {
        let names = choose_runs(&self.spool, &spec.run_ids)?;
        let runs = names.into_iter().map(|name| self.take(&name)).collect::<Result<_, _>>()?;
        put_runs(runs, spec)
    }

    /// Takes one of its runs out of it.
    pub(super) fn take(&mut self, run_id: &str) -> Result<FetchedRun, FetchError> {
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
            ..new_facts(run_id, "files")
        };
        Ok(FetchedRun { facts, records: run, rejects })
    }
}

/// Files while they are read.
pub(super) struct FilesReader {
    spooling: Spooling,
    files: Vec<FileFacts>,
    rejects: Rejects,
}

impl FilesReader {
    /// What memory does not hold waits on the disk of `place`.
    pub(super) fn start(place: &Path) -> Self {
        Self { spooling: Spooling::start(place), files: Vec::new(), rejects: Rejects::keeping_all() }
    }

    /// Reads one file more. Who is given its records first may look at them.
    pub(super) fn read(&mut self, stream: Stream, mut look: impl FnMut(&Entries) + Send) -> Result<(), FetchError> {
        let (name, spooling) = (stream.name.clone(), &mut self.spooling);
        let texts = spooling.texts().clone();
        let new = |_| Entries::new(&texts);
        let mut take = |entries: Entries| {
            look(&entries);
            spooling.add(&name, entries).map_err(FetchError::from)
        };
        self.files.push(read(stream, Reader { new: &new, rejects: &mut self.rejects, take: &mut take })?);
        Ok(())
    }

    /// All that was read.
    pub(super) fn finish(self) -> Result<FilesRead, FetchError> {
        let Self { spooling, files, rejects } = self;
        Ok(FilesRead { spool: spooling.finish()?, files, rejects })
    }
}

/// The files that events are in: a run folder stands for those that it was logged to, else for what was fetched.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut files = Vec::new();
    for path in paths {
        for path in name::expand(path)? {
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
