//! Files and folders that are there whole or not at all: written under a temporary name beside their own, then renamed. Whoever
//! tells errors in words of their own takes the two steps of [`whole`]; others take both at once.

pub mod whole;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file or folder that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {reason}", path.display())]
pub struct WriteError {
    path: PathBuf,
    reason: io::Error,
}

impl WriteError {
    /// Whether the folder `path` could not be made because one with something in it stands there.
    pub fn is_taken(&self, path: &Path) -> bool {
        self.path == path && self.reason.kind() == io::ErrorKind::DirectoryNotEmpty
    }
}

/// Replaces the file `path` by one with these bytes.
///
/// # Errors
/// Where the system refuses; the file is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    fill(path, |mut file| file.write_all(bytes).map_err(at(path)))
}

/// Replaces the file `path` by what `write` writes, and returns what `write` does.
///
/// # Errors
/// Where `write` fails or the system refuses; the file is then as it was.
pub fn fill<T, E: From<WriteError>>(path: &Path, write: impl FnOnce(File) -> Result<T, E>) -> Result<T, E> {
    let staged = whole::stage_in_folder(path).map_err(at(path))?;
    let result = write(staged.as_file().try_clone().map_err(at(path))?)?;
    whole::put(staged, path).map_err(at(path))?;
    Ok(result)
}

/// Makes the folder `path`, which is not there yet, with what `write` puts into it.
///
/// # Errors
/// Where `write` fails or the system refuses; there is no such folder then.
pub fn make_folder(path: &Path, write: impl FnOnce(&Path) -> Result<(), WriteError>) -> Result<(), WriteError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let staged = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let made = || {
        fs::create_dir(&staged).map_err(at(&staged))?;
        write(&staged)?;
        fs::rename(&staged, path).map_err(at(path))
    };
    made().inspect_err(|_| {
        // The error that is returned says more than one of cleaning up after it.
        let _ = fs::remove_dir_all(&staged);
    })
}

/// The error of writing `path`.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |reason| WriteError { path, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_to_its_end_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        replace(&path, b"old").unwrap();

        let error = fill(&path, |mut file| {
            file.write_all(b"ne").map_err(at(&path))?;
            Err::<(), _>(at(&path)(io::Error::other("the disk is full")))
        });

        assert_eq!(error.unwrap_err().to_string(), format!("cannot write {}: the disk is full", path.display()));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
