//! Why a study cannot be made, or gone on with.

use std::io;
use std::path::PathBuf;

use cnsim_files::WriteError;

use crate::plan::PlanError;
use crate::scenario::place::{FileError, did_you_mean};
use crate::topology_source::SourceError;

/// Why a study cannot be made, or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// What stands in the file is no scenario.
    #[error(transparent)]
    Scenario(#[from] FileError),
    /// Something that belongs to the study is wrong in its file.
    #[error("{}:{line}: {wrong}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// What.
        wrong: Box<WrongStudy>,
    },
    /// The keys of a cell do not go together, in clap's words.
    #[error("{}: cell {cell} ({condition}): {reason}", path.display())]
    Typed {
        /// The file.
        path: PathBuf,
        /// The cell's number.
        cell: u32,
        /// What it is called.
        condition: String,
        /// Why not.
        reason: String,
    },
    /// No run can be made of a cell.
    #[error("{place}: cell {cell} ({condition}): {reason}")]
    Cell {
        /// `FILE` or `FILE:LINE`.
        place: String,
        /// The cell's number.
        cell: u32,
        /// What it is called.
        condition: String,
        /// Why not.
        reason: Box<PlanError>,
    },
    /// More cells than anybody may have meant.
    #[error("{}: {cells} cells are more than {limit}: --limit {cells} runs them all the same", path.display())]
    TooManyCells {
        /// The file.
        path: PathBuf,
        /// How many there are.
        cells: u64,
        /// How many there may be.
        limit: u64,
    },
    /// A graph for all blocks cannot be made.
    #[error(transparent)]
    Topology(#[from] SourceError),
    /// What stands in the study's folder is another study.
    #[error("{}: {}", folder.display(), .changed)]
    Changed {
        /// The folder.
        folder: PathBuf,
        /// What is not as it was.
        changed: String,
    },
    /// The folder belongs to another process.
    #[error("{} is in use: another study run is going on in it", .0.display())]
    Busy(PathBuf),
    /// There is no such study.
    #[error("there is no study in {}: it has no study.json", .0.display())]
    None(PathBuf),
    /// What a study's file says of itself cannot be read.
    #[error("{}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A number of nodes for all, where it varies.
    #[error("--nodes: {} varies nodes", .0.display())]
    NodesVary(PathBuf),
    /// No study can be called so.
    #[error("{name}: {why}")]
    Name {
        /// As typed.
        name: String,
        /// Why not.
        why: String,
    },
    /// Nothing to report on.
    #[error("no run of study {0} is complete yet: cnsim study status {0} says what there is")]
    NoRuns(String),
}

impl StudyError {
    /// Whether something else has to be typed, or to stand in the file.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Scenario(error) => error.is_usage(),
            Self::Topology(error) => error.is_usage(),
            Self::Wrong { .. }
            | Self::Typed { .. }
            | Self::Cell { .. }
            | Self::TooManyCells { .. }
            | Self::Changed { .. }
            | Self::Name { .. }
            | Self::NodesVary(_)
            | Self::None(_) => true,
            Self::Busy(_) | Self::Record { .. } | Self::Read { .. } | Self::Write(_) | Self::NoRuns(_) => false,
        }
    }
}

/// What is wrong in a line of a study's file.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum WrongStudy {
    /// Nothing varies.
    #[error(
        "a study varies something: [vary] needs a key with a list of values, as protocol = [\"flood\", \"push:4\"]"
    )]
    NoFactor,
    /// What varies is no list.
    #[error("{0} takes a list of the values that it has in turn, as [\"0%\", \"5%\"]")]
    NoList(String),
    /// It has no value.
    #[error("{0} has an empty list, so the study has no cell")]
    NoLevel(String),
    /// A value that is no text and no number.
    #[error("{0}: a value is a text, a number, true or false; of sides a list of texts")]
    Level(String),
    /// A value twice.
    #[error("{key} has {level} twice")]
    SameLevel {
        /// What varies.
        key: String,
        /// The value.
        level: String,
    },
    /// No such key.
    #[error("there is no key {key}{}", did_you_mean(.near.as_deref(), "`cnsim scenario new` shows them all"))]
    Key {
        /// As it stands there.
        key: String,
        /// The key that is most like it.
        near: Option<String>,
    },
    /// A fault that is not there.
    #[error("{key}: the file has no fault {fault}: write its table, as [fault.{fault}]")]
    NoFault {
        /// What varies.
        key: String,
        /// The fault.
        fault: String,
    },
    /// A key that the study gives a value to.
    #[error("{key} stands in no study: {why}")]
    Taken {
        /// The key.
        key: &'static str,
        /// What gives it a value.
        why: &'static str,
    },
    /// A table that is something else.
    #[error("{0}")]
    Form(&'static str),
    /// A key that does not vary, where only those that do can stand.
    #[error("{table}: {key} does not vary{}", did_you_mean(.near.as_deref(), &format!("what varies is {}", known.join(", "))))]
    NoSuchFactor {
        /// Where it stands.
        table: &'static str,
        /// As it stands there.
        key: String,
        /// The factor that is most like it.
        near: Option<String>,
        /// All factors.
        known: Vec<String>,
    },
    /// A value that a factor does not have.
    #[error("{table}: {key} is never {level}: its values are {}", known.join(", "))]
    NoSuchLevel {
        /// Where it stands.
        table: &'static str,
        /// The factor.
        key: String,
        /// As it stands there.
        level: String,
        /// All values.
        known: Vec<String>,
    },
    /// Every combination is left out.
    #[error("nothing is left: the exclusions take every cell")]
    NothingLeft,
    /// Two conditions with one name.
    #[error("the name {name:?} stands for two conditions: {one}, and {other}")]
    SameName {
        /// The name.
        name: String,
        /// What one varies in.
        one: String,
        /// And the other.
        other: String,
    },
    /// A setting that cannot be.
    #[error("[study] {key}: {why}")]
    Setting {
        /// The key.
        key: String,
        /// Why not.
        why: String,
    },
}
