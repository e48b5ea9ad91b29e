//! The run folder: made whole under a temporary name, then renamed; its files are replaced whole too.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

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
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why it could not be.
        reason: io::Error,
    },
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
    /// Makes the folder `path` with these files, or nothing at all.
    pub fn create(path: PathBuf, files: &[File<'_>]) -> Result<Self, FolderError> {
        if path.symlink_metadata().is_ok() {
            return Err(FolderError::Exists(path));
        }
        let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(at(parent))?;
        let staged = staged(&path);
        let result = fill(&staged, files).and_then(|()| fs::rename(&staged, &path).map_err(at(&path)));
        if let Err(error) = result {
            // The error that is returned says more than one of cleaning up after it.
            let _ = fs::remove_dir_all(&staged);
            return Err(error);
        }
        Self::locked(path)
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
        self.path.join("parts")
    }

    /// Replaces a file as a whole.
    pub fn replace(&self, file: File<'_>) -> Result<(), FolderError> {
        replace_file(&self.path.join(file.name), file.bytes)
    }
}

/// Writes a file under a temporary name and renames it, so that it is there whole or not at all.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let staged = staged(path);
    let result = fs::write(&staged, bytes).and_then(|()| fs::rename(&staged, path)).map_err(at(path));
    if result.is_err() {
        // The error that is returned says more than one of cleaning up after it.
        let _ = fs::remove_file(&staged);
    }
    result
}

/// The temporary name of a path, beside it and hidden.
pub fn staged(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

/// The error of writing `path`.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |reason| FolderError::Write { path, reason }
}

fn fill(folder: &Path, files: &[File<'_>]) -> Result<(), FolderError> {
    let parts = folder.join("parts");
    fs::create_dir(folder).map_err(at(folder))?;
    fs::create_dir(&parts).map_err(at(&parts))?;
    files.iter().try_for_each(|file| write(&folder.join(file.name), file.bytes))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let mut file = fs::File::create(path).map_err(at(path))?;
    file.write_all(bytes).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_filled_leaves_nothing_behind() {
        let out = tempfile::tempdir().unwrap();
        let bad = File { name: "missing/manifest.json", bytes: b"{}" };

        let error = RunFolder::create(out.path().join("run"), &[bad]).unwrap_err();

        assert!(matches!(error, FolderError::Write { .. }), "{error}");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_is_replaced_and_no_temporary_name_stays() {
        let out = tempfile::tempdir().unwrap();
        let folder =
            RunFolder::create(out.path().join("run"), &[File { name: "manifest.json", bytes: b"old" }]).unwrap();

        folder.replace(File { name: "manifest.json", bytes: b"new" }).unwrap();

        assert_eq!(fs::read(folder.path().join("manifest.json")).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
