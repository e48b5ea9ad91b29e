//! Whether a run folder holds events that a fetch did not read: those are not to be lost.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::{FetchError, write};
use crate::source::fetch_facts::FetchFacts;
use crate::source::open::Stream;
use crate::source::{SourceError, folder};

/// Refuses where the folder's events come from a file that is not among the fetched ones.
pub(super) fn check(folder: &Path, fetched: &FetchFacts) -> Result<(), FetchError> {
    let read: BTreeSet<&str> = fetched.files.iter().map(|file| file.sha256.as_str()).collect();
    for (path, digest) in sources(folder)? {
        if !read.contains(digest.as_str()) {
            return Err(FetchError::OtherSource { folder: folder.to_owned(), source_there: path });
        }
    }
    Ok(())
}

/// The files that a folder's events come from, with their digests.
fn sources(folder: &Path) -> Result<Vec<(String, String)>, SourceError> {
    let mut files = folder::logged(folder)?;
    let parquet = folder.join(write::EVENTS);
    let mut sources = Vec::new();
    match folder::fetched(folder)? {
        Some(facts) if parquet.exists() => sources.extend(facts.files.into_iter().map(|file| (file.path, file.sha256))),
        None if parquet.exists() => files.push(parquet),
        Some(_) | None => {}
    }
    for path in files {
        let mut stream = Stream::open(&path)?;
        if let Err(error) = io::copy(&mut stream, &mut io::sink()) {
            return Err(stream.error(error));
        }
        sources.push((path.display().to_string(), stream.digest()));
    }
    Ok(sources)
}
