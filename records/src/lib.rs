//! Event records as columns: readers for every form in which records are kept, one schema, sorting in bounded memory, and
//! writers.

pub mod block;
pub mod column;
pub mod csv;
pub mod error;
pub mod frame;
pub mod gather;
pub mod hash;
pub mod intern;
pub mod open;
pub mod own;
pub mod parquet;
pub mod repeats;
pub mod spool;
pub mod table;
pub mod whole;

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// As typed.
    pub path: String,
    /// Hex digest of its bytes as they lie on the disk.
    pub sha256: String,
    /// Records in it, before repeats were removed.
    pub rows: u64,
}
