//! From what the user named to events: one result for each run folder, and one for all files of a condition.

use std::path::{Path, PathBuf};

use super::error::InputError;
use super::facts::{About, Facts, Loaded};
use super::input::Input;
use super::times::check_times;
use super::{folder, name};
use cnsim_records::builder::{BlockBuilder, Texts};
use cnsim_records::error::{RECORDS_MAX, SourceError};
use cnsim_records::events::{Events, Repetitions};
use cnsim_records::gather::{Reader, Rejects};
use cnsim_records::open::Stream;
use cnsim_records::read;
use cnsim_records::times::TimeScale;

/// Reads every input, whose times are ns since the Unix epoch.
pub fn load(inputs: &[Input]) -> Result<Vec<Loaded>, InputError> {
    each(inputs, TimeScale::default())?.collect()
}

/// The inputs, each read when it is asked for, their times on this scale. A pattern stands for each file that it matches. Equal file names without
/// labels are refused unless they are the same file.
pub fn each(
    inputs: &[Input],
    scale: TimeScale,
) -> Result<impl Iterator<Item = Result<Loaded, InputError>>, InputError> {
    let mut named: Vec<(Option<&str>, PathBuf)> = Vec::new();
    for input in inputs {
        named.extend(name::expand(&input.path)?.into_iter().map(|path| (input.label.as_deref(), path)));
    }
    if let (Some(first), true) = (inputs.first(), named.is_empty()) {
        return Err(InputError::NotARunFolder { path: first.path.display().to_string() });
    }
    // A run folder without a label is the condition of its manifest.
    let by_name = |(label, path): &&(Option<&str>, PathBuf)| label.is_some() || !path.join("manifest.json").exists();
    let names: Vec<(Option<&str>, &Path)> =
        named.iter().filter(by_name).map(|(label, path)| (*label, &**path)).collect();
    name::check_names(&names)?;
    Ok(together(named).into_iter().map(move |part| part.load(scale)))
}

/// What is read as one.
enum Part<'a> {
    Folder { label: Option<&'a str>, path: PathBuf },
    Files { condition: String, paths: Vec<PathBuf> },
}

/// Files of one condition belong together: a run may lie in several, and a record in two.
fn together(named: Vec<(Option<&str>, PathBuf)>) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (label, path) in named {
        if path.is_dir() {
            parts.push(Part::Folder { label, path });
            continue;
        }
        let name = label.map_or_else(|| name::stem(&path), str::to_owned);
        let same = parts.iter_mut().find_map(|part| match part {
            Part::Files { condition, paths } if *condition == name => Some(paths),
            Part::Files { .. } | Part::Folder { .. } => None,
        });
        match same {
            Some(paths) => paths.push(path),
            None => parts.push(Part::Files { condition: name, paths: vec![path] }),
        }
    }
    parts
}

impl Part<'_> {
    fn load(self, scale: TimeScale) -> Result<Loaded, InputError> {
        match self {
            Self::Folder { label, path } => load_folder(label, &path, scale),
            Self::Files { condition, paths } => {
                let (facts, events) = read(&paths, scale)?;
                Ok(Loaded { about: About { condition, facts, ..About::default() }, events })
            }
        }
    }
}

fn load_folder(label: Option<&str>, path: &Path, scale: TimeScale) -> Result<Loaded, InputError> {
    let folder = folder::open(path)?;
    let (mut facts, events) = read(&folder.events, scale)?;
    if let Some(fetched) = folder.fetched {
        fetched.merge_into(&mut facts);
    }
    let control = folder.run.as_ref().and_then(|run| run.control.as_ref());
    facts.files.extend(control.map(|control| control.file.clone()));
    let faults = folder.run.as_ref().and_then(|run| run.faults.as_ref());
    facts.files.extend(faults.into_iter().flat_map(|faults| faults.files.clone()));
    let motion = folder.run.as_ref().and_then(|run| run.motion.as_ref()?.contacts.as_ref());
    facts.files.extend(motion.map(|(file, _)| file.clone()));
    let own = match &folder.run {
        Some(run) => Some(run.manifest.options.condition.clone()),
        None => only_condition(&events),
    };
    let own = own.filter(|condition| !condition.is_empty());
    let condition = label.map(str::to_owned).or(own).unwrap_or_else(|| name::stem(path));
    let runs = folder.run.into_iter().map(|run| (run.manifest.run_id.clone(), run)).collect();
    Ok(Loaded { about: About { condition, facts, runs }, events })
}

/// Reads files that belong together, and removes what they say twice. Times that no clock of these years gives are refused.
fn read(files: &[PathBuf], scale: TimeScale) -> Result<(Facts, Events), InputError> {
    let (facts, events) = read_files(files, scale)?;
    match (files.first(), events.span_ns()) {
        (Some(file), Some(span_ns)) => check_times(file, span_ns, scale).map(|()| (facts, events)),
        _ => Ok((facts, events)),
    }
}

fn read_files(files: &[PathBuf], scale: TimeScale) -> Result<(Facts, Events), InputError> {
    if let [file] = files
        && let Some((events, facts)) = cnsim_records::own::read(file, scale)?
    {
        return Ok((Facts { files: vec![facts], ..Facts::default() }, events));
    }
    let (texts, mut blocks, mut rejects) = (Texts::default(), Vec::new(), Rejects::keeping_few());
    let mut read = Vec::new();
    for file in files {
        let new = |rows| BlockBuilder::new(&texts, rows, scale);
        let mut take = |block: BlockBuilder| {
            blocks.push(block.finish());
            Ok::<(), SourceError>(())
        };
        read.push(read::read(Stream::open(file)?, Reader { new: &new, rejects: &mut rejects, take: &mut take })?);
        if read.iter().map(|file| file.rows).sum::<u64>() > RECORDS_MAX {
            return Err(SourceError::TooManyRecords { path: file.display().to_string() }.into());
        }
    }
    let (events, Repetitions { repeats, conflicts, contradictory }) =
        Events::of_blocks(blocks, &texts).expect("blocks have the columns of events");
    let (rejected, rejected_examples) = (rejects.count, rejects.examples());
    Ok((Facts { files: read, rejected, rejected_examples, repeats, conflicts, contradictory }, events))
}

/// The condition that all events name.
fn only_condition(events: &Events) -> Option<String> {
    let mut conditions = events.names().conditions.iter();
    conditions.next().filter(|_| conditions.next().is_none()).map(str::to_owned)
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
