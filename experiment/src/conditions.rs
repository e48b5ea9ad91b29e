//! What befalls a round on the processes of a cluster, faults and links that come and go: the instant of its time 0, and what
//! nodes have seen when it is over.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use cnsim::id::NodeIx;
use cnsim::machine::{FaultLog, LoggedStep, StepEdge};
use cnsim::motion::{Change, Contacts};
use cnsim::scenario::{RoundKill, Timeline};
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{BeginConditionsRequest, FaultLogsRequest, LinkTurn, NodeTurns};
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::cluster::{Cluster, ClusterError, Process};
use crate::drive_error::DriveError;
use crate::fault_files::{self, FaultyRound};
use crate::folder::FolderError;
use crate::plan::Plan;

type Client = ControlClient<Channel>;

/// How far ahead time 0 is when nodes are told, at least; twice as far after each time that it was not enough.
const AHEAD: Duration = Duration::from_millis(200);
/// How often it may not be enough.
const TRIES: u32 = 5;

/// Conditions whose time 0 has come.
pub(crate) struct BegunConditions {
    pub(crate) timeline: Timeline,
    /// When the network moves no more.
    moves: Option<Instant>,
    pub(crate) origin: Timestamp,
    /// The same by the driver's own clock.
    pub(crate) zero: Instant,
    /// What every process was told, but for the turns of its links.
    told: BeginConditionsRequest,
}

impl BegunConditions {
    /// Whether links still come and go.
    pub(crate) fn moves(&self) -> bool {
        self.moves.is_some_and(|until| Instant::now() < until)
    }

    /// Waits until nothing more begins or ends.
    pub(crate) async fn wait_for_last_step(&self) {
        tokio::time::sleep_until(self.zero + Duration::from(self.timeline.ends())).await;
    }
}

/// A round whose processes are told what befalls it.
pub(crate) struct RoundConditions<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) epoch: u64,
    pub(crate) round: u32,
}

impl RoundConditions<'_> {
    /// Gives every process the round's faults, the turns of its links and the instant of its time 0, and waits for that. None where
    /// nothing befalls the round.
    pub(crate) async fn begin(&self, cluster: &Cluster) -> Result<Option<BegunConditions>, ClusterError> {
        let timeline = match (self.plan.timeline(self.round), &self.plan.contacts) {
            (None, None) => return Ok(None),
            (timeline, _) => timeline.unwrap_or_default(),
        };
        let turns = self.plan.contacts.as_ref().map(|contacts| turns(contacts)).unwrap_or_default();
        let text = timeline.to_json();
        let (mut ahead, mut tries) = (AHEAD, TRIES);
        loop {
            let (origin, zero) = (Timestamp(now_ns()) + Interval::from(ahead), Instant::now() + ahead);
            let told = BeginConditionsRequest {
                epoch: self.epoch,
                timeline: text.clone(),
                origin_ns: origin.0,
                moves: self.plan.contacts.is_some(),
                discovery_ns: self.plan.options.discovery.0,
                turns: Vec::new(),
                joined_ns: 0,
                before: 0,
            };
            let is_in_time = tell(cluster, &told, &turns).await?;
            tries -= 1;
            // A process that was told too late has missed a step, so all are told again; the last time its lateness stands in the steps.
            if is_in_time || tries == 0 {
                tokio::time::sleep_until(zero).await;
                let moves = self.plan.contacts.as_ref().map(|contacts| zero + Duration::from(contacts.span()));
                return Ok(Some(BegunConditions { timeline, moves, origin, zero, told }));
            }
            ahead *= 2;
        }
    }

    /// Has the nodes of a process that has just come up take part in what goes on; gives the instant from which on they do.
    pub(crate) async fn join(&self, process: &Process, begun: &BegunConditions) -> Result<Interval, ClusterError> {
        let joined = Interval::from(begun.zero.elapsed());
        let mut turns = self.plan.contacts.as_ref().map(|contacts| turns(contacts)).unwrap_or_default();
        turns.values_mut().for_each(|of| of.turns = from_then_on(std::mem::take(&mut of.turns), joined));
        let told = BeginConditionsRequest { joined_ns: joined.0, ..begun.told.clone() };
        tell(&Cluster { processes: vec![process.clone()] }, &told, &turns).await?;
        Ok(joined)
    }

    /// Writes down what nodes have seen of the round's faults, and which processes were killed.
    pub(crate) async fn keep(
        &self,
        cluster: &Cluster,
        folder: &Path,
        faults: &BegunConditions,
        kills: &[RoundKill],
    ) -> Result<(), DriveError> {
        if self.plan.options.faults.is_empty() {
            return Ok(());
        }
        let request = FaultLogsRequest { epoch: self.epoch };
        let told = |_, process: Process| async move {
            process.call("FaultLogs", |mut control: Client| async move { control.fault_logs(request).await }).await
        };
        let replies = cluster.each(told).await?;
        let logs: BTreeMap<&str, FaultLog> =
            replies.iter().flat_map(|reply| &reply.nodes).map(|seen| (seen.node.as_str(), seen.log())).collect();
        let places = (0..).map(NodeIx).zip(&self.plan.topology.nodes);
        let seen = places.filter_map(|(place, id)| Some((place, logs.get(id.as_str())?.clone())));
        let logs = seen.chain(kills.iter().flat_map(|kill| logs_of(kill, faults))).collect();
        let (timeline, origin) = (&faults.timeline, faults.origin);
        let faulty = FaultyRound { round: self.round, origin, timeline, kills, logs };
        let kept = fault_files::add_round(self.plan, folder, &faulty);
        Ok(kept.map_err(FolderError::from)?)
    }
}

/// By the wall clock.
pub(crate) fn now_ns() -> u64 {
    Utc::now().timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok()).unwrap_or_default()
}

/// Whether every process was told before time 0.
async fn tell(
    cluster: &Cluster,
    request: &BeginConditionsRequest,
    turns: &BTreeMap<&str, NodeTurns>,
) -> Result<bool, ClusterError> {
    let begun = |_, process: Process| {
        let hosted = process.nodes.iter().filter_map(|node| turns.get(node.id.as_str()).cloned());
        let (turns, before) = (hosted.collect(), process.before);
        let request = BeginConditionsRequest { turns, before, ..request.clone() };
        async move {
            let begin = |mut control: Client| {
                let request = request.clone();
                async move { control.begin_conditions(request).await }
            };
            process.call("BeginConditions", begin).await
        }
    };
    let replies = cluster.each(begun).await?;
    Ok(replies.iter().all(|reply| reply.ahead_ns > 0))
}

/// The steps that the driver took for the nodes of a process that it killed.
fn logs_of(kill: &RoundKill, faults: &BegunConditions) -> Vec<(NodeIx, FaultLog)> {
    let at = |ms: f64| faults.origin + Interval((ms * 1e6) as u64);
    let steps = |node: NodeIx| {
        let mut stops = faults.timeline.stops_of(node).into_iter().filter(|stop| stop.fault == kill.fault);
        // The last that had begun: a process is killed late, never early.
        let stop = stops.rfind(|stop| stop.span.begins.as_ms() <= kill.kill.killed_ms);
        let step = |edge, intended, ms: f64| LoggedStep { fault: kill.fault, edge, intended, taken: at(ms) };
        stop.map(|stop| {
            let ends = kill.kill.back_ms.map(|back| step(StepEdge::Ends, stop.span.ends, back));
            [step(StepEdge::Begins, stop.span.begins, kill.kill.killed_ms)].into_iter().chain(ends).collect()
        })
    };
    let log = |node| (node, FaultLog { steps: steps(node).unwrap_or_default(), ..FaultLog::default() });
    kill.nodes.iter().copied().map(log).collect()
}

/// The turns of a node's links that are to come, behind those that are up already.
fn from_then_on(turns: Vec<LinkTurn>, joined: Interval) -> Vec<LinkTurn> {
    let (before, mut rest): (Vec<_>, Vec<_>) = turns.into_iter().partition(|turn| turn.at_ns <= joined.0);
    let mut up: BTreeMap<String, LinkTurn> = BTreeMap::new();
    for turn in before {
        match turn.up {
            true => drop(up.insert(turn.peer.clone(), LinkTurn { at_ns: joined.0, ..turn })),
            false => drop(up.remove(&turn.peer)),
        }
    }
    let mut turns: Vec<LinkTurn> = up.into_values().collect();
    turns.append(&mut rest);
    turns
}

/// The turns of each node's links, by its id.
fn turns(contacts: &Contacts) -> BTreeMap<&str, NodeTurns> {
    let mut turns: BTreeMap<&str, NodeTurns> = BTreeMap::new();
    for (at, change) in contacts.changes() {
        let (link, up) = match change {
            Change::Up(link) => (link, true),
            Change::Down(link) => (link, false),
            Change::Joins(_) | Change::Leaves(_) => continue,
        };
        let [a, b] = link.ends().map(|node| contacts.nodes()[node.index()].as_str());
        for (node, peer) in [(a, b), (b, a)] {
            let of = turns.entry(node).or_insert_with(|| NodeTurns { node: node.to_owned(), turns: Vec::new() });
            of.turns.push(LinkTurn { at_ns: at.0, peer: peer.to_owned(), up });
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_joins_late_finds_the_links_that_are_up_and_hears_of_those_to_come() {
        let turn = |at_ns, peer: &str, up| LinkTurn { at_ns, peer: peer.to_owned(), up };
        let turns = vec![turn(0, "a", true), turn(1, "b", true), turn(4, "a", false), turn(9, "b", false)];
        assert_eq!(from_then_on(turns.clone(), Interval(5)), [turn(5, "b", true), turn(9, "b", false)]);
        assert_eq!(from_then_on(turns, Interval(3))[..2], [turn(3, "a", true), turn(3, "b", true)]);
    }
}
