//! Leads a cluster through the messages of an open loop: each begins at its time, whether or not earlier ones have ended, and only
//! the run ends.

use std::collections::BTreeSet;
use std::time::Duration;

use cnsim::manifest::Begin;
use cnsim::pace::Schedule;
use cnsim::protocol::Senders;
use cnsim_node::wake;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cluster::{ClusterError, Pass};
use crate::drive_error::DriveError;
use crate::driven_round::{DrivenRound, SLEEP_MAX, is_at_rest, progress};
use crate::ledger::Ledger;
use crate::watcher::Watcher;

/// The messages of a run.
pub(crate) struct OpenLoop<'a> {
    /// How a message is begun, whichever it is.
    pub(crate) first: DrivenRound<'a>,
    /// When each begins.
    pub(crate) schedule: &'a Schedule,
}

impl OpenLoop<'_> {
    /// Begins every message at its time, and waits until nothing is left to do or the last one is given up.
    pub(crate) async fn drive(&self, ledger: &mut Ledger, watcher: &dyn Watcher) -> Result<(), DriveError> {
        let before = self.prepare(watcher).await?;
        let faults = self.first.conditions().begin(self.first.cluster).await?;
        let begun = Instant::now();
        let mut starts = JoinSet::new();
        for (round, at) in (0..).zip(self.schedule.begins()) {
            let at = Duration::from(*at);
            wake::after(at.saturating_sub(begun.elapsed())).await;
            let (intended_ms, slip) = (at.as_secs_f64() * 1e3, begun.elapsed().saturating_sub(at));
            let of_round = DrivenRound { round, ..self.first };
            let (host, initiator) = of_round.initiator();
            // The reply is not waited for: a process that is slow to take a message does not put the next one off.
            starts.spawn(of_round.start(host, initiator));
            let begin = Begin { intended_ms, slip_ms: slip.as_secs_f64() * 1e3 };
            ledger.begin_open_round(round, initiator, begin)?;
            watcher.round_begins(round);
            while let Some(started) = starts.try_join_next() {
                joined(started)?;
            }
        }
        while let Some(started) = starts.join_next().await {
            joined(started)?;
        }
        let limit = Duration::from_millis(self.first.plan.options.round_timeout_ms);
        if let Some(faults) = &faults {
            faults.wait_for_last_step().await;
        }
        let ended = tokio::time::timeout(limit, self.rest(&before)).await;
        let after = match ended {
            Ok(pass) => pass?,
            Err(_) => self.first.cluster.watch_alive(&before).await,
        };
        if let Some(faults) = &faults {
            let folder = ledger.folder().path();
            self.first.conditions().keep(self.first.cluster, folder, faults, &[]).await?;
        }
        Ok(ledger.end_open_loop(self.first.cluster, &before, &after)?)
    }

    /// Opens the connections that the messages can use: each initiator's where it alone sends, else all of them.
    async fn prepare(&self, watcher: &dyn Watcher) -> Result<Pass, ClusterError> {
        let plan = self.first.plan;
        let initiators: BTreeSet<usize> = match plan.protocol.spec.protocol().promises().senders {
            Senders::Initiator => (0..=self.schedule.last_round()).map(|round| plan.initiator(round)).collect(),
            Senders::Holders => [plan.initiator(0)].into(),
        };
        let mut before = Pass::new();
        for initiator in initiators {
            before = self.first.prepare(plan.topology.nodes[initiator].as_str(), watcher).await?;
        }
        Ok(before)
    }

    /// Waits until nothing moves, or where the protocol never rests until everybody has every message.
    async fn rest(&self, before: &Pass) -> Result<Pass, ClusterError> {
        let plan = self.first.plan;
        let settles = plan.protocol.spec.protocol().settles();
        let messages = self.schedule.begins().len() as u64;
        let receipts = messages * u64::from(plan.options.nodes.saturating_sub(1));
        let delivered = |pass: &Pass| pass.iter().map(|reply| reply.delivered).sum::<u64>();
        let mut last: Option<Pass> = None;
        loop {
            tokio::time::sleep(SLEEP_MAX).await;
            let pass = self.first.checked(self.first.cluster.watch().await?)?;
            let is_over = match settles {
                true => is_at_rest(&pass) && last.as_ref().is_some_and(|last| progress(last) == progress(&pass)),
                false => delivered(&pass) >= delivered(before) + receipts,
            };
            if is_over {
                return Ok(pass);
            }
            last = Some(pass);
        }
    }
}

fn joined(started: Result<Result<(), ClusterError>, tokio::task::JoinError>) -> Result<(), ClusterError> {
    started.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
