//! Fetched runs into their folders: all are written before the first is put in its place.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::FetchError;
use super::runs::FetchedRun;
use super::spec::{FetchSpec, OtherEvents};
use super::{existing, write};

/// Writes runs one after the other into new folders, and puts these in their places when all are written.
pub(super) fn put_runs(runs: Vec<FetchedRun>, spec: &FetchSpec) -> Result<Vec<PathBuf>, FetchError> {
    let write_error = |source| FetchError::Write { path: spec.out.clone(), source };
    fs::create_dir_all(&spec.out).map_err(write_error)?;
    if spec.others == OtherEvents::Keep {
        runs.iter().try_for_each(|run| existing::check(&spec.out.join(&run.facts.run_id), &run.facts))?;
    }
    let scratch = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&spec.out).map_err(write_error)?;
    let names: Vec<String> = runs.iter().map(|run| run.facts.run_id.clone()).collect();
    for (run, name) in runs.into_iter().zip(&names) {
        let rows = write::run(run, &scratch.path().join(name))?;
        if spec.others == OtherEvents::Keep {
            existing::check_rows(&spec.out.join(name), rows)?;
        }
    }
    let folders: Vec<PathBuf> = names.iter().map(|name| spec.out.join(name)).collect();
    for (name, folder) in names.iter().zip(&folders) {
        install(&scratch.path().join(name), folder)?;
    }
    Ok(folders)
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
