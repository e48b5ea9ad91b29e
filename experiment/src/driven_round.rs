//! One round on the processes of a cluster: connections, the message, and the wait for its end.

use std::collections::BTreeMap;
use std::time::Duration;

use cnsim::id::MessageId;
use cnsim::manifest::RoundOutcome;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{ControlTrafficRequest, NodeTraffic, PrepareRequest, StartRequest, WatchReply};
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::cluster::{Cluster, ClusterError, Pass, Process};
use crate::conditions::{BegunConditions, RoundConditions};
use crate::control_file::{self, ControlLine};
use crate::drive_error::DriveError;
use crate::folder::FolderError;
use crate::ledger::{Ending, Ledger};
use crate::payload::payload;
use crate::plan::Plan;
use crate::watcher::Watcher;

type Client = ControlClient<Channel>;

/// How long a driver sleeps between two looks at the cluster: each look takes time away from the process that answers,
/// and a round is not measured by when the driver sees its end.
const SLEEP_MIN: Duration = Duration::from_millis(2);
pub(crate) const SLEEP_MAX: Duration = Duration::from_millis(10);

/// How long a process may be busy before the others are looked at: it may wait for one that was lost.
const LOOK_AT_ALL: Duration = Duration::from_secs(1);

/// One round.
#[derive(Clone, Copy)]
pub(crate) struct DrivenRound<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) plan: &'a Plan,
    pub(crate) epoch: u64,
    pub(crate) round: u32,
}

impl<'a> DrivenRound<'a> {
    pub(crate) async fn drive(&self, ledger: &mut Ledger, watcher: &dyn Watcher) -> Result<RoundOutcome, DriveError> {
        let (host, id) = self.initiator();
        let before = self.prepare(id, watcher).await?;
        let faults = self.conditions().begin().await?;
        ledger.begin_round(self.round, id, before.clone());
        let begun = Instant::now();
        let protocol = self.plan.protocol.spec.protocol();
        let quiescence = QuiescenceWait { round: self, before: &before[host], host };
        let round = async {
            self.start(host, id).await?;
            if let Some(faults) = &faults {
                faults.wait_for_last_step().await;
            }
            match protocol.settles() {
                true => Ok::<_, ClusterError>((
                    RoundOutcome::Quiescent,
                    self.wait_for_rest(&quiescence, faults.as_ref()).await?,
                )),
                false => Ok((RoundOutcome::Horizon, self.wait_for_horizon(&before).await?)),
            }
        };
        let limit = Duration::from_millis(self.plan.options.round_timeout_ms);
        let ended = tokio::time::timeout(limit, round).await;
        let took = begun.elapsed();
        let ending = match ended {
            Ok(ended) => {
                let (outcome, after) = ended?;
                Ending { outcome, took, after }
            }
            Err(_) => Ending { outcome: RoundOutcome::TimedOut, took, after: self.cluster.watch_alive(&before).await },
        };
        let outcome = ending.outcome;
        self.keep_control(ledger).await?;
        if let Some(faults) = faults {
            self.conditions().keep(ledger.folder().path(), &faults).await?;
        }
        ledger.end_round(self.cluster, ending)?;
        Ok(outcome)
    }

    /// What befalls the round.
    pub(crate) fn conditions(&self) -> RoundConditions<'a> {
        RoundConditions { cluster: self.cluster, plan: self.plan, epoch: self.epoch, round: self.round }
    }

    /// Writes down what nodes have said to each other besides copies, in the order of the topology.
    async fn keep_control(&self, ledger: &Ledger) -> Result<(), DriveError> {
        let request = ControlTrafficRequest { epoch: self.epoch };
        let told = |_, process: Process| async move {
            process
                .call("ControlTraffic", |mut control: Client| async move { control.control_traffic(request).await })
                .await
        };
        let replies = self.cluster.each(told).await?;
        let of_nodes: BTreeMap<&str, &NodeTraffic> =
            replies.iter().flat_map(|reply| &reply.nodes).map(|of| (of.node.as_str(), of)).collect();
        let in_order = self.plan.topology.nodes.iter().filter_map(|id| of_nodes.get(id.as_str()));
        let lines = in_order.flat_map(|NodeTraffic { node, kinds }| {
            kinds.iter().map(move |of| ControlLine { node, kind: &of.kind, messages: of.messages, bytes: of.bytes })
        });
        Ok(control_file::add_round(ledger.folder().path(), self.round, lines).map_err(FolderError::from)?)
    }

    /// Waits until nothing moves; in a network that does, until everybody was reached or its links come and go no more.
    async fn wait_for_rest(
        &self,
        quiescence: &QuiescenceWait<'_>,
        faults: Option<&BegunConditions>,
    ) -> Result<Pass, ClusterError> {
        loop {
            let was_moving = faults.is_some_and(BegunConditions::moves);
            let pass = quiescence.wait().await?;
            if !was_moving || self.is_reached(&[], &pass) {
                return Ok(pass);
            }
            tokio::time::sleep(SLEEP_MAX).await;
        }
    }

    /// Waits until every node was reached and one period has passed since: a protocol that never rests is given that long.
    async fn wait_for_horizon(&self, before: &[WatchReply]) -> Result<Pass, ClusterError> {
        loop {
            let pass = self.checked(self.cluster.watch().await?)?;
            if self.is_reached(before, &pass) {
                break;
            }
            tokio::time::sleep(SLEEP_MAX).await;
        }
        tokio::time::sleep(self.plan.protocol.period.into()).await;
        self.checked(self.cluster.watch().await?)
    }

    /// Whether every node has the message that no fault has taken for good.
    fn is_reached(&self, before: &[WatchReply], pass: &[WatchReply]) -> bool {
        let sum = |pass: &[WatchReply], counter: fn(&WatchReply) -> u64| pass.iter().map(counter).sum::<u64>();
        let nodes = u64::from(self.plan.options.nodes);
        match self.plan.options.faults.is_empty() && self.plan.contacts.is_none() {
            true => sum(pass, |reply| reply.delivered) >= sum(before, |reply| reply.delivered) + nodes - 1,
            // Nodes were configured for this round, and some may have lost what they held.
            false => sum(pass, |reply| reply.held) >= nodes - sum(pass, |reply| reply.gone),
        }
    }

    /// Opens the connections that the round can use, outside any timing, and returns the counters that it begins with. A
    /// connection that cannot be opened is a failed send later, so it only warns.
    pub(crate) async fn prepare(&self, initiator: &str, watcher: &dyn Watcher) -> Result<Pass, ClusterError> {
        let request = PrepareRequest { epoch: self.epoch, round: self.round, initiator: initiator.to_owned() };
        let replies = self
            .cluster
            .each(|_, process| {
                let request = request.clone();
                async move {
                    let prepared = |mut control: Client| {
                        let request = request.clone();
                        async move { control.prepare(request).await }
                    };
                    process.call("Prepare", prepared).await
                }
            })
            .await?;
        let failed: Vec<&String> = replies.iter().flat_map(|reply| &reply.failed).collect();
        if let Some(first) = failed.first() {
            let round = self.round;
            watcher.warn(&format!("round {round}: {} connections could not be opened, first {first}", failed.len()));
        }
        let counters = replies.into_iter().zip(&self.cluster.processes).map(|(reply, process)| {
            let other =
                || tonic::Status::internal("it gives no counters, so it is of another version than this driver");
            reply.counters.ok_or_else(|| process.refused("Prepare", &other()))
        });
        self.checked(counters.collect::<Result<Pass, _>>()?)
    }

    /// The process that hosts the round's initiator, and its id.
    pub(crate) fn initiator(&self) -> (usize, &'a str) {
        let id = self.plan.topology.nodes[self.plan.initiator(self.round)].as_str();
        (self.cluster.host_of(id).expect("a backend brings up every node of the plan"), id)
    }

    /// Begins the round's message.
    pub(crate) fn start(&self, host: usize, initiator: &str) -> impl Future<Output = Result<(), ClusterError>> + use<> {
        let mut process = self.cluster.processes[host].clone();
        let request = StartRequest {
            epoch: self.epoch,
            node: initiator.to_owned(),
            message: MessageId::of(&self.plan.run_id, self.round).as_str().to_owned(),
            payload: payload(self.plan, self.round),
        };
        async move {
            let asked = process.clone();
            let started = asked.answer("Start", process.control.start(request)).await?;
            started.map(|_| ()).map_err(|status| process.refused("Start", &status))
        }
    }

    /// The pass, where every process still answers for the run's configuration.
    pub(crate) fn checked(&self, pass: Pass) -> Result<Pass, ClusterError> {
        let replies = pass.into_iter().zip(&self.cluster.processes);
        replies.map(|(reply, process)| self.of_this_epoch(reply, process)).collect()
    }

    /// The reply, where the process was not started again since it was configured.
    fn of_this_epoch(&self, reply: WatchReply, process: &Process) -> Result<WatchReply, ClusterError> {
        of_epoch(self.epoch, reply, process)
    }
}

/// The reply, where the process answers for the epoch that it was configured with.
pub(crate) fn of_epoch(expected: u64, reply: WatchReply, process: &Process) -> Result<WatchReply, ClusterError> {
    let found = reply.epoch;
    match found == expected {
        true => Ok(reply),
        false => Err(ClusterError::Restarted { process: process.name.clone(), found, expected }),
    }
}

/// The wait for the end of a round.
///
/// While one process is known to be busy only that one is asked: asking all of them all the time would take the
/// processors away from what is measured.
struct QuiescenceWait<'a> {
    round: &'a DrivenRound<'a>,
    /// The counters of the initiator's process before the start.
    before: &'a WatchReply,
    host: usize,
}

impl QuiescenceWait<'_> {
    /// Waits until two passes over all processes in a row are equal and find nothing queued or in flight.
    async fn wait(&self) -> Result<Pass, ClusterError> {
        let mut suspect = self.host;
        let mut last: Option<Pass> = None;
        let mut sleep = SLEEP_MIN;
        let mut looked = Instant::now();
        loop {
            tokio::time::sleep(sleep).await;
            sleep = (sleep * 2).min(SLEEP_MAX);
            let mut process = self.round.cluster.processes[suspect].clone();
            let reply = self.round.of_this_epoch(process.watch().await?, &process)?;
            if self.busy(suspect, &reply) {
                last = None;
                if looked.elapsed() >= LOOK_AT_ALL {
                    self.round.checked(self.round.cluster.watch().await?)?;
                    looked = Instant::now();
                }
            } else {
                looked = Instant::now();
                let pass = self.round.checked(self.round.cluster.watch().await?)?;
                let busy = (0..pass.len()).find(|index| self.busy(*index, &pass[*index]));
                if let Some(busy) = busy {
                    suspect = busy;
                    last = None;
                } else if last.as_ref().is_some_and(|last| progress(last) == progress(&pass)) {
                    return Ok(pass);
                } else {
                    last = Some(pass).filter(balanced);
                }
            }
        }
    }

    /// Whether a process still has something to do. The initiator's process has, until it has recorded that the message begins.
    fn busy(&self, index: usize, reply: &WatchReply) -> bool {
        let begun = reply.last_seq > self.before.last_seq;
        is_at_work(reply) || (index == self.host && !begun)
    }
}

fn is_at_work(reply: &WatchReply) -> bool {
    reply.queued > 0 || reply.in_flight > 0 || reply.control > 0 || reply.unsettled > 0
}

/// Whether no process has anything to do, and every send that was begun has ended.
pub(crate) fn is_at_rest(pass: &Pass) -> bool {
    !pass.iter().any(is_at_work) && balanced(pass)
}

/// Whether every send that was begun has ended.
fn balanced(pass: &Pass) -> bool {
    let sum = |counter: fn(&WatchReply) -> u64| pass.iter().map(counter).sum::<u64>();
    sum(|reply| reply.started) == sum(|reply| reply.finished)
}

/// What would change between two passes if anything moved.
pub(crate) fn progress(pass: &Pass) -> Vec<(u64, u64, u64, u64)> {
    pass.iter().map(|reply| (reply.started, reply.finished, reply.delivered, reply.last_seq)).collect()
}
