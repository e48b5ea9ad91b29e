//! A query at the server from its beginning to its end, and whoever must stop it.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::client::rest::Rest;
use super::client::{ApiError, JobName};
use super::error::BigQueryError;
use super::plan::Part;
use super::servers::Servers;
use super::target::Target;
use crate::fetch::interrupt;

/// How often a query that failed at the server is begun again.
const TRIES: u32 = 3;
/// How long a server may take to hear that a query is to be stopped.
const CANCELLING: Duration = Duration::from_secs(5);
/// Between two questions whether a query is done.
const BREATH: Duration = Duration::from_millis(200);

/// The job that runs, for whoever must stop it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Option<JobName>>>);

/// Does a task with a target's servers. Where the user interrupts or something fails, the query that runs is stopped.
pub(crate) fn with_servers<T>(
    target: &Target,
    task: impl AsyncFnOnce(&Servers, &Running) -> Result<T, BigQueryError>,
) -> Result<T, BigQueryError> {
    // The network is served by a thread of its own: records are put on the disk by this one.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(BigQueryError::Runtime)?;
    interrupt::listen();
    runtime.block_on(async {
        let servers = Servers::connect(target).await?;
        let running = Running::default();
        let done = until_interrupted(task(&servers, &running)).await;
        if let (Err(_), Some(job)) = (&done, running.take()) {
            // What went wrong before is what the user must know, and soon.
            let _ = tokio::time::timeout(CANCELLING, servers.rest.cancel(&job)).await;
        }
        done
    })
}

async fn until_interrupted<T>(task: impl Future<Output = Result<T, BigQueryError>>) -> Result<T, BigQueryError> {
    tokio::select! {
        done = task => done,
        // Where no signal can be had, only the default action is left.
        Ok(()) = tokio::signal::ctrl_c() => Err(BigQueryError::Interrupted),
    }
}

impl Running {
    fn set(&self, job: Option<JobName>) {
        *self.0.lock().expect("nobody panics while holding it") = job;
    }

    fn take(&self) -> Option<JobName> {
        self.0.lock().expect("nobody panics while holding it").take()
    }
}

/// Runs a query to its end, and counts its rows.
pub(crate) async fn query(rest: &Rest, part: &Part, running: &Running) -> Result<(JobName, u64), BigQueryError> {
    let project = part.table.dataset().project();
    for attempt in 1.. {
        let id = format!("cnsim_{:016x}", RandomState::new().hash_one(attempt));
        let name = JobName { project: project.to_owned(), id, location: part.location.clone() };
        running.set(Some(name.clone()));
        let job = rest.start(&part.query, &name).await?;
        running.set(Some(job.clone()));
        match wait(rest, &job).await {
            Ok(rows) => {
                running.set(None);
                return Ok((job, rows));
            }
            Err(error) if attempt < TRIES && is_worth_another(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("the last attempt returns")
}

async fn wait(rest: &Rest, job: &JobName) -> Result<u64, ApiError> {
    loop {
        if let Some(rows) = rest.progress(job).await?.rows {
            return Ok(rows);
        }
        // A server that does not hold a call while a query runs is not to be overrun.
        tokio::time::sleep(BREATH).await;
    }
}

/// Whether a job failed by no fault of the query's.
fn is_worth_another(error: &ApiError) -> bool {
    matches!(
        error.reason(),
        "backendError"
            | "rateLimitExceeded"
            | "internalError"
            | "jobBackendError"
            | "jobInternalError"
            | "jobRateLimitExceeded"
    )
}
