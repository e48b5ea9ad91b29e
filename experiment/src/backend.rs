//! What a run asks of the place that its processes live in.

use std::error::Error;
use std::future::Future;

use crate::cluster::{Cluster, ClusterError, Process};
use crate::folder::FolderError;
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::watcher::Watcher;
use cnsim_files::WriteError;

/// What a backend works with.
pub struct RunContext<'a> {
    /// The run.
    pub plan: &'a Plan,
    /// Its manifest, and the folder that records go to.
    pub ledger: &'a mut Ledger,
    /// Who is told.
    pub watcher: &'a dyn Watcher,
}

/// Why a backend cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// A process did not do what it was asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Something could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What the backend itself met.
    #[error(transparent)]
    Own(Box<dyn Error + Send + Sync>),
}

impl BackendError {
    /// The error of a backend's own kind.
    pub fn own(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Own(Box::new(error))
    }
}

impl From<WriteError> for BackendError {
    fn from(error: WriteError) -> Self {
        Self::Folder(error.into())
    }
}

/// Ends single processes of a run on purpose, and brings up others in their places, while the run goes on.
pub trait Undertaker {
    /// Kills the process in this place of the plan's; gives what it was called outside its records.
    fn kill(&self, place: usize, process: &Process) -> impl Future<Output = Result<String, BackendError>>;

    /// Brings up a new one in the place of one that was killed.
    fn raise(&self, place: usize) -> impl Future<Output = Result<Process, BackendError>>;
}

/// Brings the processes of a run up and ends them. Every future can be dropped; [`Backend::stop`] ends what was started
/// however far it came.
pub trait Backend {
    /// Ends processes on purpose.
    type Undertaker: Undertaker;

    /// Brings every process up.
    fn start(&mut self, run: &mut RunContext<'_>) -> impl Future<Output = Result<Cluster, BackendError>>;

    /// Who ends processes on purpose, once all are up.
    fn undertaker(&self, run: &RunContext<'_>) -> Self::Undertaker;

    /// Waits until a process has ended that the run cannot go on without, and says how.
    fn death(&mut self) -> impl Future<Output = String>;

    /// Makes the processes whole again after one did not do what it was asked; the error where they cannot be.
    fn recover(
        &mut self,
        run: &mut RunContext<'_>,
        cluster: &Cluster,
        error: ClusterError,
    ) -> impl Future<Output = Result<Cluster, BackendError>>;

    /// A round has ended: what it left can be brought to safety.
    fn round_ended(
        &mut self,
        run: &mut RunContext<'_>,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<(), BackendError>>;

    /// Every round has been driven: whether the run's condition took effect can be proven.
    fn rounds_ended(
        &mut self,
        run: &mut RunContext<'_>,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<(), BackendError>>;

    /// Nothing more is driven: brings every record that is still with the processes into the run folder's parts.
    fn close(&mut self, run: &mut RunContext<'_>, cluster: &Cluster) -> impl Future<Output = Result<(), BackendError>>;

    /// Ends what was started.
    fn stop(self, watcher: &dyn Watcher) -> impl Future<Output = ()>;
}
