//! What several files hold together: their records, their digests, and the lines that are no events.

use std::io::Read;
use std::path::Path;

use super::FileFacts;
use super::block;
use super::error::SourceError;
use super::open::Stream;
use super::parquet;
use super::table::{Keep, Table};

/// Rejected lines that a report shows.
const EXAMPLES: usize = 10;
/// Bytes that tell what a file holds.
const HEAD: u64 = 1 << 16;

/// Files read so far.
#[derive(Debug)]
pub(crate) struct Gather {
    /// Every record.
    pub(crate) table: Table,
    /// The files, in the order of reading.
    pub(crate) files: Vec<FileFacts>,
    /// Lines that are no events.
    pub(crate) rejects: Rejects,
    keep: Keep,
}

/// Lines that are no events.
#[derive(Debug)]
pub(crate) struct Rejects {
    /// How many there are.
    pub(crate) count: u64,
    /// The first of them, or all.
    pub(crate) kept: Vec<Reject>,
    limit: usize,
}

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: u64,
    pub(crate) reason: &'static str,
    pub(crate) text: String,
}

impl Gather {
    /// Nothing read yet.
    pub(crate) fn new(keep: Keep) -> Self {
        Self { table: Table::new(keep), files: Vec::new(), rejects: Rejects::new(keep), keep }
    }

    pub(crate) fn keep(&self) -> Keep {
        self.keep
    }

    /// Reads a file of any kind below what was gathered.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(), SourceError> {
        self.take(Stream::open(path)?)
    }

    /// The same for a file that is called `name` wherever it is spoken of.
    #[cfg(feature = "kubernetes")]
    pub(crate) fn read_as(&mut self, path: &Path, name: String) -> Result<(), SourceError> {
        let mut stream = Stream::open(path)?;
        stream.name = name;
        self.take(stream)
    }

    fn take(&mut self, mut stream: Stream) -> Result<(), SourceError> {
        let name = stream.name.clone();
        let (rows, rejected) = (self.table.rows(), self.rejects.count);
        let mut head = Vec::new();
        if let Err(error) = stream.by_ref().take(HEAD).read_to_end(&mut head) {
            return Err(stream.error(error));
        }
        if head.is_empty() {
            return Err(SourceError::Empty { path: name });
        }
        let sha256 = if head.starts_with(parquet::MAGIC) {
            parquet::read(stream, head, &mut self.table)?
        } else {
            block::read(stream, head, self)?
        };
        let read = self.table.rows() - rows;
        if read == 0 {
            return Err(match self.rejects.first_of(&name) {
                Some(first) if self.rejects.count > rejected => SourceError::NoEvents {
                    path: name.clone(),
                    rejected: self.rejects.count - rejected,
                    line: first.line,
                    reason: first.reason.to_owned(),
                },
                Some(_) | None => SourceError::NoRows { path: name },
            });
        }
        self.files.push(FileFacts { path: name, sha256, rows: read as u64 });
        Ok(())
    }
}

impl Rejects {
    /// None yet.
    pub(crate) fn new(keep: Keep) -> Self {
        let limit = match keep {
            Keep::Events => EXAMPLES,
            Keep::Records => usize::MAX,
        };
        Self { count: 0, kept: Vec::new(), limit }
    }

    pub(crate) fn push(&mut self, reject: Reject) {
        self.count += 1;
        if self.kept.len() < self.limit {
            self.kept.push(reject);
        }
    }

    /// Adds those of a block of `path` that `lines` lines stand before.
    pub(crate) fn append(&mut self, block: Self, path: &str, lines: u64) {
        self.count += block.count;
        let room = self.limit - self.kept.len();
        self.kept.extend(block.kept.into_iter().take(room).map(|reject| Reject {
            path: path.to_owned(),
            line: reject.line + lines,
            ..reject
        }));
    }

    /// The first few, as `file:line: reason`.
    pub(crate) fn examples(&self) -> Vec<String> {
        examples(self.kept.iter())
    }

    fn first_of(&self, path: &str) -> Option<&Reject> {
        self.kept.iter().find(|reject| reject.path == path)
    }
}

/// The first few of some rejected lines, as `file:line: reason`.
pub(crate) fn examples<'a>(rejects: impl Iterator<Item = &'a Reject>) -> Vec<String> {
    let line = |reject: &Reject| format!("{}:{}: {}", reject.path, reject.line, reject.reason);
    rejects.take(EXAMPLES).map(line).collect()
}

impl Reject {
    /// A line of a block whose file is not known yet.
    pub(crate) fn new(line: u64, reason: &'static str, text: &[u8]) -> Self {
        Self { path: String::new(), line, reason, text: String::from_utf8_lossy(text).into_owned() }
    }
}
