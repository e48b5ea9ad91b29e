//! Makes the report of a bundle again, and compares: inputs byte for byte; results byte for byte where the same build
//! made them, else the tables to the precision that is stated.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use cnsim::manifest::Tool;
use serde::Deserialize;
use zip::ZipArchive;

use super::difference::{closely, exactly};
use super::error::BundleError;
use super::index::{FORMAT, INDEX, INPUTS, Index, REPORT, in_folder, named_in_bundle};
use crate::inputs::sha256;
use crate::report::Report;

/// Differences that an error lists.
const SHOWN: usize = 5;

/// What was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Files that the report was made from.
    pub inputs: usize,
    /// Files of the report, or its tables where another build made it.
    pub results: usize,
    /// The build that made the bundle, where it is another one.
    pub other: Option<Tool>,
}

/// Verifies a bundle with the program `tool`.
///
/// # Errors
/// Where it was changed, where its report cannot be made again, and where that says something else.
pub fn verify(path: &Path, tool: &Tool) -> Result<Verified, BundleError> {
    let files = unpack(path)?;
    let index = index(path, &files)?;
    check(path, &index, &files)?;
    let folder = tempfile::tempdir().map_err(|reason| BundleError::File { path: std::env::temp_dir(), reason })?;
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with(INPUTS)) {
        write(&folder.path().join(name), bytes)?;
    }
    // The build that made the bundle stands in its report, so it stands in the one that is compared with it.
    let spec = in_folder(&index.options, folder.path());
    let again = Report::make(&spec, &index.tool)
        .and_then(|mut report| report.files(|name| named_in_bundle(name, folder.path())));
    let made = again.map_err(|error| BundleError::Report(format!("{:#}", anyhow::Error::from(error))))?;
    let made: BTreeMap<String, Bytes> =
        made.files.into_iter().map(|file| (format!("{REPORT}/{}", file.path), file.bytes)).collect();
    let bundled: BTreeMap<&str, &[u8]> = files
        .iter()
        .filter(|(name, _)| name.starts_with(REPORT))
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let is_same = index.tool == *tool;
    let (results, differences) = if is_same { exactly(&bundled, &made) } else { closely(&bundled, &made) };
    if !differences.is_empty() {
        return Err(differs(path, differences, &index.tool, tool));
    }
    let inputs = files.keys().filter(|name| name.starts_with(INPUTS)).count();
    Ok(Verified { inputs, results, other: (!is_same).then_some(index.tool) })
}

fn unpack(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    let file = File::open(path).map_err(|reason| BundleError::File { path: path.to_owned(), reason })?;
    let broken = |reason: String| BundleError::Zip { path: path.to_owned(), reason };
    let mut zip = ZipArchive::new(file).map_err(|error| broken(format!("it is no zip, or it is cut off ({error})")))?;
    let mut files = BTreeMap::new();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).map_err(|error| broken(error.to_string()))?;
        let name = entry.name().map_err(|error| broken(error.to_string()))?.into_owned();
        // A name that leads out of the folder is of no bundle that was made here.
        if entry.enclosed_name().is_none() {
            return Err(broken(format!("the name {name:?} leads out of it")));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| broken(format!("{name}: {error}")))?;
        files.insert(name, bytes);
    }
    Ok(files)
}

/// What of `bundle.json` stands in every form of it.
#[derive(Deserialize)]
struct Form {
    format: u32,
    tool: Tool,
}

fn index(path: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<Index, BundleError> {
    let no_bundle = |reason: String| BundleError::NoBundle { path: path.to_owned(), reason };
    let unreadable = |error: serde_json::Error| no_bundle(format!("{INDEX}: {error}"));
    let bytes = files.get(INDEX).ok_or_else(|| no_bundle(format!("there is no {INDEX} in it")))?;
    let Form { format, tool } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if format != FORMAT {
        let of = &tool.version;
        return Err(no_bundle(format!("its form is {format}, this program reads {FORMAT}: use cnsim-analyze {of}")));
    }
    serde_json::from_slice(bytes).map_err(unreadable)
}

/// Compares every file with its digest.
fn check(path: &Path, index: &Index, files: &BTreeMap<String, Vec<u8>>) -> Result<(), BundleError> {
    let mut changed = Vec::new();
    for (name, expected) in &index.files {
        match files.get(name) {
            None => changed.push(format!("{name} is gone")),
            Some(bytes) if sha256(bytes) != *expected => changed.push(format!("{name} has other bytes")),
            Some(_) => {}
        }
    }
    let new = files.keys().filter(|name| *name != INDEX && !index.files.contains_key(*name));
    changed.extend(new.map(|name| format!("{name} was added")));
    if changed.is_empty() { Ok(()) } else { Err(BundleError::Changed { path: path.to_owned(), files: changed }) }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    let parent = path.parent().expect("a joined path has a parent");
    let written = fs::create_dir_all(parent).and_then(|()| fs::write(path, bytes));
    written.map_err(|reason| BundleError::File { path: path.to_owned(), reason })
}

fn differs(path: &Path, mut files: Vec<String>, made_by: &Tool, tool: &Tool) -> BundleError {
    if files.len() > SHOWN {
        let more = files.len() - SHOWN;
        files.truncate(SHOWN);
        files.push(format!("and {more} more"));
    }
    let hint = if made_by == tool {
        "the same build made it, so its files were made to fit, or this machine computes otherwise".to_owned()
    } else {
        format!(
            "cnsim-analyze {} (revision {}) made it, and this is {} ({}): install that one to compare bytes",
            made_by.version, made_by.revision, tool.version, tool.revision
        )
    };
    BundleError::Differs { path: path.to_owned(), files, hint }
}
