//! The processes that a round's faults kill, and those that come up in their places: what `how = "process"` has the driver do.
//!
//! A process is halted before it is killed: its nodes stop where they stand, and what they have recorded is written. So no record
//! is lost with it, and the number of its last one is known.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use cnsim::id::NodeIx;
use cnsim::scenario::{Effect, ProcessKill, ROUND_END, RoundKill, Timeline};
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{HaltReply, HaltRequest, NodeTraffic, ReaddressRequest, WatchReply};
use futures_util::future::{join_all, pending};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{sleep_until, timeout};
use tonic::transport::Channel;

use crate::backend::{BackendError, Undertaker};
use crate::cluster::{Cluster, ClusterError, Process};
use crate::conditions::{BegunConditions, RoundConditions, now_ns};
use crate::configuring::Configuring;
use crate::drive_error::DriveError;
use crate::ledger::Ledger;
use crate::watcher::Watcher;

type Client = ControlClient<Channel>;

/// How long a process may take to halt; it is killed all the same.
const HALTING: Duration = Duration::from_secs(2);

/// In tests: kills nobody and tells that it did, so that somebody has to notice.
const SPARE: &str = "CNSIM_TEST_SPARE_KILLED";

/// What changes while processes come and go.
pub(crate) struct Alive<'a> {
    /// The processes that are there, in the order of their places.
    pub(crate) cluster: &'a mut Cluster,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) watcher: &'a dyn Watcher,
}

/// See the module.
pub(crate) struct Undertaking<'a, U> {
    of: Configuring<'a>,
    undertaker: &'a U,
    /// Every place with the process that is there, or was there last.
    places: Cluster,
    absent: BTreeSet<usize>,
    /// Each with the place of its process.
    kills: Vec<(usize, RoundKill)>,
    /// What nodes of killed processes had said besides copies.
    traffic: Vec<NodeTraffic>,
}

/// What happens at an instant: whoever comes up does so before others are killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Rises,
    Dies,
}

/// The faults and places that something happens to at an instant.
type Step = ((Interval, What), BTreeSet<(u32, usize)>);

/// A process on its way up, with its place.
type Rise<'a> = Pin<Box<dyn Future<Output = Result<(usize, Process), BackendError>> + 'a>>;

impl<'a, U: Undertaker> Undertaking<'a, U> {
    /// Of a round that begins on these processes.
    pub(crate) fn new(of: Configuring<'a>, undertaker: &'a U, cluster: &Cluster) -> Self {
        Self {
            of,
            undertaker,
            places: cluster.clone(),
            absent: BTreeSet::new(),
            kills: Vec::new(),
            traffic: Vec::new(),
        }
    }

    /// The processes that were killed.
    pub(crate) fn kills(&self) -> Vec<RoundKill> {
        self.kills.iter().map(|(_, kill)| kill.clone()).collect()
    }

    /// What their nodes had said besides copies.
    pub(crate) fn traffic(&self) -> &[NodeTraffic] {
        &self.traffic
    }

    /// Kills those whose time is 0.
    pub(crate) async fn kill_at_zero(
        &mut self,
        begun: &BegunConditions,
        alive: &mut Alive<'_>,
    ) -> Result<(), DriveError> {
        for ((at, _), doomed) in self.steps(&begun.timeline) {
            if at == Interval::ZERO {
                self.kill(&doomed, begun, alive).await?;
            }
        }
        Ok(())
    }

    /// Kills the others and brings up those in their places, each in its time; ends when all are there that are to be.
    pub(crate) async fn carry_out(&mut self, begun: &BegunConditions, alive: &mut Alive<'_>) -> Result<(), DriveError> {
        let mut steps: VecDeque<Step> = self.steps(&begun.timeline).into();
        steps.retain(|((at, _), _)| *at > Interval::ZERO);
        let mut rising: FuturesUnordered<Rise<'a>> = FuturesUnordered::new();
        while !steps.is_empty() || !rising.is_empty() {
            let next = steps.front().map(|((at, _), _)| begun.zero + Duration::from(*at));
            tokio::select! {
                Some(risen) = rising.next() => self.take_in(risen?, begun, alive).await?,
                () = until(next) => match steps.pop_front() {
                    Some(((_, What::Rises), of)) => rising.extend(of.into_iter().map(|(_, place)| self.rise(place))),
                    Some(((_, What::Dies), doomed)) => {
                        // One that is not back yet dies when it is.
                        while doomed.iter().any(|(_, place)| self.absent.contains(place))
                            && let Some(risen) = rising.next().await
                        {
                            self.take_in(risen?, begun, alive).await?;
                        }
                        self.kill(&doomed, begun, alive).await?;
                    }
                    None => {}
                },
            }
        }
        Ok(())
    }

    /// Brings up who is still absent when the round is over.
    pub(crate) async fn make_whole(&mut self, cluster: &mut Cluster) -> Result<(), DriveError> {
        let rising = std::mem::take(&mut self.absent).into_iter().map(|place| self.rise(place));
        for risen in join_all(rising).await {
            let (place, process) = risen?;
            self.places.processes[place] = process;
            self.of.configure_apart(&self.places, place).await?;
        }
        cluster.processes.clone_from(&self.places.processes);
        Ok(())
    }

    /// What happens when, to the processes that faults kill.
    fn steps(&self, timeline: &Timeline) -> Vec<Step> {
        let mut steps: BTreeMap<(Interval, What), BTreeSet<(u32, usize)>> = BTreeMap::new();
        for (fault, planned) in (0..).zip(&timeline.faults) {
            let Effect::Stopped { manner, nodes } = &planned.effect else { continue };
            for stopped in nodes.iter().filter(|_| manner.ends_processes()) {
                let place = self.place_of(stopped.node);
                for span in &stopped.spans {
                    steps.entry((span.begins, What::Dies)).or_default().insert((fault, place));
                    if span.ends != ROUND_END {
                        steps.entry((span.ends, What::Rises)).or_default().insert((fault, place));
                    }
                }
            }
        }
        steps.into_iter().collect()
    }

    fn place_of(&self, node: NodeIx) -> usize {
        node.index() / self.of.plan.options.nodes_per_process.max(1) as usize
    }

    /// Ends processes at once.
    async fn kill(
        &mut self,
        doomed: &BTreeSet<(u32, usize)>,
        begun: &BegunConditions,
        alive: &mut Alive<'_>,
    ) -> Result<(), DriveError> {
        let ends = doomed.iter().map(|(_, place)| end(self.undertaker, *place, &self.places.processes[*place]));
        for (ended, (fault, place)) in join_all(ends).await.into_iter().zip(doomed) {
            let (halted, id) = ended?;
            let Process { name, nodes, before, .. } = &self.places.processes[*place];
            if halted.is_none() {
                alive.watcher.warn(&format!("{name} did not say which its last record is before it was killed"));
            }
            let counters = halted.as_ref().and_then(|halted| halted.counters);
            if let Some(index) = alive.cluster.processes.iter().position(|process| process.name == *name) {
                alive.cluster.processes.remove(index);
                alive.ledger.note_death(index, name, counters);
            }
            let at = Timestamp(halted.as_ref().map_or_else(now_ns, |halted| halted.halted_ns));
            self.traffic.extend(halted.into_iter().flat_map(|halted| halted.traffic));
            let kill = ProcessKill {
                round: self.of.round,
                process: name.clone(),
                id,
                incarnation: 1 + before,
                killed_ms: at.since(begun.origin).as_ms(),
                last_seq: counters.map(|counters| counters.last_seq),
                back_ms: None,
            };
            let first = place * self.of.plan.options.nodes_per_process.max(1) as usize;
            let nodes = (first..first + nodes.len()).map(|node| NodeIx(node as u32)).collect();
            self.absent.insert(*place);
            self.kills.push((*place, RoundKill { fault: *fault, nodes, kill }));
        }
        Ok(())
    }

    /// A new process in this place, when it is up.
    fn rise(&self, place: usize) -> Rise<'a> {
        let (undertaker, before) = (self.undertaker, self.places.processes[place].clone());
        Box::pin(async move {
            let next = before.before + 1;
            match is_spared() {
                true => Ok((place, before)),
                false => undertaker.raise(place).await.map(|process| (place, Process { before: next, ..process })),
            }
        })
    }

    /// A process that has come up takes part: it has the round's configuration and conditions, and the others hear where it is.
    async fn take_in(
        &mut self,
        (place, process): (usize, Process),
        begun: &BegunConditions,
        alive: &mut Alive<'_>,
    ) -> Result<(), DriveError> {
        let Configuring { plan, epoch, round } = self.of;
        self.places.processes[place] = process.clone();
        self.of.configure_one(&self.places, place).await?;
        let joined = RoundConditions { plan, epoch, round }.join(&process, begun).await?;
        readdress(alive.cluster, epoch, &process).await?;
        self.absent.remove(&place);
        let index = place - self.absent.range(..place).count();
        alive.cluster.processes.insert(index, process);
        alive.ledger.note_birth(index, WatchReply { epoch, ..WatchReply::default() });
        if let Some((_, kill)) = self.kills.iter_mut().rev().find(|(other, _)| *other == place) {
            kill.kill.back_ms = Some(joined.as_ms());
        }
        Ok(())
    }
}

/// Halts a process and kills it: what it said last, where it did, and what it was called.
async fn end(
    undertaker: &impl Undertaker,
    place: usize,
    process: &Process,
) -> Result<(Option<HaltReply>, String), BackendError> {
    if is_spared() {
        return Ok((None, "spared".to_owned()));
    }
    let mut control = process.control.clone();
    let halted = timeout(HALTING, control.halt(HaltRequest {})).await;
    let halted = halted.ok().and_then(Result::ok).map(tonic::Response::into_inner);
    Ok((halted, undertaker.kill(place, process).await?))
}

/// Tells the processes that are there where the nodes of another are.
async fn readdress(cluster: &Cluster, epoch: u64, moved: &Process) -> Result<(), ClusterError> {
    let request = ReaddressRequest { epoch, peers: moved.nodes.clone() };
    let told = |_, process: Process| {
        let request = request.clone();
        async move {
            let readdressed = |mut control: Client| {
                let request = request.clone();
                async move { control.readdress(request).await }
            };
            process.call("Readdress", readdressed).await
        }
    };
    cluster.each(told).await.map(drop)
}

async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// Only in builds for tests.
fn is_spared() -> bool {
    cfg!(debug_assertions) && std::env::var_os(SPARE).is_some()
}
