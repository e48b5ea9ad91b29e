//! From what the user named to events: one result for each file or run folder, so that a report can tell them apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::folder::{self, Folder};
use super::gather::Gather;
use super::repeats;
use super::table::Keep;
use super::{Facts, Input, Loaded, input, own};

/// Reads every input. A pattern gives one result for each file that it matches. Equal file names without labels are
/// refused unless they are the same file.
pub fn load(inputs: &[Input]) -> Result<Vec<Loaded>, SourceError> {
    let mut named: Vec<(Option<&str>, PathBuf)> = Vec::new();
    for input in inputs {
        named.extend(input::expand(&input.path)?.into_iter().map(|path| (input.label.as_deref(), path)));
    }
    let unnamed = |(label, path): &&(Option<&str>, PathBuf)| label.is_none() && !path.join("manifest.json").exists();
    let stems: Vec<&Path> = named.iter().filter(unnamed).map(|(_, path)| path.as_path()).collect();
    input::check_stems(&stems)?;
    named.into_iter().map(|(label, path)| load_one(label, &path)).collect()
}

fn load_one(label: Option<&str>, path: &Path) -> Result<Loaded, SourceError> {
    let folder = if path.is_dir() {
        folder::open(path)?
    } else {
        Folder { events: vec![path.to_owned()], run: None, fetched: None }
    };
    let mut loaded = read(&folder.events)?;
    if let Some(fetched) = folder.fetched {
        fetched.merge_into(&mut loaded.facts);
    }
    let own = match &folder.run {
        Some(run) => Some(run.manifest.options.condition.clone()),
        None if path.is_dir() => only_condition(&loaded),
        None => None,
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
