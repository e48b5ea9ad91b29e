//! Makes a bundle: inputs, the report on them, the words, the index, into one zip.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{BundleError, FORMAT, INDEX, Index, Options, REPORT, stage, words};
use crate::inputs::sha256;
use crate::report::{self, ReportOptions};
use cnsim_records::whole;

/// Makes the bundle of a report. The zip is there whole or not at all.
pub(crate) fn pack(options: &ReportOptions, path: &Path) -> anyhow::Result<()> {
    let staged = tempfile::tempdir()?;
    let root = staged.path();
    let chosen = stage::stage(options, root)?;
    let inside = chosen.on(root, options.tool.clone()).expect("these options were just written");
    let made = report::make(&inside, Some(root))?;
    let mut files: BTreeMap<String, Content> = BTreeMap::new();
    for file in below(root)? {
        let name = file.strip_prefix(root).expect("it lies below").to_string_lossy().into_owned();
        files.insert(name, Content::File(file));
    }
    let manifests: Vec<&str> =
        files.keys().map(String::as_str).filter(|name| name.ends_with("/manifest.json")).collect();
    let reproduce = words::reproduce(options, &manifests);
    files.insert("METHODS.md".to_owned(), Content::Bytes(words::methods(options, &made).into_bytes()));
    files.insert("REPRODUCE.md".to_owned(), Content::Bytes(reproduce.into_bytes()));
    for file in made.files {
        files.insert(format!("{REPORT}/{}", file.path), Content::Bytes(file.bytes));
    }
    put(path, &files, options, chosen)?;
    Ok(())
}

/// What a file of the bundle holds.
enum Content {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Content {
    fn read(&self) -> Result<Vec<u8>, BundleError> {
        match self {
            Self::File(path) => fs::read(path).map_err(|reason| BundleError::File { path: path.clone(), reason }),
            Self::Bytes(bytes) => Ok(bytes.clone()),
        }
    }
}

fn put(
    path: &Path,
    files: &BTreeMap<String, Content>,
    options: &ReportOptions,
    chosen: Options,
) -> Result<(), BundleError> {
    let failed = |reason| BundleError::File { path: path.to_owned(), reason };
    let mut zip = ZipWriter::new(whole::stage(path).map_err(failed)?);
    let mut digests = BTreeMap::new();
    for (name, content) in files {
        let bytes = content.read()?;
        digests.insert(name.clone(), sha256(&bytes));
        add(&mut zip, name, &bytes).map_err(failed)?;
    }
    let index = Index { format: FORMAT, tool: options.tool.clone(), options: chosen, files: digests };
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
