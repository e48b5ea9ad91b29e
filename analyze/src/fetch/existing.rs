//! Whether a run folder holds events that a fetch did not read: those are not to be lost.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::error::FetchError;
use super::write;
use crate::inputs::fetch_facts::{FetchFacts, FetchedFile};
use crate::inputs::{InputError, folder};
use cnsim_records::open::Stream;

/// Refuses where the folder's events come from a file that is not among the fetched ones.
pub(super) fn check(folder: &Path, fetched: &FetchFacts) -> Result<(), FetchError> {
    let read: BTreeSet<String> = fetched.files.iter().map(|file| mark(fetched, file)).collect();
    for (path, mark) in sources(folder)? {
        if !read.contains(&mark) {
            return Err(FetchError::OtherSource { folder: folder.to_owned(), source_there: path });
        }
    }
    Ok(())
}

/// Refuses where the folder holds more records that a fetch brought than this one found.
pub(super) fn check_rows(folder: &Path, found: u64) -> Result<(), FetchError> {
    let there = folder::fetched(folder)?.filter(|_| folder.join(write::EVENTS).exists()).map_or(0, |facts| facts.rows);
    if there > found { Err(FetchError::Fewer { folder: folder.to_owned(), there, found }) } else { Ok(()) }
}

/// What a source is known again by: a file by its digest, a table by its name, for late rows may have come into it.
fn mark(facts: &FetchFacts, file: &FetchedFile) -> String {
    if facts.queries.is_empty() { file.sha256.clone() } else { file.path.clone() }
}

/// The files and tables that a folder's events come from, with what each is known again by.
fn sources(folder: &Path) -> Result<Vec<(String, String)>, InputError> {
    let mut files = folder::logged(folder)?;
    let parquet = folder.join(write::EVENTS);
    let mut sources = Vec::new();
    match folder::fetched(folder)? {
        Some(facts) if parquet.exists() => {
            sources.extend(facts.files.iter().map(|file| (file.path.clone(), mark(&facts, file))));
        }
        None if parquet.exists() => files.push(parquet),
        Some(_) | None => {}
    }
    for path in files {
        let mut stream = Stream::open(&path)?;
        if let Err(error) = io::copy(&mut stream, &mut io::sink()) {
            return Err(stream.error(error).into());
        }
        sources.push((path.display().to_string(), stream.digest()));
    }
    Ok(sources)
}
