//! What to fetch and where to, as plain values, and what a fetch came to.

use std::path::PathBuf;

#[cfg(feature = "bigquery")]
use super::bigquery::spec::RecordsSpec;

/// What to fetch, and where to.
#[derive(Debug, Clone)]
pub struct FetchSpec {
    /// Where the events are.
    pub source: FetchSource,
    /// The runs to fetch; none means all that are there.
    pub run_ids: Vec<String>,
    /// Where run folders are.
    pub out: PathBuf,
    /// What to do with events of another source.
    pub others: OtherEvents,
}

/// Where events are.
#[derive(Debug, Clone)]
pub enum FetchSource {
    /// Files, patterns, run folders; `-` is standard input.
    Files(Vec<PathBuf>),
    /// The logs of pods.
    #[cfg(feature = "kubernetes")]
    Pods(Pods),
    /// A log sink's tables.
    #[cfg(feature = "bigquery")]
    BigQuery(Box<RecordsSpec>),
}

/// What a fetch came to.
#[derive(Debug)]
pub struct Fetched {
    /// The run folders.
    pub folders: Vec<PathBuf>,
    /// What is not there and should be known, a line each.
    pub notes: Vec<String>,
    /// What would be done, where only that was asked for.
    pub plan: Option<String>,
}

/// What to do with events of another source that stand where the fetched ones would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherEvents {
    /// Refuse to fetch.
    Keep,
    /// Replace them.
    Replace,
}

/// Which pods' logs to fetch.
#[cfg(feature = "kubernetes")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pods {
    /// The namespace; none: the kubeconfig's.
    pub namespace: Option<String>,
    /// The context; none: the kubeconfig's current one.
    pub context: Option<String>,
    /// The Helm release; none: every one in the namespace.
    pub release: Option<String>,
}
