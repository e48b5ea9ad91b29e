//! What several files hold together: their records, their digests, and the lines that are no events.

use std::io::Read;
use std::path::Path;

use crate::FileFacts;
use crate::block;
use crate::error::SourceError;
use crate::open::Stream;
use crate::parquet;
use crate::table::{Keep, Table};

/// Rejected lines that a report shows.
const EXAMPLES: usize = 10;
/// Bytes that tell what a file holds.
const HEAD: u64 = 1 << 16;

/// Files read so far.
#[derive(Debug)]
pub struct Gather {
    /// Every record.
    pub table: Table,
    /// The files, in the order of reading.
    pub files: Vec<FileFacts>,
    /// Lines that are no events.
    pub rejects: Rejects,
}

/// Lines that are no events.
#[derive(Debug)]
pub struct Rejects {
    /// How many there are.
    pub count: u64,
    /// The first of them, or all.
    pub kept: Vec<Reject>,
    keep: Keep,
}

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub path: String,
    /// Counted from 1.
    pub line: u64,
    pub reason: &'static str,
    pub text: String,
}

/// Whoever takes a file's records, some at a time, in the file's order.
pub type Take<'a, E> = dyn FnMut(Table) -> Result<(), E> + Send + 'a;

impl Gather {
    /// Nothing read yet, of what a report needs.
    pub fn new() -> Self {
        Self { table: Table::new(Keep::Events), files: Vec::new(), rejects: Rejects::new(Keep::Events) }
    }

    /// Reads a file of any kind below what was gathered.
    pub fn read(&mut self, path: &Path) -> Result<(), SourceError> {
        let Self { table, files, rejects } = self;
        files.push(read(Stream::open(path)?, rejects, &mut |part| {
            table.append(&part);
            Ok::<(), SourceError>(())
        })?);
        Ok(())
    }
}

/// Reads a file of any kind. Its records are kept as far as its rejected lines are.
pub fn read<E: From<SourceError> + Send>(
    mut stream: Stream,
    rejects: &mut Rejects,
    take: &mut Take<'_, E>,
) -> Result<FileFacts, E> {
    let (name, rejected, mut rows) = (stream.name.clone(), rejects.count, 0);
    let mut take = |part: Table| {
        rows += part.rows() as u64;
        take(part)
    };
    let mut head = Vec::new();
    if let Err(error) = stream.by_ref().take(HEAD).read_to_end(&mut head) {
        return Err(stream.error(error).into());
    }
    if head.is_empty() {
        return Err(SourceError::Empty { path: name }.into());
    }
    let sha256 = if head.starts_with(parquet::MAGIC) {
        parquet::read(stream, head, rejects.keep, &mut take)?
    } else {
        block::read(stream, head, rejects, &mut take)?
    };
    if rows == 0 {
        let none = match rejects.first_of(&name) {
            Some(first) if rejects.count > rejected => SourceError::NoEvents {
                path: name.clone(),
                rejected: rejects.count - rejected,
                line: first.line,
                reason: first.reason.to_owned(),
            },
            Some(_) | None => SourceError::NoRows { path: name },
        };
        return Err(none.into());
    }
    Ok(FileFacts { path: name, sha256, rows })
}

impl Rejects {
    /// None yet.
    pub fn new(keep: Keep) -> Self {
        Self { count: 0, kept: Vec::new(), keep }
    }

    /// How much of a file's records is kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// How many lines are kept.
    fn limit(&self) -> usize {
        match self.keep {
            Keep::Events => EXAMPLES,
            Keep::Records => usize::MAX,
        }
    }

    pub fn push(&mut self, reject: Reject) {
        self.count += 1;
        if self.kept.len() < self.limit() {
            self.kept.push(reject);
        }
    }

    /// Adds those of a block of `path` that `lines` lines stand before.
    pub fn append(&mut self, block: Self, path: &str, lines: u64) {
        self.count += block.count;
        let room = self.limit() - self.kept.len();
        self.kept.extend(block.kept.into_iter().take(room).map(|reject| Reject {
            path: path.to_owned(),
            line: reject.line + lines,
            ..reject
        }));
    }

    /// The first few, as `file:line: reason`.
    pub fn examples(&self) -> Vec<String> {
        examples(self.kept.iter())
    }

    fn first_of(&self, path: &str) -> Option<&Reject> {
        self.kept.iter().find(|reject| reject.path == path)
    }
}

/// The first few of some rejected lines, as `file:line: reason`.
pub fn examples<'a>(rejects: impl Iterator<Item = &'a Reject>) -> Vec<String> {
    let line = |reject: &Reject| format!("{}:{}: {}", reject.path, reject.line, reject.reason);
    rejects.take(EXAMPLES).map(line).collect()
}

impl Reject {
    /// A line of a block whose file is not known yet.
    pub fn new(line: u64, reason: &'static str, text: &[u8]) -> Self {
        Self { path: String::new(), line, reason, text: String::from_utf8_lossy(text).into_owned() }
    }
}
