//! What readers give: a file's records, part by part, to whoever gathers them, and the lines that are no events.

use cnsim::event::Record;

use crate::error::LineProblem;

/// Rejected lines that a report shows.
const EXAMPLES: usize = 10;
/// What the records of a part of a file become.
pub trait Gather: Send {
    /// Adds a record.
    fn push(&mut self, record: &Record<'_>);

    /// How many records it has.
    fn rows(&self) -> usize;
}

/// How files are read: what each part of one becomes, and who takes it.
pub struct Reader<'r, 't, G, E> {
    /// Begins a part that will have so many records, or fewer.
    pub new: &'r (dyn Fn(usize) -> G + Sync),
    /// Lines that are no events.
    pub rejects: &'r mut Rejects,
    /// Takes the parts, in the file's order.
    pub take: &'r mut Take<'t, G, E>,
}

/// What one block gave.
pub struct Parsed<G> {
    /// Its records.
    pub records: G,
    /// Lines in the block.
    pub lines: u64,
    /// Lines that are no events, counted within the block.
    pub rejects: Rejects,
    /// The first broken line within the block, where reading ended.
    pub stop: Option<(u64, LineProblem)>,
}

/// Lines that are no events.
#[derive(Debug, Clone)]
pub struct Rejects {
    /// How many there are.
    pub count: u64,
    /// The first of them, or all.
    pub kept: Vec<Reject>,
    /// How many are kept.
    limit: usize,
}

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The file, as typed.
    pub path: String,
    /// Counted from 1.
    pub line: u64,
    /// Why it is none.
    pub reason: &'static str,
    /// The line.
    pub text: String,
}

/// Whoever takes a file's records, some at a time, in the file's order.
pub type Take<'a, G, E> = dyn FnMut(G) -> Result<(), E> + Send + 'a;

impl Rejects {
    /// None yet; the first few will be kept.
    pub fn keeping_few() -> Self {
        Self { count: 0, kept: Vec::new(), limit: EXAMPLES }
    }

    /// None yet; all will be kept.
    pub fn keeping_all() -> Self {
        Self { count: 0, kept: Vec::new(), limit: usize::MAX }
    }

    /// None yet, of which as many will be kept as of these.
    pub(crate) fn emptied(&self) -> Self {
        Self { count: 0, kept: Vec::new(), limit: self.limit }
    }

    /// Adds one.
    pub fn push(&mut self, reject: Reject) {
        self.count += 1;
        if self.kept.len() < self.limit {
            self.kept.push(reject);
        }
    }

    /// Adds those of a block of `path` that `lines` lines stand before.
    pub fn append(&mut self, block: Self, path: &str, lines: u64) {
        self.count += block.count;
        let room = self.limit - self.kept.len();
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

    pub(crate) fn first_of(&self, path: &str) -> Option<&Reject> {
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
