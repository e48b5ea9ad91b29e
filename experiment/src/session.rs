//! From the first process to the last record: brings a backend's processes up, drives the rounds, and closes everything
//! however it ends.

use std::io;

use cnsim::manifest::{Incident, IncidentKind, RoundOutcome, RunOutcome};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::backend::{Backend, BackendError, RunContext};
use crate::cluster::{Cluster, ClusterError};
use crate::drive_error::DriveError;
use crate::driver::RoundDriver;
use crate::folder::FolderError;
use crate::ledger::{self, Ending};

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
    /// As the manifest says it: how the run ended, and why.
    pub fn into_outcome(self) -> (RunOutcome, String) {
        match self {
            Self::Interrupted(name) => (RunOutcome::Interrupted, format!("stopped by {name}")),
            Self::Failed(reason) => (RunOutcome::Failed, reason),
        }
    }
}

/// Drives the rounds from `first` on, on processes of the backend; they are ended when this returns.
pub async fn run_session(mut backend: impl Backend, run: &mut RunContext<'_>, first: u32) -> Result<(), Halt> {
    let mut signals = Signals::new().map_err(|error| Halt::Failed(format!("cannot watch for signals: {error}")))?;
    let started = tokio::select! {
        started = backend.start(run) => started.map_err(Halt::from),
        name = signals.next() => Err(Halt::Interrupted(name)),
    };
    let result = match started {
        Ok(cluster) => {
            let undertaker = backend.undertaker(run);
            Session { backend: &mut backend, undertaker, cluster, signals: &mut signals }.drive(run, first).await
        }
        Err(halt) => Err(halt),
    };
    backend.stop(run.watcher).await;
    result
}

/// What a run goes on with once its processes are up.
struct Session<'a, B: Backend> {
    backend: &'a mut B,
    undertaker: B::Undertaker,
    cluster: Cluster,
    signals: &'a mut Signals,
}

impl<B: Backend> Session<'_, B> {
    /// Drives the rounds, closes the one that was going on when the run was stopped, and brings every record home.
    async fn drive(mut self, run: &mut RunContext<'_>, first: u32) -> Result<(), Halt> {
        let result = self.drive_rounds(run, first).await;
        run.ledger.cut_open_loop(RoundOutcome::Interrupted);
        if let Some(ending) = self.ending(run, RoundOutcome::Interrupted).await {
            run.ledger.end_round(&self.cluster, ending)?;
        }
        let closed = self.backend.close(run, &self.cluster).await;
        result.and(closed.map_err(Halt::from))
    }

    async fn drive_rounds(&mut self, run: &mut RunContext<'_>, first: u32) -> Result<(), Halt> {
        run.ledger.enlist(&self.cluster)?;
        let mut driver = RoundDriver::new(run.plan, first);
        let mut recoveries = 0;
        loop {
            match self.drive_round(&mut driver, run).await? {
                Ok(true) => {
                    recoveries = 0;
                    if run.plan.kills_processes() {
                        run.ledger.enlist(&self.cluster)?;
                    }
                }
                Ok(false) => break,
                // The load that the rounds of an open loop meet would be another one.
                Err(error) if run.plan.open_loop.is_some() => {
                    run.ledger.cut_open_loop(RoundOutcome::Disturbed);
                    return Err(Halt::Failed(error.to_string()));
                }
                Err(_) if recoveries == RECOVERIES_MAX => {
                    return Err(Halt::Failed(format!("processes failed {RECOVERIES_MAX} times in a row")));
                }
                Err(error) => {
                    recoveries += 1;
                    self.recover(&mut driver, run, error).await?;
                }
            }
            let kept = self.backend.round_ended(run, &self.cluster);
            until_stopped(self.signals, kept).await??;
        }
        let proven = self.backend.rounds_ended(run, &self.cluster);
        Ok(until_stopped(self.signals, proven).await??)
    }

    /// The next round, until a process dies or the user stops it; what is inside may be recovered from.
    async fn drive_round(
        &mut self,
        driver: &mut RoundDriver<'_>,
        run: &mut RunContext<'_>,
    ) -> Result<Result<bool, ClusterError>, Halt> {
        let driven = tokio::select! {
            driven = driver.drive_next(&mut self.cluster, run.ledger, run.watcher, &self.undertaker) => driven,
            death = self.backend.death() => {
                run.ledger.cut_open_loop(RoundOutcome::Disturbed);
                // The same outcome as where the broken connection is seen before the death: which comes first is chance.
                if let Some(ending) = self.ending(run, RoundOutcome::Disturbed).await {
                    run.ledger.end_round(&self.cluster, ending)?;
                }
                return Err(Halt::Failed(death));
            }
            name = self.signals.next() => return Err(Halt::Interrupted(name)),
        };
        match driven {
            Ok(is_driven) => Ok(Ok(is_driven)),
            Err(DriveError::Cluster(error)) => Ok(Err(error)),
            Err(DriveError::Backend(error)) => Err(error.into()),
            Err(DriveError::Folder(error)) => Err(error.into()),
        }
    }

    /// Has the backend make its processes whole again. The round that was going on is lost.
    async fn recover(
        &mut self,
        driver: &mut RoundDriver<'_>,
        run: &mut RunContext<'_>,
        error: ClusterError,
    ) -> Result<(), Halt> {
        let ending = self.ending(run, RoundOutcome::Disturbed).await;
        note_stalled(run, &error);
        let recovered = self.backend.recover(run, &self.cluster, error);
        let recovered = until_stopped(self.signals, recovered).await?;
        if let Some((round, ending)) = run.ledger.open_round().zip(ending) {
            run.ledger.end_round(&self.cluster, ending)?;
            driver.end_round(round, RoundOutcome::Disturbed, run.watcher);
        }
        let whole = recovered?;
        driver.begin_anew();
        self.cluster = whole;
        Ok(run.ledger.enlist(&self.cluster)?)
    }

    /// How the round that is going on would end now; none between rounds.
    async fn ending(&self, run: &RunContext<'_>, outcome: RoundOutcome) -> Option<Ending> {
        let (took, before) = run.ledger.going_on()?;
        Some(Ending { outcome, took, after: self.cluster.watch_alive(before).await })
    }
}

/// Notes a process that runs and does not answer: whatever its backend can do about it, the round is not the protocol's.
fn note_stalled(run: &mut RunContext<'_>, error: &ClusterError) {
    if let ClusterError::Stalled { process, call, limit } = error {
        run.ledger.note_incident(Incident {
            at: ledger::now(),
            round: run.ledger.open_round(),
            process: Some(process.clone()),
            pod: String::new(),
            kind: IncidentKind::Stalled,
            detail: format!("no answer to {call} in {} s", limit.as_secs()),
        });
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
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}
