//! From the first process to the last record: brings a backend's processes up, drives the rounds, and closes everything
//! however it ends.

use std::io;

use cnsim::manifest::{RoundOutcome, RunOutcome};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::backend::{Backend, BackendError, Stage};
use crate::cluster::{Cluster, ClusterError};
use crate::driver::{Course, DriveError};
use crate::folder::FolderError;
use crate::ledger::Ending;

/// How often in a row processes are made whole again without a round in between.
const RECOVERIES_MAX: u32 = 3;

/// What stopped a run.
#[derive(Debug)]
pub enum Halt {
    /// The user, by a signal of this name.
    Interrupted(&'static str),
    /// Something broke.
    Failed(String),
}

impl Halt {
    /// As the manifest says it.
    pub fn told(self) -> (RunOutcome, String) {
        match self {
            Self::Interrupted(name) => (RunOutcome::Interrupted, format!("stopped by {name}")),
            Self::Failed(reason) => (RunOutcome::Failed, reason),
        }
    }
}

/// Drives the rounds from `first` on, on processes of the backend; they are ended when this returns.
pub async fn session(mut backend: impl Backend, stage: &mut Stage<'_>, first: u32) -> Result<(), Halt> {
    let mut signals = Signals::new().map_err(|error| Halt::Failed(format!("cannot watch for signals: {error}")))?;
    let started = tokio::select! {
        started = backend.start(stage) => started.map_err(Halt::from),
        name = signals.next() => Err(Halt::Interrupted(name)),
    };
    let result = match started {
        Ok(cluster) => Play { backend: &mut backend, cluster, signals: &mut signals }.rounds(stage, first).await,
        Err(halt) => Err(halt),
    };
    backend.stop(stage.watcher).await;
    result
}

/// What a run goes on with once its processes are up.
struct Play<'a, B> {
    backend: &'a mut B,
    cluster: Cluster,
    signals: &'a mut Signals,
}

impl<B: Backend> Play<'_, B> {
    /// Drives the rounds, closes the one that was going on when the run was stopped, and brings every record home.
    async fn rounds(mut self, stage: &mut Stage<'_>, first: u32) -> Result<(), Halt> {
        let result = self.driven(stage, first).await;
        if let Some(ending) = self.ending(stage, RoundOutcome::Interrupted).await {
            stage.ledger.end_round(&self.cluster, ending)?;
        }
        let closed = self.backend.close(stage, &self.cluster).await;
        result.and(closed.map_err(Halt::from))
    }

    async fn driven(&mut self, stage: &mut Stage<'_>, first: u32) -> Result<(), Halt> {
        stage.ledger.enlist(&self.cluster)?;
        let mut course = Course::new(stage.plan, first);
        let mut recoveries = 0;
        loop {
            match self.turn(&mut course, stage).await? {
                Ok(true) => recoveries = 0,
                Ok(false) => break,
                Err(_) if recoveries == RECOVERIES_MAX => {
                    return Err(Halt::Failed(format!("processes failed {RECOVERIES_MAX} times in a row")));
                }
                Err(error) => {
                    recoveries += 1;
                    self.recover(&mut course, stage, error).await?;
                }
            }
            let kept = self.backend.round_ended(stage, &self.cluster);
            until_stopped(self.signals, kept).await??;
        }
        let proven = self.backend.rounds_ended(stage, &self.cluster);
        Ok(until_stopped(self.signals, proven).await??)
    }

    /// The next round, until a process dies or the user stops it; what is inside may be recovered from.
    async fn turn(
        &mut self,
        course: &mut Course<'_>,
        stage: &mut Stage<'_>,
    ) -> Result<Result<bool, ClusterError>, Halt> {
        let turned = tokio::select! {
            turned = course.turn(&self.cluster, stage.ledger, stage.watcher) => turned,
            death = self.backend.death() => return Err(Halt::Failed(death)),
            name = self.signals.next() => return Err(Halt::Interrupted(name)),
        };
        match turned {
            Ok(turned) => Ok(Ok(turned)),
            Err(DriveError::Cluster(error)) => Ok(Err(error)),
            Err(DriveError::Folder(error)) => Err(error.into()),
        }
    }

    /// Has the backend make its processes whole again. The round that was going on is lost.
    async fn recover(
        &mut self,
        course: &mut Course<'_>,
        stage: &mut Stage<'_>,
        error: ClusterError,
    ) -> Result<(), Halt> {
        let ending = self.ending(stage, RoundOutcome::Disturbed).await;
        let recovered = self.backend.recover(stage, &self.cluster, error);
        let whole = until_stopped(self.signals, recovered).await??;
        if let Some((round, ending)) = stage.ledger.open_round().zip(ending) {
            stage.ledger.end_round(&self.cluster, ending)?;
            course.ended(round, RoundOutcome::Disturbed, stage.watcher);
        }
        course.begin_anew();
        self.cluster = whole;
        Ok(stage.ledger.enlist(&self.cluster)?)
    }

    /// How the round that is going on would end now; none between rounds.
    async fn ending(&self, stage: &Stage<'_>, outcome: RoundOutcome) -> Option<Ending> {
        let (took, before) = stage.ledger.going_on()?;
        Some(Ending { outcome, took, after: self.cluster.watch_alive(before).await })
    }
}

/// Works until the user stops it.
async fn until_stopped<T>(signals: &mut Signals, work: impl Future<Output = T>) -> Result<T, Halt> {
    tokio::select! {
        done = work => Ok(done),
        name = signals.next() => Err(Halt::Interrupted(name)),
    }
}

impl From<BackendError> for Halt {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<FolderError> for Halt {
    fn from(error: FolderError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The ways in which a user ends a run.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}
