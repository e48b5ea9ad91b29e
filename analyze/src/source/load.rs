//! From what the user named to events: one result for each run folder, and one for all files of a condition.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::folder;
use super::gather::Gather;
use super::repeats;
use super::table::Keep;
use super::{Facts, Input, Loaded, input, own};

/// Reads every input. A pattern stands for each file that it matches. Equal file names without labels are
/// refused unless they are the same file.
pub fn load(inputs: &[Input]) -> Result<Vec<Loaded>, SourceError> {
    let mut named: Vec<(Option<&str>, PathBuf)> = Vec::new();
    for input in inputs {
        named.extend(input::expand(&input.path)?.into_iter().map(|path| (input.label.as_deref(), path)));
    }
    let unnamed = |(label, path): &&(Option<&str>, PathBuf)| label.is_none() && !path.join("manifest.json").exists();
    let stems: Vec<&Path> = named.iter().filter(unnamed).map(|(_, path)| path.as_path()).collect();
    input::check_stems(&stems)?;
    together(named).into_iter().map(Part::load).collect()
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
        let name = label.map_or_else(|| input::stem(&path), str::to_owned);
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
    fn load(self) -> Result<Loaded, SourceError> {
        match self {
            Self::Folder { label, path } => load_folder(label, &path),
            Self::Files { condition, paths } => Ok(Loaded { condition, ..read(&paths)? }),
        }
    }
}

fn load_folder(label: Option<&str>, path: &Path) -> Result<Loaded, SourceError> {
    let folder = folder::open(path)?;
    let mut loaded = read(&folder.events)?;
    if let Some(fetched) = folder.fetched {
        fetched.merge_into(&mut loaded.facts);
    }
    let own = match &folder.run {
        Some(run) => Some(run.manifest.options.condition.clone()),
        None => only_condition(&loaded),
    };
    let own = own.filter(|condition| !condition.is_empty());
    loaded.condition = label.map(str::to_owned).or(own).unwrap_or_else(|| input::stem(path));
    loaded.runs = folder.run.into_iter().map(|run| (run.manifest.run_id.clone(), run)).collect();
    Ok(loaded)
}

/// Reads files that belong together, and removes what they say twice.
fn read(files: &[PathBuf]) -> Result<Loaded, SourceError> {
    if let [file] = files
        && let Some((events, facts)) = own::read(file)?
    {
        return Ok(Loaded { events, facts: Facts { files: vec![facts], ..Facts::default() }, ..Loaded::default() });
    }
    let mut gather = Gather::new(Keep::Events);
    for file in files {
        gather.read(file)?;
    }
    Ok(finish(gather))
}

fn finish(gather: Gather) -> Loaded {
    let Gather { mut table, files, rejects, .. } = gather;
    let found = repeats::find(&table);
    let count = |rows: &[u32]| {
        let mut counts: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for row in rows {
            let row = *row as usize;
            *counts.entry((table.run.text(row).to_owned(), table.round[row])).or_default() += 1;
        }
        counts
    };
    let facts = Facts {
        files,
        rejected: rejects.count,
        rejected_examples: rejects.examples(),
        repeats: count(&found.repeated),
        conflicts: count(&found.conflicting),
    };
    if !found.repeated.is_empty() {
        let mut keep = vec![true; table.rows()];
        found.repeated.iter().for_each(|row| keep[*row as usize] = false);
        table.retain(&keep);
    }
    Loaded { events: table.into_events(), facts, ..Loaded::default() }
}

/// The condition that all events name.
fn only_condition(loaded: &Loaded) -> Option<String> {
    match loaded.events.names.conditions.texts() {
        [condition] => Some(condition.clone()),
        [] | [_, ..] => None,
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
