//! What can be asked of BigQuery, as plain values.

use std::path::PathBuf;

use super::target::TargetSpec;

/// How rows travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Storage Read where there are many rows and it is permitted, else REST.
    Auto,
    /// Storage Read: all streams at once.
    Storage,
    /// REST: page by page.
    Rest,
}

impl Method {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Storage, Self::Rest];

    /// As typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Storage => "storage",
            Self::Rest => "rest",
        }
    }
}

/// Which records to fetch, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordsSpec {
    /// Where.
    pub target: TargetSpec,
    /// Every run whose name begins so, besides those that are named.
    pub run_id_prefixes: Vec<String>,
    /// Entries logged from this time on, as typed; none: as the manifests say.
    pub since: Option<String>,
    /// Entries logged before this time, as typed; none: as the manifests say.
    pub until: Option<String>,
    /// A run's manifest; none: the one in the run's folder.
    pub manifest: Option<PathBuf>,
    /// Read all of the table where no time is known.
    pub scan_all: bool,
    /// How rows travel.
    pub method: Method,
    /// For how many minutes to fetch again until every record that a manifest counts has arrived.
    pub wait_min: Option<u32>,
    /// Only say what would be read, and its price.
    pub dry_run: bool,
    /// Read no more than these bytes.
    pub max_bytes_billed: u64,
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSpec {
    /// Where.
    pub target: TargetSpec,
    /// Entries logged from this time on, as typed; none: of the last days.
    pub since: Option<String>,
    /// Entries logged before this time, as typed; none: until now.
    pub until: Option<String>,
    /// Read all of the table.
    pub scan_all: bool,
    /// Read no more than these bytes.
    pub max_bytes_billed: u64,
}

/// What to examine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorSpec {
    /// Where.
    pub target: TargetSpec,
    /// The nodes' namespace, for the commands that make a sink.
    pub namespace: String,
    /// Read no more than these bytes.
    pub max_bytes_billed: u64,
}

/// Which telemetry to fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsSpec {
    /// Whose project; of the target nothing else is used.
    pub target: TargetSpec,
    /// The runs, whose folders are in `out`.
    pub run_ids: Vec<String>,
    /// Where run folders are.
    pub out: PathBuf,
    /// The pods' namespace; none: the manifest's.
    pub pod_namespace: Option<String>,
    /// Another server's root; none: Cloud Monitoring.
    pub endpoint: Option<String>,
}
