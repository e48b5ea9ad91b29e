//! Event records as columns: readers for every form in which records are kept, one schema, sorting in bounded memory, and
//! writers.
//!
//! A record takes these forms: a line, a row or a cell of a file; a [`cnsim::event::Record`] that borrows from it; a row of
//! the [events frame](events::Events), or an entry of a [spool](spool::Spool) that sorts it into a file.

pub mod builder;
pub mod columns;
pub mod error;
pub mod events;
pub mod gather;
pub mod identity;
pub mod names;
pub mod numbered;
pub mod open;
pub mod own;
pub mod parquet;
pub mod read;
pub mod schema;
pub mod spool;
pub mod times;
pub mod write;

mod block;
mod column_builder;
mod csv;
mod repeats;
mod short;

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
