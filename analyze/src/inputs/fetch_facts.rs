//! `fetch.json`: where a run folder's events came from and what was done to them on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use cnsim_records::FileFacts;
pub use cnsim_records::spool::FetchedRound;

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
    /// `files`, `kubernetes` for pods' logs, or `bigquery`.
    pub source: String,
    /// The files that hold events of this run.
    pub files: Vec<FetchedFile>,
    /// Records in events.parquet.
    pub rows: u64,
    /// Whether the run's manifest counts no record that is not among them; false where there was no manifest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// Lines of those files that are no events, of whichever run; they stand in rejects.jsonl.
    pub rejected: u64,
    /// The same by reason.
    pub rejected_by_reason: Vec<RejectedFor>,
    /// The first few of them, as `file:line: reason`.
    pub rejected_examples: Vec<String>,
    /// What was found round by round, in order.
    pub rounds: Vec<FetchedRound>,
    /// What pods' logs held of each process, where they are the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<FetchedProcess>,
    /// The queries, where BigQuery is the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<FetchedQuery>,
}

/// One query of BigQuery's, which may have found other runs' records besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedQuery {
    /// The table, as `project.dataset.table`.
    pub table: String,
    /// The statement.
    pub sql: String,
    /// Entries logged from this instant on were looked at.
    pub since: String,
    /// And before this one.
    pub until: String,
    /// All that was put into the statement, as `--dry-run` prints it.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The job's id.
    pub job: String,
    /// Where it ran.
    pub location: String,
    /// How rows came: `storage` or `rest`.
    pub method: String,
    /// Rows of its result.
    pub rows: u64,
    /// Bytes that it read.
    pub bytes_processed: u64,
    /// Bytes to be paid.
    pub bytes_billed: u64,
    /// Whether an earlier job's result was taken.
    pub cache_hit: bool,
}

/// A file that events came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedFile {
    /// As typed; `project.dataset.table` in BigQuery.
    pub path: String,
    /// Hex digest of its bytes as they lay on the disk; in BigQuery of its records' hashes in order.
    pub sha256: String,
    /// Records of this run in it, repeats included.
    pub rows: u64,
}

/// One process's records of the run in one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedProcess {
    /// The pod.
    pub pod: String,
    /// `current`, or `previous` for the container before the last restart.
    pub container: String,
    /// Lines of the log, of whichever run, diagnostics included.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The process as the records name it; empty where there is none.
    pub process: String,
    /// Records of this run, repeats included.
    pub records: u64,
    /// The first sequence number; above 1 where the log has lost its beginning.
    pub first_seq: Option<u64>,
    /// The last one. Whether there were more is not known here.
    pub last_seq: Option<u64>,
    /// Numbers between them that are missing, as first and last of each gap.
    pub gaps: Vec<[u64; 2]>,
}

/// How many lines were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedFor {
    /// Why they are no events.
    pub reason: String,
    /// How many they are.
    pub count: u64,
}

impl From<FetchedFile> for FileFacts {
    fn from(file: FetchedFile) -> Self {
        Self { path: file.path, sha256: file.sha256, rows: file.rows }
    }
}
