//! Leads a cluster through the rounds of a run. It knows processes only by their control clients, so that it drives
//! every backend; it can be dropped at any await, and the ledger then still says which round was going on.

use std::time::Duration;

use cnsim::manifest::RoundOutcome;

use crate::backend::Undertaker;
use crate::cluster::{Cluster, ClusterError, Pass};
use crate::configuring::Configuring;
use crate::drive_error::DriveError;
use crate::driven_round::{DrivenRound, RoundToDrive, of_epoch};
use crate::ledger::Ledger;
use crate::open_loop::OpenLoop;
use crate::plan::Plan;
use crate::watcher::Watcher;

/// Leads the processes of a run through its rounds, one after another.
pub struct RoundDriver<'a> {
    plan: &'a Plan,
    epoch: u64,
    is_configured: bool,
    /// The epoch that every process of the cluster confirmed last.
    confirmed: Option<u64>,
    /// The next round; none after the last.
    next: Option<u32>,
    has_begun: bool,
}

impl<'a> RoundDriver<'a> {
    /// The rounds of a plan from `first` on.
    pub fn new(plan: &'a Plan, first: u32) -> Self {
        let next = Some(first).filter(|first| *first <= plan.last_round());
        Self { plan, epoch: plan.epoch, is_configured: false, confirmed: None, next, has_begun: false }
    }

    /// Drives the next round, whose outcome is in the ledger afterwards; false where there is none left. Where processes are killed
    /// in it, `cluster` has at any time those that are there.
    pub async fn drive_next(
        &mut self,
        cluster: &mut Cluster,
        ledger: &mut Ledger,
        watcher: &dyn Watcher,
        undertaker: &impl Undertaker,
    ) -> Result<bool, DriveError> {
        let Some(round) = self.next else { return Ok(false) };
        if std::mem::replace(&mut self.has_begun, true) {
            tokio::time::sleep(Duration::from_millis(self.plan.options.pause_ms)).await;
        }
        if !self.is_configured {
            self.configure(cluster, round).await?;
        }
        if let Some(schedule) = &self.plan.open_loop {
            self.next = None;
            let first = DrivenRound { cluster, plan: self.plan, epoch: self.epoch, round };
            return OpenLoop { first, schedule }.drive(ledger, watcher).await.map(|()| true);
        }
        watcher.round_begins(round);
        let driven = RoundToDrive { of: Configuring { plan: self.plan, epoch: self.epoch, round }, undertaker };
        let outcome = driven.drive(cluster, ledger, watcher).await?;
        self.end_round(round, outcome, watcher);
        Ok(true)
    }

    /// Goes on after the round that the ledger has closed, with another configuration: every node gives up what is left
    /// of the round before, so that it cannot colour the next one.
    pub fn end_round(&mut self, round: u32, outcome: RoundOutcome, watcher: &dyn Watcher) {
        watcher.round_ended(round, outcome);
        self.next = (round < self.plan.last_round()).then(|| round + 1);
        // What befell a round's nodes is undone by a configuration.
        if outcome != RoundOutcome::Quiescent || self.plan.is_under_conditions() {
            self.epoch += 1;
            self.is_configured = false;
        }
    }

    /// The cluster was made whole again: its processes know nothing of this run.
    pub fn begin_anew(&mut self) {
        self.epoch += 1;
        self.is_configured = false;
        self.confirmed = None;
    }

    /// Configures every node. One that was started again meanwhile would take the configuration too, under an address
    /// that nobody knows.
    async fn configure(&mut self, cluster: &Cluster, round: u32) -> Result<(), ClusterError> {
        if let Some(epoch) = self.confirmed {
            let replies = cluster.watch().await?;
            let pairs = replies.into_iter().zip(&cluster.processes);
            pairs.map(|(reply, process)| of_epoch(epoch, reply, process)).collect::<Result<Pass, _>>()?;
        }
        Configuring { plan: self.plan, epoch: self.epoch, round }.configure(cluster).await?;
        self.confirmed = Some(self.epoch);
        self.is_configured = true;
        Ok(())
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
