//! Makes the report of a bundle again, and compares: inputs byte for byte; results byte for byte where the same build
//! made them, else the tables to the precision that is stated.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use cnsim::manifest::Tool;
use zip::ZipArchive;

use super::{BundleError, FORMAT, INDEX, INPUTS, Index, REPORT};
use crate::inputs::sha256;
use crate::report;

/// Relative precision of numbers that another build has computed.
const PRECISION: f64 = 1e-9;
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
    let no_bundle = |reason: &str| BundleError::NoBundle { path: path.to_owned(), reason: reason.to_owned() };
    let options = index.options.on(folder.path(), index.tool.clone());
    let options = options.ok_or_else(|| no_bundle("its options are of another version"))?;
    let made =
        report::make(&options, Some(folder.path())).map_err(|error| BundleError::Report(format!("{error:#}")))?;
    let made: BTreeMap<String, Vec<u8>> =
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

fn index(path: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<Index, BundleError> {
    let no_bundle = |reason: String| BundleError::NoBundle { path: path.to_owned(), reason };
    let bytes = files.get(INDEX).ok_or_else(|| no_bundle(format!("there is no {INDEX} in it")))?;
    let index: Index = serde_json::from_slice(bytes).map_err(|error| no_bundle(format!("{INDEX}: {error}")))?;
    if index.format != FORMAT {
        let of = &index.tool.version;
        return Err(no_bundle(format!(
            "its form is {}, this program reads {FORMAT}: use cnsim-analyze {of}",
            index.format
        )));
    }
    Ok(index)
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

/// How many files were compared byte for byte, and which differ.
fn exactly(bundled: &BTreeMap<&str, &[u8]>, made: &BTreeMap<String, Vec<u8>>) -> (usize, Vec<String>) {
    let names: BTreeSet<&str> = bundled.keys().copied().chain(made.keys().map(String::as_str)).collect();
    let is_different = |name: &&str| bundled.get(name).copied() != made.get(*name).map(Vec::as_slice);
    let differences = names.iter().copied().filter(is_different).map(str::to_owned).collect();
    (names.len(), differences)
}

/// How many tables were compared number by number, and which differ.
fn closely(bundled: &BTreeMap<&str, &[u8]>, made: &BTreeMap<String, Vec<u8>>) -> (usize, Vec<String>) {
    let tables: Vec<(&str, &[u8])> =
        bundled.iter().filter(|(name, _)| name.ends_with(".csv")).map(|(name, bytes)| (*name, *bytes)).collect();
    let differences = tables.iter().filter_map(|(name, bytes)| {
        let difference = match made.get(*name) {
            None => Some("it is not made any more".to_owned()),
            Some(made) => first_difference(bytes, made),
        };
        difference.map(|difference| format!("{name} ({difference})"))
    });
    (tables.len(), differences.collect())
}

/// The first cell of a table that differs by more than the precision. New columns at the end are none.
fn first_difference(bundled: &[u8], made: &[u8]) -> Option<String> {
    let rows = |bytes| -> Vec<csv::StringRecord> {
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes).records().flatten().collect()
    };
    let (bundled, made) = (rows(bundled), rows(made));
    if bundled.len() != made.len() {
        return Some(format!("{} lines, now {}", bundled.len(), made.len()));
    }
    for (line, (bundled, made)) in bundled.iter().zip(&made).enumerate() {
        for (column, cell) in bundled.iter().enumerate() {
            let now = made.get(column).unwrap_or_default();
            if !is_close(cell, now) {
                return Some(format!("line {}: {cell:?}, now {now:?}", line + 1));
            }
        }
    }
    None
}

fn is_close(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= PRECISION * one.abs().max(other.abs()),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_another_build_agree_to_the_precision_and_may_have_new_columns() {
        let old = b"name,t\na,1.00000000001\n";
        assert_eq!(first_difference(old, b"name,t,new\na,1.00000000002,x\n"), None);
        assert_eq!(first_difference(old, b"name,t\na,1.1\n").unwrap(), "line 2: \"1.00000000001\", now \"1.1\"");
        assert_eq!(first_difference(old, b"name,t\n").unwrap(), "2 lines, now 1");
        assert!(first_difference(old, b"name,t\nb,1.00000000001\n").is_some());
    }
}
