//! Packs a report with its inputs, the words and the index into one zip.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::error::BundleError;
use super::index::{FORMAT, INDEX, Index, REPORT};
use super::methods::methods;
use super::reproduce::reproduce;
use super::staging::Staged;
use crate::inputs::sha256;
use crate::report::Report;
use cnsim_files::whole;

/// Makes the bundle of a report that was made from copies. The zip is there whole or not at all.
///
/// # Errors
/// Where it cannot be written.
pub fn pack(path: &Path, staged: &Staged, report: &mut Report) -> Result<(), BundleError> {
    let made = report.files(|name| staged.bundled(name));
    let made = made.map_err(|error| BundleError::NoReport(format!("{:#}", anyhow::Error::from(error))))?;
    let mut files: BTreeMap<String, Content> = BTreeMap::new();
    for file in below(staged.folder())? {
        let name = file.strip_prefix(staged.folder()).expect("it lies below").to_string_lossy().into_owned();
        files.insert(name, Content::File(file));
    }
    let manifests: Vec<&str> =
        files.keys().map(String::as_str).filter(|name| name.ends_with("/manifest.json")).collect();
    let reproduce = reproduce(report.tool(), &manifests);
    files.insert("METHODS.md".to_owned(), Content::Bytes(methods(report, &made.quality).into_bytes().into()));
    files.insert("REPRODUCE.md".to_owned(), Content::Bytes(reproduce.into_bytes().into()));
    for file in made.files {
        files.insert(format!("{REPORT}/{}", file.path), Content::Bytes(file.bytes));
    }
    let index =
        Index { format: FORMAT, tool: report.tool().clone(), options: staged.spec.clone(), files: BTreeMap::new() };
    write(path, &files, index)
}

/// What a file of the bundle holds.
enum Content {
    File(PathBuf),
    Bytes(Bytes),
}

impl Content {
    fn read(&self) -> Result<Bytes, BundleError> {
        match self {
            Self::File(path) => {
                fs::read(path).map(Bytes::from).map_err(|reason| BundleError::File { path: path.clone(), reason })
            }
            Self::Bytes(bytes) => Ok(bytes.clone()),
        }
    }
}

/// Writes the files, and an index with the digest of each.
fn write(path: &Path, files: &BTreeMap<String, Content>, mut index: Index) -> Result<(), BundleError> {
    let failed = |reason| BundleError::File { path: path.to_owned(), reason };
    let mut zip = ZipWriter::new(whole::stage(path).map_err(failed)?);
    for (name, content) in files {
        let bytes = content.read()?;
        index.files.insert(name.clone(), sha256(&bytes));
        add(&mut zip, name, &bytes).map_err(failed)?;
    }
    let mut bytes = serde_json::to_vec_pretty(&index).expect("texts and numbers always serialise");
    bytes.push(b'\n');
    add(&mut zip, INDEX, &bytes).map_err(failed)?;
    let staged = zip.finish().map_err(|error| failed(io::Error::other(error)))?;
    whole::put(staged, path).map_err(failed)
}

/// Adds a file without a time of day, so that the bytes depend on what it holds alone.
fn add<W: Write + Seek>(zip: &mut ZipWriter<W>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let plain = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .large_file(u32::try_from(bytes.len()).is_err());
    zip.start_file(name, plain).map_err(io::Error::other)?;
    zip.write_all(bytes)
}

/// Every file below a folder.
fn below(folder: &Path) -> Result<Vec<PathBuf>, BundleError> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let failed = |reason| BundleError::File { path: next.clone(), reason };
        for entry in fs::read_dir(&next).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}
