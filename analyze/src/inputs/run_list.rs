//! The run folders of a folder, from what their small files say; no event is read.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use cnsim::id::nodes_in_run_id;
use cnsim::manifest::{Manifest, RunOutcome};
use cnsim::time::Clock;
use polars::prelude::{ParquetReader, SerReader};

use super::folder;

/// Why the runs of a folder cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot list the runs in it", path.display())]
pub struct RunsError {
    path: PathBuf,
    source: io::Error,
}

/// One run folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRun {
    /// The folder's name.
    pub run_id: String,
    /// The experiment's condition; may be empty.
    pub condition: String,
    /// The number of nodes, where anything says it.
    pub nodes: Option<u32>,
    /// Rounds begun, warm-up included.
    pub rounds: Option<u64>,
    /// Records, as far as they are counted.
    pub rows: Option<u64>,
    /// First receipts that the driver saw.
    pub delivered: Option<u64>,
    /// First receipts of a complete run.
    pub expected: Option<u64>,
    /// How it ended; `fetched` where only its events are here, `unreadable` where its manifest is broken.
    pub outcome: String,
    /// When it began, RFC 3339 in UTC.
    pub started: Option<String>,
    /// Size of its folder.
    pub bytes: u64,
    /// Whether it was simulated, by its manifest.
    pub is_simulated: bool,
}

/// The runs in a folder, by name.
///
/// # Errors
/// Where the folder cannot be read.
pub fn list_runs(dir: &Path) -> Result<Vec<ListedRun>, RunsError> {
    let failed = |source| RunsError { path: dir.to_owned(), source };
    let mut entries: Vec<DirEntry> = fs::read_dir(dir).and_then(Iterator::collect).map_err(failed)?;
    entries.sort_by_key(DirEntry::file_name);
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry.path();
        let holds_a_run =
            ["manifest.json", "events.jsonl", "events.parquet"].iter().any(|name| path.join(name).is_file());
        if holds_a_run {
            runs.push(describe(&path).map_err(failed)?);
        }
    }
    Ok(runs)
}

fn describe(path: &Path) -> io::Result<ListedRun> {
    let run_id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let manifest = folder::manifest(path);
    let fetched = folder::fetched(path).ok().flatten();
    let mut run = ListedRun {
        nodes: nodes_in_run_id(&run_id),
        run_id,
        condition: String::new(),
        rounds: fetched.as_ref().map(|facts| facts.rounds.len() as u64),
        rows: parquet_rows(&path.join("events.parquet")),
        delivered: None,
        expected: None,
        outcome: if manifest.is_err() { "unreadable" } else { "fetched" }.to_owned(),
        started: None,
        bytes: size(path)?,
        is_simulated: false,
    };
    if let Ok(Some(manifest)) = manifest {
        add_manifest(&mut run, manifest);
    }
    Ok(run)
}

fn add_manifest(run: &mut ListedRun, manifest: Manifest) {
    run.is_simulated = manifest.clock == Clock::Virtual;
    run.condition = manifest.options.condition;
    run.nodes = Some(manifest.options.nodes);
    run.rounds = Some(manifest.rounds.len() as u64);
    run.rows = run.rows.or(Some(manifest.last_seqs.values().sum()));
    run.delivered = Some(manifest.rounds.iter().map(|round| round.delivered).sum());
    run.expected = Some(manifest.expected_events);
    run.started = Some(manifest.started_at);
    run.outcome = match manifest.outcome {
        RunOutcome::Running => "running",
        RunOutcome::Complete => "complete",
        RunOutcome::Interrupted => "interrupted",
        RunOutcome::Failed => "failed",
    }
    .to_owned();
}

/// The rows that a Parquet file's last bytes tell of.
fn parquet_rows(path: &Path) -> Option<u64> {
    let mut reader = ParquetReader::new(File::open(path).ok()?);
    reader.get_metadata().ok().map(|metadata| metadata.num_rows as u64)
}

fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
