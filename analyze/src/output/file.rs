//! A file as a plain value: nothing here writes it.

/// A file that a command is going to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path inside the folder that it goes into, with `/`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}
