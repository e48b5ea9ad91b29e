//! The files that a report is made from, copied under the names that a bundle gives them. The report is made from the
//! copies, so that what it tells of is what the bundle holds.

use std::fs;
use std::path::{Path, PathBuf};

use cnsim::manifest::Tool;
use tempfile::TempDir;

use super::error::BundleError;
use super::index::{INPUTS, in_folder, named_in_bundle};
use crate::inputs::telemetry::{self, Source};
use crate::inputs::{Input, control, faults, folder, motion, name};
use crate::report::{Report, ReportSpec};

/// The files of a run folder that a report reads beside its events.
const SMALL: [&str; 10] = [
    "manifest.json",
    "topology.json",
    "fetch.json",
    control::FILE,
    telemetry::FILE,
    faults::FAULTS,
    faults::STEPS,
    faults::PROBES,
    faults::DELAY,
    motion::CONTACTS,
];

/// Copies of inputs in a folder that goes when this is dropped.
#[derive(Debug)]
pub struct Staged {
    folder: TempDir,
    /// What was asked for, with the names of the copies in the bundle.
    pub(super) spec: ReportSpec,
    copies: Vec<InputCopy>,
}

/// An input and its copy.
#[derive(Debug)]
struct InputCopy {
    /// Where the input lies, whatever it was called.
    original: PathBuf,
    /// The copy's name in the bundle.
    name: PathBuf,
    /// Texts for the copy where it lies, each with the one for the input as it was given.
    given: Vec<(String, String)>,
}

/// Copies every input of a report.
///
/// # Errors
/// Where one cannot be read, or is standard input.
pub fn stage(spec: &ReportSpec) -> Result<Staged, BundleError> {
    let failed = |reason| BundleError::File { path: std::env::temp_dir(), reason };
    let folder = tempfile::tempdir().map_err(failed)?;
    let empty = ReportSpec { inputs: Vec::new(), telemetry: Vec::new(), ..spec.clone() };
    let mut staged = Staged { folder, spec: empty, copies: Vec::new() };
    for input in &spec.inputs {
        for path in name::expand(&input.path)? {
            let place = format!("{INPUTS}/{:02}", staged.spec.inputs.len() + 1);
            let path = staged.add(&path, &place)?;
            staged.spec.inputs.push(Input { label: input.label.clone(), path });
        }
    }
    for source in &spec.telemetry {
        let place = format!("{INPUTS}/telemetry/{:02}", staged.spec.telemetry.len() + 1);
        let path = staged.add(&source.path, &place)?;
        staged.spec.telemetry.push(Source { path, ..source.clone() });
    }
    Ok(staged)
}

impl Staged {
    /// Makes the report on the copies.
    ///
    /// # Errors
    /// Where it cannot be made; the message names inputs as they were given.
    pub fn report(&self, tool: &Tool) -> Result<Report, BundleError> {
        let made = Report::make(&in_folder(&self.spec, self.folder()), tool);
        made.map_err(|error| BundleError::NoReport(self.given(&format!("{:#}", anyhow::Error::from(error)))))
    }

    /// A text that names copies where they lie, with the names of the inputs as they were given.
    pub fn given(&self, text: &str) -> String {
        let pairs = self.copies.iter().flat_map(|copy| &copy.given);
        pairs.fold(text.to_owned(), |text, (lies, given)| text.replace(lies, given))
    }

    /// A text that begins with the name of a copy where it lies, with its name in the bundle.
    pub(super) fn bundled(&self, text: &str) -> String {
        named_in_bundle(text, self.folder())
    }

    /// The folder that the copies lie in.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Copies a file or a run folder into a place of its own; gives the copy's name in the bundle. What was given twice has
    /// one copy, and what is not there has none: whoever reads it says so.
    fn add(&mut self, path: &Path, place: &str) -> Result<PathBuf, BundleError> {
        if path == Path::new("-") {
            return Err(BundleError::StandardInput);
        }
        let original = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(copy) = self.copies.iter().find(|copy| copy.original == original) {
            return Ok(copy.name.clone());
        }
        // The name as it was given may be the condition's; `.` is none.
        let own = path.file_name().or(original.file_name()).unwrap_or(path.as_os_str());
        let name = Path::new(place).join(own.to_string_lossy().as_ref());
        let lies = self.folder().join(&name);
        let mut given = vec![(lies.display().to_string(), path.display().to_string())];
        if path.is_dir() {
            copy_folder(path, &lies)?;
            given.insert(0, (lies.join("").display().to_string(), path.join("").display().to_string()));
        } else if path.exists() {
            copy_file(path, &lies)?;
        }
        self.copies.push(InputCopy { original, name: name.clone(), given });
        Ok(name)
    }
}

/// Copies of a run folder what a report reads.
fn copy_folder(from: &Path, to: &Path) -> Result<(), BundleError> {
    let small = SMALL.iter().map(|name| from.join(name)).filter(|file| file.is_file());
    for file in folder::open(from)?.events.into_iter().chain(small) {
        let below = file.strip_prefix(from).expect("a run folder's files lie in it");
        copy_file(&file, &to.join(below))?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), BundleError> {
    let parent = to.parent().expect("a joined path has a parent");
    let copied = fs::create_dir_all(parent).and_then(|()| fs::copy(from, to));
    copied.map(drop).map_err(|reason| BundleError::File { path: from.to_owned(), reason })
}
