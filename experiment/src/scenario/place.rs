//! Where something stands in a scenario file, and what is wrong there.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

/// A scenario file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {wrong}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// What.
        wrong: Box<Wrong>,
    },
}

impl FileError {
    /// Whether the file is there, and something else has to stand in it.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Read { .. } => false,
            Self::Wrong { .. } => true,
        }
    }
}

/// What is wrong in a line.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// It is not TOML.
    #[error("not TOML: {0}")]
    Toml(String),
    /// No such key.
    #[error("there is no key {key}{}", did_you_mean(*.near, "`cnsim scenario new` shows them all"))]
    Key {
        /// As it stands there.
        key: String,
        /// The key that is most like it.
        near: Option<&'static str>,
    },
    /// A key of what is typed beside a file.
    #[error("{0} is typed, it stands in no file")]
    OnlyTyped(&'static str),
    /// A key twice, by two of its names.
    #[error("{0} is there already")]
    Twice(&'static str),
    /// A value of a wrong form.
    #[error("{key} {form}")]
    Form {
        /// The key.
        key: &'static str,
        /// What its value is.
        form: &'static str,
    },
    /// A value that the flag does not take, in clap's words.
    #[error("{0}")]
    Value(String),
    /// A fault that is no table.
    #[error("fault {0} is a table, as [fault.{0}] with its keys below")]
    NoTable(String),
    /// `fault` is not a table of tables.
    #[error("a fault is a table with a name, as [fault.split]")]
    NoFault,
    /// What is wrong with a fault.
    #[error("fault {name}: {wrong}")]
    Fault {
        /// What it is called.
        name: String,
        /// What.
        wrong: WrongFault,
    },
}

/// What is wrong in a fault's table.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum WrongFault {
    /// It does not say what it does.
    #[error("kind is missing: use {}", .0.join(", "))]
    NoKind(Vec<&'static str>),
    /// No such kind.
    #[error("there is no kind {word:?}{}", did_you_mean(*.near, &format!("use {}", known.join(", "))))]
    Kind {
        /// As it stands there.
        word: String,
        /// The kind that is most like it.
        near: Option<&'static str>,
        /// All of them.
        known: Vec<&'static str>,
    },
    /// The kind has no such key.
    #[error("a {kind} has no key {key}{}", did_you_mean(*.near, &format!("its keys are {}", known.join(", "))))]
    Key {
        /// What the fault is.
        kind: &'static str,
        /// As it stands there.
        key: String,
        /// The key that is most like it.
        near: Option<&'static str>,
        /// All of them.
        known: Vec<&'static str>,
    },
    /// A key that the kind cannot do without.
    #[error("a {kind} needs {key}")]
    Missing {
        /// What the fault is.
        kind: &'static str,
        /// The key.
        key: String,
    },
    /// A key twice, by two of its names.
    #[error("{0} is there already")]
    Twice(&'static str),
    /// A value that the key does not take.
    #[error("{key}: {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// Why not.
        why: String,
    },
    /// What all keys together are not.
    #[error("{0}")]
    Whole(String),
}

/// A text with its file's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
}

impl<'a> Source<'a> {
    /// All that stands in it.
    pub(crate) fn table(self) -> Result<DeTable<'a>, FileError> {
        match DeTable::parse(self.text) {
            Ok(table) => Ok(table.into_inner()),
            Err(error) => {
                let said = error.message().replace('\n', ", ");
                Err(self.wrong(&error.span().unwrap_or_default(), Wrong::Toml(said)))
            }
        }
    }

    /// The line at these bytes, from 1 on.
    pub(crate) fn line(self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or(self.text.as_bytes());
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The error of what is wrong at these bytes.
    pub(super) fn wrong(self, span: &Range<usize>, wrong: Wrong) -> FileError {
        FileError::Wrong { path: self.path.to_owned(), line: self.line(span), wrong: Box::new(wrong) }
    }
}

/// What follows an unknown word: the one that may have been meant, or else where to look.
pub(crate) fn did_you_mean(near: Option<&str>, otherwise: &str) -> String {
    near.map_or_else(|| format!(": {otherwise}"), |near| format!(": did you mean {near}?"))
}
