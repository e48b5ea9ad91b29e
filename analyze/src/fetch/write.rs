//! A run's files: events.parquet in groups of rows, rejects.jsonl, fetch.json.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::error::FetchError;
use super::interrupt;
use super::runs::FetchedRun;
use cnsim_records::gather::Reject;
use cnsim_records::write::{EventsFile, RecordColumns};

pub(super) const EVENTS: &str = "events.parquet";
pub(super) const REJECTS: &str = "rejects.jsonl";
pub(super) const FACTS: &str = "fetch.json";

/// Writes a run's files into a new folder; gives the number of its records.
pub(super) fn run(run: FetchedRun, folder: &Path) -> Result<u64, FetchError> {
    let FetchedRun { mut facts, records, rejects } = run;
    fs::create_dir(folder).map_err(|source| FetchError::Write { path: folder.to_owned(), source })?;
    let columns = RecordColumns::of(&records.vocabulary, records.texts());
    let path = folder.join(EVENTS);
    let unwritten = |source| FetchError::Write { path: path.clone(), source };
    let found = events(&path, columns, |file| {
        records.each(|records| match interrupt::was_asked() {
            true => Err(FetchError::Interrupted),
            false => file.add(records).map_err(unwritten),
        })
    })?;
    facts.rows = found.rounds.iter().map(|round| round.rows).sum();
    facts.rounds = found.rounds;
    facts.files.iter_mut().filter(|file| file.sha256.is_empty()).for_each(|file| file.sha256.clone_from(&found.sha256));
    if !rejects.is_empty() {
        save(&folder.join(REJECTS), |out| reject_lines(&rejects, out))?;
    }
    save(&folder.join(FACTS), |out| {
        serde_json::to_writer_pretty(&mut *out, &facts)?;
        out.write_all(b"\n")
    })?;
    Ok(facts.rows)
}

/// Writes events.parquet with records that `fill` adds in order.
fn events<T>(
    path: &Path,
    columns: RecordColumns,
    fill: impl FnOnce(&mut EventsFile<&mut BufWriter<Disk>>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let failed = |source| FetchError::Write { path: path.to_owned(), source };
    let mut out = BufWriter::new(Disk { file: File::create(path).map_err(failed)?, failed: None });
    let filled = EventsFile::new(&mut out, columns).map_err(failed).and_then(|mut file| {
        let filled = fill(&mut file)?;
        file.finish().map_err(failed).map(|()| filled)
    });
    let filled = match (filled, out.get_mut().failed.take()) {
        (Err(_), Some(code)) => return Err(failed(io::Error::from_raw_os_error(code))),
        (filled, _) => filled?,
    };
    let written = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|disk| disk.file.sync_all());
    written.map(|()| filled).map_err(failed)
}

/// A file that keeps why writing failed: Polars says only that it did.
struct Disk {
    file: File,
    /// The system's number of the error.
    failed: Option<i32>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| self.failed = error.raw_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn save(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), FetchError> {
    let saved = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    });
    saved.map_err(|source| FetchError::Write { path: path.to_owned(), source })
}

/// A line of rejects.jsonl.
#[derive(Serialize)]
struct RejectLine<'a> {
    file: &'a str,
    line: u64,
    reason: &'a str,
    text: &'a str,
}

fn reject_lines(rejects: &[Reject], out: &mut impl Write) -> io::Result<()> {
    for reject in rejects {
        let line = RejectLine { file: &reject.path, line: reject.line, reason: reject.reason, text: &reject.text };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
