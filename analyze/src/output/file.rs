//! A file as a plain value: nothing here writes it.

use bytes::Bytes;

/// A file that a command is going to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path inside the folder that it goes into, with `/`.
    pub path: String,
    /// What it holds; copies of it share it.
    pub bytes: Bytes,
}
