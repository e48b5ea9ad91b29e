//! A bundle: one zip with everything that a reader needs to make a report again, and the report itself.
//!
//! `inputs/` holds the files that the report was made from, `report/` the report on them under these very names,
//! `METHODS.md` the settings in words, `REPRODUCE.md` what to type, and `bundle.json` the options and the digest of every
//! other file. The same inputs, options and build give the same bytes.

mod pack;
mod stage;
mod verify;
mod words;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use cnsim::manifest::Tool;
use serde::{Deserialize, Serialize};

use crate::commands::runs::Format;
use crate::inputs::Input;
use crate::inputs::telemetry::{Quantity, Source};
use crate::measure::Origin;
use crate::measure::usage::Window;
use crate::output::figure_file::{FigureOptions, FigureWords};
use crate::report::ReportOptions;

pub(crate) use pack::pack;
pub use verify::{Verified, verify};

/// The version of the bundle's form.
const FORMAT: u32 = 2;
/// The file of options and digests.
const INDEX: &str = "bundle.json";
/// The folder of the report.
const REPORT: &str = "report";
/// The folder of what it was made from.
const INPUTS: &str = "inputs";

/// Why a bundle could not be made or is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Something that only passes by.
    #[error("standard input cannot go into a bundle: save it to a file first")]
    StandardInput,
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It is no zip, or a damaged one.
    #[error("{}: {reason}", path.display())]
    Zip {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A zip of something else.
    #[error("{}: it is no bundle of cnsim-analyze: {reason}", path.display())]
    NoBundle {
        /// Which.
        path: PathBuf,
        /// What gives it away.
        reason: String,
    },
    /// Files that are not as they were bundled.
    #[error("{}: it was changed after it was made: {}", path.display(), files.join(", "))]
    Changed {
        /// The bundle.
        path: PathBuf,
        /// Each file with what befell it.
        files: Vec<String>,
    },
    /// The report cannot be made again.
    #[error("the report cannot be made again from the bundle's inputs: {0}")]
    Report(String),
    /// The report that was made again says something else.
    #[error("{}: made again, the report differs: {}; {hint}", path.display(), files.join(", "))]
    Differs {
        /// The bundle.
        path: PathBuf,
        /// Each file with the first difference.
        files: Vec<String>,
        /// What may explain it.
        hint: String,
    },
}

/// `bundle.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    format: u32,
    tool: Tool,
    options: Options,
    /// Hex digests by path.
    files: BTreeMap<String, String>,
}

/// What the report was asked for, its paths being those in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Options {
    inputs: Vec<Labelled>,
    telemetry: Vec<Measuring>,
    origin: String,
    warm_up: u32,
    window: String,
    figures: FigureWords,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Labelled {
    label: Option<String>,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Measuring {
    condition: Option<String>,
    quantity: Option<String>,
    path: String,
}

impl Options {
    /// The options of a report on the bundle's inputs, which lie in `root`.
    fn on(&self, root: &Path, tool: Tool) -> Option<ReportOptions> {
        let input = |input: &Labelled| Input { label: input.label.clone(), path: root.join(&input.path) };
        let source = |source: &Measuring| {
            let quantity = match &source.quantity {
                Some(word) => Some(Quantity::of_word(word)?),
                None => None,
            };
            Some(Source { condition: source.condition.clone(), quantity, path: root.join(&source.path) })
        };
        Some(ReportOptions {
            inputs: self.inputs.iter().map(input).collect(),
            output: None,
            origin: Origin::ALL.into_iter().find(|origin| origin.as_str() == self.origin)?,
            warm_up: self.warm_up,
            telemetry: self.telemetry.iter().map(source).collect::<Option<_>>()?,
            window: [Window::Block, Window::Seed].into_iter().find(|window| window.as_str() == self.window)?,
            bundle: None,
            figures: FigureOptions::of(&self.figures)?,
            format: Format::Table,
            tool,
        })
    }
}
