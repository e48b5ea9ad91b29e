//! Copies the files that a report is made from into a folder, under the names that a bundle gives them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{BundleError, INPUTS, Labelled, Measuring, Options};
use crate::inputs::telemetry;
use crate::inputs::{folder, name};
use crate::report::ReportOptions;

/// The files of a run folder that a report reads beside its events.
const SMALL: [&str; 4] = ["manifest.json", "topology.json", "fetch.json", telemetry::FILE];

/// Copies every input below `root`; gives the options with the names that they have there.
pub(super) fn stage(options: &ReportOptions, root: &Path) -> anyhow::Result<Options> {
    let mut inputs = Vec::new();
    for one in &options.inputs {
        for path in name::expand(&one.path)? {
            let number = inputs.len() + 1;
            let name = copy(&path, root, &format!("{INPUTS}/{number:02}"))?;
            inputs.push(Labelled { label: one.label.clone(), path: name });
        }
    }
    let mut telemetry = Vec::new();
    for one in &options.telemetry {
        let number = telemetry.len() + 1;
        let path = copy(&one.path, root, &format!("{INPUTS}/telemetry/{number:02}"))?;
        let quantity = one.quantity.map(|quantity| quantity.word().to_owned());
        telemetry.push(Measuring { condition: one.condition.clone(), quantity, path });
    }
    let (origin, window) = (options.origin.as_str().to_owned(), options.window.as_str().to_owned());
    Ok(Options { inputs, telemetry, origin, warm_up: options.warm_up, window, figures: options.figures.words() })
}

/// Copies a file or a run folder below `root/place`; gives its name there.
fn copy(path: &Path, root: &Path, place: &str) -> anyhow::Result<String> {
    if path == Path::new("-") {
        return Err(BundleError::StandardInput.into());
    }
    let own = path.canonicalize().with_context(|| path.display().to_string())?;
    let name = own.file_name().context("a file or folder has a name")?.to_string_lossy().into_owned();
    let target = root.join(place).join(&name);
    if !path.is_dir() {
        copy_file(path, &target)?;
        return Ok(format!("{place}/{name}"));
    }
    let small = SMALL.iter().map(|name| path.join(name)).filter(|file| file.is_file());
    let files: Vec<PathBuf> = folder::open(path)?.events.into_iter().chain(small).collect();
    for file in files {
        let below = file.strip_prefix(path).expect("a run folder's files lie in it").to_owned();
        copy_file(&file, &target.join(below))?;
    }
    Ok(format!("{place}/{name}"))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), BundleError> {
    let parent = to.parent().expect("a joined path has a parent");
    let copied = fs::create_dir_all(parent).and_then(|()| fs::copy(from, to));
    copied.map(drop).map_err(|reason| BundleError::File { path: from.to_owned(), reason })
}
