//! The run folder: made whole under a temporary name, then renamed; its files are replaced whole too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use cnsim_files::{WriteError, at};

/// The manifest's file name in a run folder.
pub const MANIFEST: &str = "manifest.json";
/// The topology's.
pub const TOPOLOGY: &str = "topology.json";
/// The merged records'.
pub const EVENTS: &str = "events.jsonl";
/// The records' of a simulation, which are written at once.
pub const SIMULATED_EVENTS: &str = "events.parquet";
/// What stands in the file of the link delay.
pub const DELAY: &str = "delay.txt";
/// That of the check of a message.
pub const VALIDATE: &str = "validate.txt";
/// That of the work on a copy.
pub const SERVICE: &str = "service.txt";
/// The folder in it for each process's own records and messages.
const PARTS: &str = "parts";
/// The ending of a process's own records.
const RECORDS: &str = "jsonl";

/// A run folder that stands, and is this driver's alone as long as it is used.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// Open as long as the folder is locked; none where the file system knows no locks.
    _lock: Option<Arc<fs::File>>,
}

/// A folder or file that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is such a folder.
    #[error("{} exists: give another --run-id or --out", .0.display())]
    Exists(PathBuf),
    /// Another driver writes into it.
    #[error("{}: a run is going on in it", .0.display())]
    Busy(PathBuf),
    /// The system refused.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A file of a run folder.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its name in the folder.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

impl RunFolder {
    /// Makes the folder `path` with what `fill` puts into it, or nothing at all.
    pub fn create(path: PathBuf, fill: impl FnOnce(&Path) -> Result<(), WriteError>) -> Result<Self, FolderError> {
        if path.symlink_metadata().is_ok() {
            return Err(FolderError::Exists(path));
        }
        let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(at(parent))?;
        Self::make(path, fill)
    }

    /// Another process may make the folder meanwhile: the first one has it.
    fn make(path: PathBuf, fill: impl FnOnce(&Path) -> Result<(), WriteError>) -> Result<Self, FolderError> {
        let made = cnsim_files::make_folder(&path, |staged| {
            let parts = staged.join(PARTS);
            fs::create_dir(&parts).map_err(at(&parts))?;
            fill(staged)
        });
        match made {
            Ok(()) => Self::locked(path),
            Err(error) if error.is_taken(&path) => Err(FolderError::Exists(path)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes over the folder of a run that was begun before.
    pub fn reopen(path: PathBuf) -> Result<Self, FolderError> {
        let folder = Self::locked(path)?;
        let parts = folder.parts();
        fs::create_dir_all(&parts).map_err(at(&parts))?;
        Ok(folder)
    }

    fn locked(path: PathBuf) -> Result<Self, FolderError> {
        let file = fs::File::open(&path).map_err(at(&path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path, _lock: Some(Arc::new(file)) }),
            Err(Errno::WOULDBLOCK) => Err(FolderError::Busy(path)),
            Err(error) => {
                tracing::debug!(%error, "the run folder cannot be locked");
                Ok(Self { path, _lock: None })
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where each process's own records and messages are while the run lasts.
    pub fn parts(&self) -> PathBuf {
        self.path.join(PARTS)
    }

    /// Replaces a file as a whole.
    pub fn replace(&self, file: File<'_>) -> Result<(), FolderError> {
        Ok(cnsim_files::replace(&self.path.join(file.name), file.bytes)?)
    }
}

/// Writes files into a folder that is being made.
///
/// # Errors
/// Where the system refuses.
pub fn put(folder: &Path, files: &[File<'_>]) -> Result<(), WriteError> {
    files.iter().try_for_each(|file| {
        let path = folder.join(file.name);
        fs::write(&path, file.bytes).map_err(at(&path))
    })
}

/// The record files in a folder of parts, in the order of their names, which is that of the processes.
///
/// # Errors
/// Where the folder cannot be read.
pub fn record_files(parts: &Path) -> Result<Vec<PathBuf>, WriteError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parts).map_err(at(parts))? {
        let path = entry.map_err(at(parts))?.path();
        if path.extension().is_some_and(|extension| extension == RECORDS) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_filled_leaves_nothing_behind() {
        let out = tempfile::tempdir().unwrap();
        let bad = File { name: "missing/manifest.json", bytes: b"{}" };

        let error = RunFolder::create(out.path().join("run"), |staged| put(staged, &[bad])).unwrap_err();

        assert!(matches!(error, FolderError::Write { .. }), "{error}");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }

    #[test]
    fn of_two_that_make_the_same_folder_the_second_is_told_that_it_exists() {
        let out = tempfile::tempdir().unwrap();
        let (path, file) = (out.path().join("run"), File { name: "manifest.json", bytes: b"{}" });
        let _first = RunFolder::make(path.clone(), |staged| put(staged, &[file])).unwrap();

        let error = RunFolder::make(path.clone(), |staged| put(staged, &[file])).unwrap_err();

        let line = format!("{} exists: give another --run-id or --out", path.display());
        assert_eq!(error.to_string(), line);
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced_and_no_temporary_name_stays() {
        let out = tempfile::tempdir().unwrap();
        let old = File { name: "manifest.json", bytes: b"old" };
        let folder = RunFolder::create(out.path().join("run"), |staged| put(staged, &[old])).unwrap();

        folder.replace(File { name: "manifest.json", bytes: b"new" }).unwrap();

        assert_eq!(fs::read(folder.path().join("manifest.json")).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
