//! What befalls a round on the processes of a cluster, faults and links that come and go: the instant of its time 0, and what
//! nodes have seen when it is over.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use cnsim::id::NodeIx;
use cnsim::machine::FaultLog;
use cnsim::motion::{Change, Contacts};
use cnsim::scenario::Timeline;
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{BeginFaultsRequest, FaultLogsRequest, LinkTurn, NodeTurns};
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
    timeline: Timeline,
    /// When the network moves no more.
    moves: Option<Instant>,
    origin: Timestamp,
    /// The same by the driver's own clock.
    zero: Instant,
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
    pub(crate) cluster: &'a Cluster,
    pub(crate) plan: &'a Plan,
    pub(crate) epoch: u64,
    pub(crate) round: u32,
}

impl RoundConditions<'_> {
    /// Gives every process the round's faults, the turns of its links and the instant of its time 0, and waits for that. None where
    /// nothing befalls the round.
    pub(crate) async fn begin(&self) -> Result<Option<BegunConditions>, ClusterError> {
        let timeline = match (self.plan.timeline(self.round), &self.plan.contacts) {
            (None, None) => return Ok(None),
            (timeline, _) => timeline.unwrap_or_default(),
        };
        let turns = self.plan.contacts.as_ref().map(|contacts| turns(contacts)).unwrap_or_default();
        let text = timeline.to_json();
        let (mut ahead, mut tries) = (AHEAD, TRIES);
        loop {
            let now = Utc::now().timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok()).unwrap_or_default();
            let (origin, zero) = (Timestamp(now) + Interval::from(ahead), Instant::now() + ahead);
            let request = BeginFaultsRequest {
                epoch: self.epoch,
                timeline: text.clone(),
                origin_ns: origin.0,
                moves: self.plan.contacts.is_some(),
                discovery_ns: self.plan.options.discovery.0,
                turns: Vec::new(),
            };
            let is_in_time = self.tell(&request, &turns).await?;
            tries -= 1;
            // A process that was told too late has missed a step, so all are told again; the last time its lateness stands in the steps.
            if is_in_time || tries == 0 {
                tokio::time::sleep_until(zero).await;
                let moves = self.plan.contacts.as_ref().map(|contacts| zero + Duration::from(contacts.span()));
                return Ok(Some(BegunConditions { timeline, moves, origin, zero }));
            }
            ahead *= 2;
        }
    }

    /// Whether every process was told before time 0.
    async fn tell(
        &self,
        request: &BeginFaultsRequest,
        turns: &BTreeMap<&str, NodeTurns>,
    ) -> Result<bool, ClusterError> {
        let begun = |_, process: Process| {
            let hosted = process.nodes.iter().filter_map(|node| turns.get(node.id.as_str()).cloned());
            let request = BeginFaultsRequest { turns: hosted.collect(), ..request.clone() };
            async move {
                let begin = |mut control: Client| {
                    let request = request.clone();
                    async move { control.begin_faults(request).await }
                };
                process.call("BeginFaults", begin).await
            }
        };
        let replies = self.cluster.each(begun).await?;
        Ok(replies.iter().all(|reply| reply.ahead_ns > 0))
    }

    /// Writes down what nodes have seen of the round's faults.
    pub(crate) async fn keep(&self, folder: &Path, faults: &BegunConditions) -> Result<(), DriveError> {
        if self.plan.options.faults.is_empty() {
            return Ok(());
        }
        let request = FaultLogsRequest { epoch: self.epoch };
        let told = |_, process: Process| async move {
            process.call("FaultLogs", |mut control: Client| async move { control.fault_logs(request).await }).await
        };
        let replies = self.cluster.each(told).await?;
        let logs: BTreeMap<&str, FaultLog> =
            replies.iter().flat_map(|reply| &reply.nodes).map(|seen| (seen.node.as_str(), seen.log())).collect();
        let places = (0..).map(NodeIx).zip(&self.plan.topology.nodes);
        let logs = places.filter_map(|(place, id)| Some((place, logs.get(id.as_str())?.clone()))).collect();
        let faulty = FaultyRound { round: self.round, origin: faults.origin, timeline: &faults.timeline, logs };
        let kept = fault_files::add_round(self.plan, folder, &faulty);
        Ok(kept.map_err(FolderError::from)?)
    }
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
