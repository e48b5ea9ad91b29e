//! One round on the processes of a cluster: connections, the message, and the wait for its end.

use std::collections::BTreeMap;
use std::time::Duration;

use cnsim::id::MessageId;
use cnsim::manifest::RoundOutcome;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{ControlTrafficRequest, KindTraffic, NodeTraffic, PrepareRequest, StartRequest, WatchReply};
use tokio::time::{Instant, timeout_at};
use tonic::transport::Channel;

use crate::backend::Undertaker;
use crate::cluster::{Cluster, ClusterError, Pass, Process};
use crate::conditions::{BegunConditions, RoundConditions};
use crate::configuring::Configuring;
use crate::control_file::{self, ControlLine};
use crate::drive_error::DriveError;
use crate::folder::FolderError;
use crate::ledger::{Ending, Ledger};
use crate::payload::payload;
use crate::plan::Plan;
use crate::undertaking::{Alive, Undertaking};
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

/// A round that begins next, and who ends and brings up processes in it.
pub(crate) struct RoundToDrive<'a, U> {
    pub(crate) of: Configuring<'a>,
    pub(crate) undertaker: &'a U,
}

impl<'a, U: Undertaker> RoundToDrive<'a, U> {
    /// Drives the round to its end, and makes the cluster whole where processes were killed to the end of the round.
    pub(crate) async fn drive(
        &self,
        cluster: &mut Cluster,
        ledger: &mut Ledger,
        watcher: &dyn Watcher,
    ) -> Result<RoundOutcome, DriveError> {
        let Configuring { plan, epoch, round } = self.of;
        let id = plan.topology.nodes[plan.initiator(round)].as_str();
        let (host, _) = self.on(cluster).initiator();
        let before = self.on(cluster).prepare(id, watcher).await?;
        let conditions = RoundConditions { plan, epoch, round };
        let begun_conditions = conditions.begin(cluster).await?;
        ledger.begin_round(round, id, before.clone());
        let begun = Instant::now();
        let over = begun + Duration::from_millis(plan.options.round_timeout_ms);
        let mut undertaking = Undertaking::new(self.of, self.undertaker, cluster);
        let mut alive = Alive { cluster, ledger, watcher };
        let first = Begun { process: alive.cluster.processes[host].name.clone(), last_seq: before[host].last_seq };
        if let Some(conditions) = &begun_conditions {
            undertaking.kill_at_zero(conditions, &mut alive).await?;
        }
        let host = alive.cluster.host_of(id).expect("no message begins at a node that is not there");
        let started = timeout_at(over, self.on(alive.cluster).start(host, id)).await;
        let ended = match started {
            Ok(started) => {
                started?;
                if let Some(conditions) = &begun_conditions {
                    undertaking.carry_out(conditions, &mut alive).await?;
                }
                let round = self.on(alive.cluster);
                timeout_at(over, round.wait_for_end(&first, &before, begun_conditions.as_ref())).await.ok()
            }
            Err(_) => None,
        };
        let took = begun.elapsed();
        let ending = match ended {
            Some(ended) => {
                let (outcome, after) = ended?;
                Ending { outcome, took, after }
            }
            None => {
                // Of the processes that are there now.
                let known = alive.ledger.going_on().map_or(&before, |(_, before)| before);
                let after = alive.cluster.watch_alive(known).await;
                Ending { outcome: RoundOutcome::TimedOut, took, after }
            }
        };
        let outcome = ending.outcome;
        self.on(alive.cluster).keep_control(alive.ledger, undertaking.traffic()).await?;
        if let Some(begun) = begun_conditions {
            let folder = alive.ledger.folder().path();
            conditions.keep(alive.cluster, folder, &begun, &undertaking.kills()).await?;
        }
        alive.ledger.end_round(alive.cluster, ending)?;
        undertaking.make_whole(alive.cluster).await?;
        Ok(outcome)
    }

    /// The round on the processes that are there.
    fn on<'c>(&self, cluster: &'c Cluster) -> DrivenRound<'c>
    where
        'a: 'c,
    {
        let Configuring { plan, epoch, round } = self.of;
        DrivenRound { cluster, plan, epoch, round }
    }
}

/// Where a round's message begins: the initiator's process, and its last record before.
struct Begun {
    process: String,
    last_seq: u64,
}

impl<'a> DrivenRound<'a> {
    /// What befalls the round.
    pub(crate) fn conditions(&self) -> RoundConditions<'a> {
        RoundConditions { plan: self.plan, epoch: self.epoch, round: self.round }
    }

    /// Waits for the end of a round whose message has begun.
    async fn wait_for_end(
        &self,
        first: &Begun,
        before: &Pass,
        conditions: Option<&BegunConditions>,
    ) -> Result<(RoundOutcome, Pass), ClusterError> {
        if let Some(conditions) = conditions {
            conditions.wait_for_last_step().await;
        }
        // A process in the place of the first has no record of the begin.
        let host = self.cluster.processes.iter().position(|process| process.name == first.process);
        let quiescence = QuiescenceWait { round: self, begun: host.map(|host| (host, first.last_seq)) };
        match self.plan.protocol.spec.protocol().settles() {
            true => Ok((RoundOutcome::Quiescent, self.wait_for_rest(&quiescence, conditions).await?)),
            false => Ok((RoundOutcome::Horizon, self.wait_for_horizon(before).await?)),
        }
    }

    /// Writes down what nodes have said to each other besides copies, in the order of the topology; `earlier` is of processes that were
    /// killed.
    async fn keep_control(&self, ledger: &Ledger, earlier: &[NodeTraffic]) -> Result<(), DriveError> {
        let request = ControlTrafficRequest { epoch: self.epoch };
        let told = |_, process: Process| async move {
            process
                .call("ControlTraffic", |mut control: Client| async move { control.control_traffic(request).await })
                .await
        };
        let replies = self.cluster.each(told).await?;
        let mut of_nodes: BTreeMap<&str, Vec<KindTraffic>> = BTreeMap::new();
        for NodeTraffic { node, kinds } in replies.iter().flat_map(|reply| &reply.nodes).chain(earlier) {
            let sums = of_nodes.entry(node.as_str()).or_default();
            for of in kinds {
                match sums.iter_mut().find(|sum| sum.kind == of.kind) {
                    Some(sum) => (sum.messages, sum.bytes) = (sum.messages + of.messages, sum.bytes + of.bytes),
                    None => sums.push(of.clone()),
                }
            }
        }
        let in_order = self.plan.topology.nodes.iter().filter_map(|id| of_nodes.get_key_value(id.as_str()));
        let lines = in_order.flat_map(|(node, kinds)| {
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
            false => sum(pass, |reply| reply.held) >= self.cluster.nodes() - sum(pass, |reply| reply.gone),
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
    /// The initiator's process and its last record before the start; none where that process is not there any more.
    begun: Option<(usize, u64)>,
}

impl QuiescenceWait<'_> {
    /// Waits until two passes over all processes in a row are equal and find nothing queued or in flight.
    async fn wait(&self) -> Result<Pass, ClusterError> {
        let mut suspect = self.begun.map_or(0, |(host, _)| host);
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
        let waits_for_begin = self.begun.is_some_and(|(host, before)| index == host && reply.last_seq <= before);
        is_at_work(reply) || waits_for_begin
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
