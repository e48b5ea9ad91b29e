//! A file that is written beside its place and then put there: it is whole, or as it was before.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file beside `path`, which goes when it is dropped. The folder is made where there is none.
pub(crate) fn stage(path: &Path) -> io::Result<NamedTempFile> {
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    NamedTempFile::new_in(parent)
}

/// Puts it at `path`, with the rights of a new file: a temporary one is its owner's alone.
pub(crate) fn put(staged: NamedTempFile, path: &Path) -> io::Result<()> {
    staged.as_file().set_permissions(Permissions::from_mode(0o644))?;
    staged.persist(path).map(drop).map_err(|error| error.error)
}
