//! `runs`: the run folders of a folder, from what their small files say; no event is read.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use cnsim::id::nodes_in_run_id;
use cnsim::manifest::{Manifest, RunOutcome};
use polars::prelude::{ParquetReader, SerReader};
use serde::Serialize;

use crate::inputs::folder;

/// Why the runs of a folder cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot list the runs in it", path.display())]
pub struct RunsError {
    path: PathBuf,
    source: io::Error,
}

/// One run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
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
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns of text
    Table,
    /// One array of objects
    Json,
    /// A header and a line for each
    Csv,
}

/// The runs in a folder, by name.
pub fn list(dir: &Path) -> Result<Vec<Run>, RunsError> {
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

/// The list as text, with a final line end.
pub fn render(runs: &[Run], format: Format) -> String {
    match format {
        Format::Json => serde_json::to_string_pretty(runs).expect("texts and numbers always serialise") + "\n",
        Format::Csv => {
            let lines = std::iter::once(HEADER.map(str::to_owned))
                .chain(runs.iter().map(|run| cells(run, run.bytes.to_string())));
            lines.map(|cells| cells.map(|cell| quoted(&cell)).join(",") + "\n").collect()
        }
        Format::Table => table(runs),
    }
}

const HEADER: [&str; 10] =
    ["run_id", "condition", "nodes", "rounds", "rows", "delivered", "expected", "outcome", "started", "bytes"];

fn describe(path: &Path) -> io::Result<Run> {
    let run_id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let manifest = folder::manifest(path);
    let fetched = folder::fetched(path).ok().flatten();
    let mut run = Run {
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
    };
    if let Ok(Some(manifest)) = manifest {
        add_manifest(&mut run, manifest);
    }
    Ok(run)
}

fn add_manifest(run: &mut Run, manifest: Manifest) {
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

fn cells(run: &Run, size: String) -> [String; 10] {
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    [
        run.run_id.clone(),
        run.condition.clone(),
        number(run.nodes.map(u64::from)),
        number(run.rounds),
        number(run.rows),
        number(run.delivered),
        number(run.expected),
        run.outcome.clone(),
        run.started.clone().unwrap_or_default(),
        size,
    ]
}

fn table(runs: &[Run]) -> String {
    let mut header = HEADER.map(str::to_owned);
    header[HEADER.len() - 1] = "size".to_owned();
    let lines: Vec<_> = std::iter::once(header).chain(runs.iter().map(|run| cells(run, human(run.bytes)))).collect();
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; HEADER.len()] = std::array::from_fn(width);
    let is_text = |column: usize| matches!(HEADER[column], "run_id" | "condition" | "outcome" | "started");
    let mut text = String::new();
    for cells in &lines {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if is_text(column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text += padded.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A size in the largest unit that leaves at least one.
fn human(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match UNITS.into_iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{bytes} B"),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
