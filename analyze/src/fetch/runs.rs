//! One run on its way to its folder, and which runs are wanted.

use cnsim::id::RunId;
use cnsim_records::gather::Reject;
use cnsim_records::spool::{Spool, SpooledRun};

use super::error::FetchError;
use crate::inputs::fetch_facts::{FORMAT, FetchFacts};

/// One run on its way to its folder.
pub(super) struct FetchedRun {
    /// `fetch.json`, as far as it is known before the records are in order.
    pub(super) facts: FetchFacts,
    pub(super) records: SpooledRun,
    /// The lines of its files that are no events.
    pub(super) rejects: Vec<Reject>,
}

/// What is known of a run before anything else is.
pub(super) fn new_facts(run_id: &str, source: &str) -> FetchFacts {
    FetchFacts {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: run_id.to_owned(),
        source: source.to_owned(),
        files: Vec::new(),
        rows: 0,
        complete: false,
        rejected: 0,
        rejected_by_reason: Vec::new(),
        rejected_examples: Vec::new(),
        rounds: Vec::new(),
        processes: Vec::new(),
        queries: Vec::new(),
    }
}

/// The runs that are wanted, in the order of their names; all where none is named.
pub(super) fn choose_runs(spool: &Spool, wanted: &[String]) -> Result<Vec<String>, FetchError> {
    if let Some(run_id) = wanted.iter().find(|run_id| !spool.runs().contains_key(*run_id)) {
        let there = spool.runs().keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(FetchError::NoSuchRun { run_id: run_id.clone(), there });
    }
    let names = spool.runs().keys().filter(|run_id| wanted.is_empty() || wanted.contains(run_id));
    names.map(|run_id| check_name(run_id).map(|()| run_id.clone())).collect()
}

/// Refuses a run whose name cannot be a folder's.
pub(super) fn check_name(run_id: &str) -> Result<(), FetchError> {
    let plain = RunId::new(run_id).is_ok() && !run_id.contains(['/', '\\']) && !run_id.starts_with('.');
    if plain { Ok(()) } else { Err(FetchError::Name { run_id: run_id.to_owned() }) }
}
