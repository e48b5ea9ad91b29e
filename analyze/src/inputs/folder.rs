//! A run's folder: its events in whichever form they are there, and what its other files say.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use cnsim::id::NodeId;
use cnsim::manifest::{Manifest, Records};
use cnsim::topology::Topology;

use super::control::{self, ControlFacts};
use super::digest::sha256;
use super::error::InputError;
use super::facts::{Facts, RunFacts};
use super::faults;
use super::fetch_facts::FetchFacts;
use super::motion;
use cnsim_records::error::SourceError;

/// A run folder's files.
pub(crate) struct Folder {
    /// Where the events are.
    pub(crate) events: Vec<PathBuf>,
    /// `manifest.json`, `topology.json`, `control.csv` and what tells of faults and of links that come and go.
    pub(crate) run: Option<RunFacts>,
    /// `fetch.json`, where the events are those of a fetch.
    pub(crate) fetched: Option<FetchFacts>,
}

/// Finds a run folder's files and reads the small ones.
pub(crate) fn open(path: &Path) -> Result<Folder, InputError> {
    let parquet = path.join("events.parquet");
    let run = match manifest(path)? {
        Some(manifest) if manifest.options.records == Records::None => {
            return Err(InputError::NoRecords { path: path.display().to_string() });
        }
        Some(manifest) => {
            let read = |bytes: &[u8]| Topology::from_json(bytes).map(|topology| (topology, sha256(bytes)));
            let (topology, topology_sha256) = read_json(&path.join("topology.json"), read)?.unzip();
            let control = control(path, &manifest, topology.as_ref())?;
            let faults = faults::read(path, &manifest, topology.as_ref())?;
            let motion = motion::read(path, &manifest)?;
            Some(RunFacts { manifest, topology, topology_sha256, control, faults, motion })
        }
        None => None,
    };
    if parquet.is_file() {
        return Ok(Folder { events: vec![parquet], run, fetched: fetched(path)? });
    }
    let events = logged(path)?;
    if events.is_empty() && run.is_none() {
        return Err(InputError::NotARunFolder { path: path.display().to_string() });
    }
    Ok(Folder { events, run, fetched: None })
}

/// What the run's nodes sent beside copies, where its folder tells. The nodes are those of the topology, else of the roster.
fn control(path: &Path, manifest: &Manifest, topology: Option<&Topology>) -> Result<Option<ControlFacts>, InputError> {
    let path = path.join(control::FILE);
    match topology {
        Some(topology) => control::read(&path, topology.nodes.iter().map(NodeId::as_str)),
        None => control::read(&path, manifest.roster.iter().map(|node| node.id.as_str())),
    }
}

/// The files of a run folder that hold its events as they were logged.
pub(crate) fn logged(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let events = path.join("events.jsonl");
    let io_error = |path: &Path| {
        let path = path.display().to_string();
        move |source| InputError::Source(SourceError::Io { path, source })
    };
    if events.is_file() {
        // A run that was stopped before its first message has no events.
        let holds_lines = events.metadata().map_err(io_error(&events))?.len() > 0;
        return Ok(if holds_lines { vec![events] } else { Vec::new() });
    }
    let parts = path.join("parts");
    if !parts.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&parts).map_err(io_error(&parts))? {
        let file = entry.map_err(io_error(&parts))?.path();
        // A node that was never reached leaves an empty part.
        let holds_lines = file.metadata().map_err(io_error(&file))?.len() > 0;
        if file.extension().is_some_and(|ending| ending == "jsonl") && holds_lines {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The manifest of a run folder, where there is one.
pub(crate) fn manifest(path: &Path) -> Result<Option<Manifest>, InputError> {
    read_json(&path.join("manifest.json"), Manifest::from_json)
}

/// The `fetch.json` of a run folder, where there is one.
pub(crate) fn fetched(path: &Path) -> Result<Option<FetchFacts>, InputError> {
    read_json(&path.join("fetch.json"), |bytes| serde_json::from_slice(bytes))
}

impl FetchFacts {
    /// Adds what the fetch saw to what was seen while reading its result, and puts its sources in the place of it.
    pub(crate) fn merge_into(self, facts: &mut Facts) {
        facts.files = self.files.into_iter().map(Into::into).collect();
        facts.rejected += self.rejected;
        facts.rejected_examples = self.rejected_examples;
        for round in self.rounds {
            let key = (self.run_id.clone(), round.round);
            for (counts, count) in [
                (&mut facts.repeats, round.repeats),
                (&mut facts.conflicts, round.conflicts),
                (&mut facts.contradictory, round.contradictory),
            ] {
                if count > 0 {
                    counts.insert(key.clone(), count);
                }
            }
        }
    }
}

fn read_json<T, E: Display>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<Option<T>, InputError> {
    match std::fs::read(path) {
        Ok(bytes) => parse(&bytes)
            .map(Some)
            .map_err(|error| InputError::Companion { path: path.to_owned(), reason: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SourceError::Io { path: path.display().to_string(), source }.into()),
    }
}
