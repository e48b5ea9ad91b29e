//! Finished queries of an earlier fetch: their results are read again where no record can have been missing in them.

use std::path::Path;

use super::client::JobName;
use super::plan::Part;
use crate::inputs::fetch_facts::FetchFacts;
use crate::inputs::folder;

/// The job that asked for the same before, for runs that were complete by their manifests then; none where a run was not: late
/// rows are in no earlier result.
pub(super) fn job(part: &Part, out: &Path, run_ids: &[String]) -> Option<JobName> {
    let of_run = |run_id: &String| {
        // A fetch.json that cannot be read speaks of no job, and is written anew.
        let facts = folder::fetched(&out.join(run_id)).ok()??;
        same(part, &facts)
    };
    let jobs: Option<Vec<JobName>> = run_ids.iter().map(of_run).collect();
    let mut jobs = jobs?.into_iter();
    let first = jobs.next()?;
    jobs.all(|job| job == first).then_some(first)
}

fn same(part: &Part, facts: &FetchFacts) -> Option<JobName> {
    let asked = part.query.parameters_in_words();
    let mut queries = facts.queries.iter().filter(|_| facts.complete);
    let query = queries.find(|query| {
        query.table == part.table.to_string() && query.sql == part.query.sql && query.parameters == asked
    })?;
    Some(JobName {
        project: part.table.dataset().project().to_owned(),
        id: query.job.clone(),
        location: query.location.clone(),
    })
}
