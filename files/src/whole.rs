//! A file that is written beside its place and then put there: it is whole, or as it was before.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file beside `path`, which goes when it is dropped. The folder is made where there is none.
pub fn stage(path: &Path) -> io::Result<NamedTempFile> {
    let path = &place(path)?;
    fs::create_dir_all(folder(path))?;
    NamedTempFile::new_in(folder(path))
}

/// The same, in a folder that must be there.
pub fn stage_in_folder(path: &Path) -> io::Result<NamedTempFile> {
    let path = &place(path)?;
    // Its error names no temporary file.
    fs::metadata(folder(path))?;
    NamedTempFile::new_in(folder(path))
}

/// Puts it at `path`, with the rights of a new file: a temporary one is its owner's alone.
pub fn put(staged: NamedTempFile, path: &Path) -> io::Result<()> {
    staged.as_file().set_permissions(Permissions::from_mode(0o644))?;
    staged.persist(place(path)?).map(drop).map_err(|error| error.error)
}

/// Whether a file that is to be written is one of those that are read.
pub fn is_one_of<'a>(path: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> bool {
    let own = fs::canonicalize(path);
    own.is_ok_and(|own| inputs.into_iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == own)))
}

/// The folder of a file.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// Where a file is to be put: what a link leads to. A device or a pipe would be gone if a file took its place.
fn place(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(there) if there.is_file() => fs::canonicalize(path),
        Ok(_) => Err(io::Error::other("it is no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_leading_to_the_file_and_what_is_no_file_stays() {
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut staged = stage(&link).unwrap();
        io::Write::write_all(&mut staged, b"new").unwrap();
        put(staged, &link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(is_one_of(&link, [file.as_path()]) && !is_one_of(&link, [home.path()]));
        assert!(stage(home.path()).is_err());
        assert_eq!(stage(Path::new("/dev/null")).unwrap_err().to_string(), "it is no regular file");
    }
}
