//! `fetch.json`: where a run folder's events came from and what was done to them on the way.

use serde::{Deserialize, Serialize};

use super::FileFacts;

/// The version of this file's fields, in `format`.
pub const FORMAT: u32 = 1;

/// `fetch.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchFacts {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of the program that fetched.
    pub version: String,
    /// The run.
    pub run_id: String,
    /// `files`; other sources will have words of their own.
    pub source: String,
    /// The files that hold events of this run.
    pub files: Vec<FetchedFile>,
    /// Records in events.parquet.
    pub rows: u64,
    /// Lines of those files that are no events, of whichever run; they stand in rejects.jsonl.
    pub rejected: u64,
    /// The same by reason.
    pub rejected_by_reason: Vec<RejectedFor>,
    /// The first few of them, as `file:line: reason`.
    pub rejected_examples: Vec<String>,
    /// What was found round by round, in order.
    pub rounds: Vec<FetchedRound>,
}

/// A file that events came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedFile {
    /// As typed.
    pub path: String,
    /// Hex digest of its bytes as they lay on the disk.
    pub sha256: String,
    /// Records of this run in it, repeats included.
    pub rows: u64,
}

/// How many lines were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedFor {
    /// Why they are no events.
    pub reason: String,
    /// How many they are.
    pub count: u64,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedRound {
    /// Its number; 0 is warm-up.
    pub round: u32,
    /// Records in events.parquet.
    pub rows: u64,
    /// Records that said again what another said, which were removed.
    pub repeats: u64,
    /// Records with equal process and seq but other content, which were kept.
    pub conflicts: u64,
}

impl From<FetchedFile> for FileFacts {
    fn from(file: FetchedFile) -> Self {
        Self { path: file.path, sha256: file.sha256, rows: file.rows }
    }
}
