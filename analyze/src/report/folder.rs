//! A report's files on disk: written beside their place under a temporary name, then renamed, so that a folder is a
//! whole report or was never there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::inputs::Input;
use crate::output::OutputFile;

/// What a report puts at its top level, and nothing else.
const OURS: [&str; 5] = ["figures", "index.html", "quality.json", "summary.json", "tables"];

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is something else at the path.
    #[error("{path} exists and is no report ({why}): choose another folder with --output")]
    NotReport {
        /// The path.
        path: PathBuf,
        /// What gives it away.
        why: String,
    },
    /// The file system refused.
    #[error("cannot write the report to {path}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A folder for a report, made sure of before the work begins.
#[derive(Debug)]
pub struct ReportFolder {
    folder: PathBuf,
    /// A folder beside `folder`, on the same file system.
    temporary: TempDir,
}

impl ReportFolder {
    /// Makes sure that `folder` is free, empty or a report, and that its parent can be written to.
    ///
    /// # Errors
    /// Where it is not.
    pub fn claim(folder: &Path) -> Result<Self, FolderError> {
        check_replaceable(folder)?;
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(at(parent))?;
        let temporary = tempfile::Builder::new().prefix(".cnsim-report-").tempdir_in(parent).map_err(at(folder))?;
        Ok(Self { folder: folder.to_owned(), temporary })
    }

    /// Writes `files` and puts them in place of what was there.
    ///
    /// # Errors
    /// Where they cannot be written; what was there stays then.
    pub fn fill(self, files: &[OutputFile]) -> Result<(), FolderError> {
        let new = self.temporary.path().join("new");
        for file in files {
            let path = new.join(&file.path);
            let parent = path.parent().expect("a joined path has a parent");
            fs::create_dir_all(parent).map_err(at(&self.folder))?;
            fs::write(&path, &file.bytes).map_err(at(&self.folder.join(&file.path)))?;
        }
        check_replaceable(&self.folder)?;
        let old = self.temporary.path().join("old");
        if self.folder.exists() {
            fs::rename(&self.folder, &old).map_err(at(&self.folder))?;
        }
        fs::rename(&new, &self.folder).map_err(|error| {
            // What was there comes back; where even that fails, the first error says why.
            let _ = fs::rename(&old, &self.folder);
            at(&self.folder)(error)
        })
    }
}

/// Where a report goes that nobody named a folder for: into the run folder where that is the only input.
pub fn default_folder(inputs: &[Input]) -> PathBuf {
    match inputs {
        [input] if input.path.is_dir() => input.path.join("report"),
        _ => Path::new("report").to_owned(),
    }
}

/// Refuses a folder that holds anything a report does not write, so that nothing else is ever replaced.
fn check_replaceable(folder: &Path) -> Result<(), FolderError> {
    let refuse = |why: String| FolderError::NotReport { path: folder.to_owned(), why };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) if folder.is_file() => return Err(refuse("it is a file".to_owned())),
        Err(error) => return Err(at(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(at(folder))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    if let Some(foreign) = names.iter().find(|name| !OURS.contains(&name.as_str())) {
        return Err(refuse(format!("it holds {foreign}")));
    }
    if !names.is_empty() && !names.iter().any(|name| name == "summary.json") {
        return Err(refuse("it has no summary.json".to_owned()));
    }
    Ok(())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    |source| FolderError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> Vec<OutputFile> {
        vec![OutputFile { path: "summary.json".to_owned(), bytes: text.as_bytes().to_vec().into() }]
    }

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_replaces_a_report_whole_and_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/report");
        let mut files = summary("1");
        files.push(OutputFile { path: "tables/a.csv".to_owned(), bytes: vec![1].into() });
        ReportFolder::claim(&folder).unwrap().fill(&files).unwrap();
        ReportFolder::claim(&folder).unwrap().fill(&summary("2")).unwrap();
        assert_eq!(entries(&folder), ["summary.json"]);
        assert_eq!(fs::read(folder.join("summary.json")).unwrap(), b"2");
        assert_eq!(entries(folder.parent().unwrap()), ["report"]);
    }

    #[test]
    fn a_folder_with_anything_else_in_it_is_refused_and_kept() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("summary.json"), "").unwrap();
        fs::write(home.path().join("thesis.tex"), "").unwrap();
        let error = ReportFolder::claim(home.path()).unwrap_err().to_string();
        assert!(error.contains("it holds thesis.tex"), "{error}");
        assert_eq!(entries(home.path()), ["summary.json", "thesis.tex"]);
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report");
        fs::write(&path, "").unwrap();
        assert!(ReportFolder::claim(&path).unwrap_err().to_string().contains("it is a file"));
    }

    #[test]
    fn a_place_that_is_not_filled_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        drop(ReportFolder::claim(&home.path().join("report")).unwrap());
        assert_eq!(entries(home.path()), Vec::<String>::new());
    }
}
