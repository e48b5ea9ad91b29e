//! The faults of a plan: what befalls whom in which round, and what cannot be.

use cnsim::id::{NodeId, NodeIx};
use cnsim::link::{DelayModel, Transport};
use cnsim::manifest::Options;
use cnsim::pace::{Pace, Schedule};
use cnsim::scenario::{
    Effect, FaultSpec, Ground, Kind, NodeSet, Planned, Reason, Replicate, ScenarioError, State, Timeline,
    never_initiate,
};
use cnsim::time::Interval;
use cnsim::topology::Adjacency;

use crate::delay_files::DelayFiles;

/// See the module.
#[derive(Debug)]
pub struct PlannedFaults {
    /// Of an open loop, whose messages are one replicate.
    whole: Option<Timeline>,
    /// Where no message can begin.
    never_initiate: NodeSet,
    /// The region of each node; empty where the delay knows none.
    regions: Vec<String>,
}

/// Faults that this run cannot have.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// One of them cannot be.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A sender would wait for ever.
    #[error("fault {0} needs a --deadline: nobody tells a sender that nothing arrives")]
    NoDeadline(String),
    /// The round would be given up before.
    #[error(
        "fault {fault} lasts until {lasts}, and a round is given up after {limit}: give it a shorter `for`, or the run a longer \
         --round-timeout"
    )]
    TooLong {
        /// The one that lasts longest.
        fault: String,
        /// The last step.
        lasts: Interval,
        /// The longest round.
        limit: Interval,
    },
    /// A pause where the model has queues inside a node.
    #[error("fault {fault}: a pause goes without {flag}: what a stopped node's queues do is not modelled")]
    Paused {
        /// What it is called.
        fault: String,
        /// What queues.
        flag: &'static str,
    },
    /// Processes are killed where there are none.
    #[error("fault {0}: a simulation has no processes to kill: use how = \"dark\"")]
    NoProcess(String),
    /// Processes are killed while one message begins after another.
    #[error("fault {0}: how = \"process\" goes without --every: use how = \"dark\"")]
    ProcessOfLoad(String),
    /// Nothing outlives a process.
    #[error("fault {0}: a process that is killed keeps nothing: leave state out, or use state = \"lost\"")]
    ProcessKeeps(String),
    /// Nodes are drawn where they share processes.
    #[error(
        "fault {fault}: how = \"process\" kills whole processes, and a share draws single nodes: with {in_one} nodes in a process name \
         all of them, as who = \"0..{}\", or give each node its own (--nodes-per-process 1)",
        in_one - 1
    )]
    DrawnOfProcess {
        /// What it is called.
        fault: String,
        /// How many nodes share a process.
        in_one: u32,
    },
    /// Some nodes of a process are meant, and others of it are not.
    #[error(
        "fault {fault}: how = \"process\" kills whole processes, and {other} is in the process of {node} without being meant: name the \
         nodes {first} to {last}, or give each node its own process (--nodes-per-process 1)"
    )]
    PartOfProcess {
        /// What it is called.
        fault: String,
        /// One that is meant.
        node: NodeId,
        /// One that is not.
        other: NodeId,
        /// The place of the process's first node.
        first: usize,
        /// And of its last.
        last: usize,
    },
    /// Nodes of a process are back at times of their own.
    #[error(
        "fault {0}: nodes of one process are back together: give back_after one time, as \"3s\", or each node its own process \
         (--nodes-per-process 1)"
    )]
    BackApart(String),
    /// Every node stands still when messages begin.
    #[error("fault {0}: every node stands still at 0s, so that no message can begin")]
    NobodyBegins(String),
    /// Two faults of one name.
    #[error("two faults are called {0}")]
    SameName(String),
}

impl FaultsError {
    /// The fault that cannot be.
    pub fn fault(&self) -> &str {
        match self {
            Self::Scenario(ScenarioError { fault, .. })
            | Self::NoDeadline(fault)
            | Self::TooLong { fault, .. }
            | Self::Paused { fault, .. }
            | Self::NoProcess(fault)
            | Self::ProcessOfLoad(fault)
            | Self::ProcessKeeps(fault)
            | Self::DrawnOfProcess { fault, .. }
            | Self::PartOfProcess { fault, .. }
            | Self::BackApart(fault)
            | Self::NobodyBegins(fault)
            | Self::SameName(fault) => fault,
        }
    }
}

/// What the timelines of a plan are resolved on.
pub(crate) struct Field<'a> {
    pub(crate) options: &'a Options,
    pub(crate) nodes: &'a [NodeId],
    pub(crate) neighbours: &'a Adjacency,
    pub(crate) open_loop: Option<&'a Schedule>,
}

impl PlannedFaults {
    /// Those of the options, where they can be.
    pub(crate) fn of(field: &Field<'_>, files: &DelayFiles) -> Result<Self, FaultsError> {
        let options = field.options;
        let mut made = Self { whole: None, never_initiate: NodeSet::default(), regions: regions(field, files) };
        if options.faults.is_empty() {
            return Ok(made);
        }
        check(options)?;
        made.never_initiate = made.on(field, |ground| never_initiate(&options.faults, ground))?;
        if made.never_initiate.nodes().len() == field.nodes.len() {
            let at_first = |fault: &&FaultSpec| fault.kind.stops_nodes() && fault.at == Interval::ZERO;
            let fault = options.faults.iter().find(at_first).map(|fault| fault.name.clone());
            return Err(FaultsError::NobodyBegins(fault.unwrap_or_default()));
        }
        let limit = made.limit(field);
        let timeline = match field.open_loop {
            Some(_) => made.resolve(field, 0, None)?,
            // Who is named is the same in every round: what can be in one can be in all.
            None => {
                made.resolve(field, 0, Some(NodeIx(first_free(&made.never_initiate, 0, field.nodes.len()) as u32)))?
            }
        };
        check_room(&options.faults, &timeline, field.nodes.len())?;
        check_whole(field, &timeline)?;
        if let Some((lasts, fault)) = longest(&timeline).filter(|(lasts, _)| *lasts >= limit) {
            return Err(FaultsError::TooLong { fault, lasts, limit });
        }
        made.whole = field.open_loop.is_some().then_some(timeline);
        Ok(made)
    }

    /// What befalls a round whose message this node begins.
    pub(crate) fn of_round(&self, field: &Field<'_>, round: u32, initiator: usize) -> Timeline {
        match &self.whole {
            Some(timeline) => timeline.clone(),
            None => {
                let resolved = self.resolve(field, round, Some(NodeIx(initiator as u32)));
                resolved.expect("a plan was made of faults that can be in every round")
            }
        }
    }

    /// Who begins a message instead of a node that stands still then: the next one in the roster that does not.
    pub(crate) fn initiator(&self, drawn: usize, begins: Interval, nodes: usize) -> usize {
        match &self.whole {
            None => first_free(&self.never_initiate, drawn, nodes),
            Some(timeline) => {
                let others = (0..nodes).map(|step| (drawn + step) % nodes);
                let mut free = others.filter(|node| !timeline.is_stopped(NodeIx(*node as u32), begins));
                free.next().unwrap_or(drawn)
            }
        }
    }

    fn resolve(&self, field: &Field<'_>, round: u32, initiator: Option<NodeIx>) -> Result<Timeline, ScenarioError> {
        let replicate = Replicate { round, initiator, limit: self.limit(field) };
        self.on(field, |ground| Timeline::resolve(&field.options.faults, ground, replicate))
    }

    /// How long a replicate lasts at most.
    fn limit(&self, field: &Field<'_>) -> Interval {
        let round = Interval::from_ms(field.options.round_timeout_ms);
        let last = field.open_loop.and_then(|schedule| schedule.begins().last().copied()).unwrap_or_default();
        Interval(round.0.saturating_add(last.0))
    }

    fn on<T>(&self, field: &Field<'_>, resolve: impl FnOnce(&Ground<'_>) -> T) -> T {
        let region = |node: NodeIx| self.regions.get(node.index()).cloned();
        resolve(&Ground { nodes: field.nodes, neighbours: field.neighbours, region: &region, seed: field.options.seed })
    }
}

/// The last step of all faults, and whose it is.
fn longest(timeline: &Timeline) -> Option<(Interval, String)> {
    let alone = |(place, planned): (u32, &Planned)| {
        let probes = timeline.probes.iter().filter(|probe| probe.fault == place).copied().collect();
        (Timeline { faults: vec![planned.clone()], probes }.ends(), planned.name.clone())
    };
    (0..).zip(&timeline.faults).map(alone).max()
}

/// Nodes that are drawn to be stopped are drawn among those that no other fault stops meanwhile, and these differ from round to
/// round. There have to be enough in each: where the others stop as many different nodes as they can, and the initiator is none of
/// them.
fn check_room(faults: &[FaultSpec], timeline: &Timeline, nodes: usize) -> Result<(), ScenarioError> {
    let planned = || faults.iter().zip(&timeline.faults).filter(|(_, planned)| planned.stops_nodes());
    for (drawn, own) in planned().filter(|(fault, _)| fault.draws_nodes()) {
        let meets = |(other, at): &(&FaultSpec, &Planned)| other.name != drawn.name && at.window.meets(own.window);
        let others: u64 = planned().filter(meets).map(|(_, other)| other.size()).sum();
        let free = nodes.saturating_sub(1).saturating_sub(usize::try_from(others).unwrap_or(usize::MAX));
        let asked = usize::try_from(own.size()).unwrap_or(usize::MAX);
        if asked > free {
            return Err(ScenarioError { fault: drawn.name.clone(), reason: Reason::TooMany { asked, free } });
        }
    }
    Ok(())
}

fn first_free(stopped: &NodeSet, drawn: usize, nodes: usize) -> usize {
    let mut others = (0..nodes).map(|step| (drawn + step) % nodes.max(1));
    others.find(|node| !stopped.contains(NodeIx(*node as u32))).unwrap_or(drawn)
}

/// What a fault that kills processes cannot be, whoever is meant.
fn check_process(fault: &FaultSpec, options: &Options) -> Result<(), FaultsError> {
    let (name, in_one) = (fault.name.clone(), options.nodes_per_process);
    if options.every != Pace::Closed {
        return Err(FaultsError::ProcessOfLoad(name));
    }
    if matches!(fault.kind, Kind::Crash { state: State::Kept, .. }) {
        return Err(FaultsError::ProcessKeeps(name));
    }
    if fault.draws_nodes() && in_one > 1 {
        return Err(FaultsError::DrawnOfProcess { fault: name, in_one });
    }
    Ok(())
}

/// Whether faults that kill processes mean all nodes of each, at the same times.
fn check_whole(field: &Field<'_>, timeline: &Timeline) -> Result<(), FaultsError> {
    let in_one = field.options.nodes_per_process.max(1) as usize;
    for Planned { name, effect, .. } in &timeline.faults {
        let Effect::Stopped { manner, nodes } = effect else { continue };
        let spans = |node: usize| {
            let place = nodes.binary_search_by_key(&node, |stopped| stopped.node.index());
            place.ok().map(|place| &nodes[place].spans)
        };
        for stopped in nodes.iter().filter(|_| manner.ends_processes()) {
            let first = stopped.node.index() / in_one * in_one;
            let last = (first + in_one).min(field.nodes.len()) - 1;
            let fault = name.clone();
            if let Some(other) = (first..=last).find(|node| spans(*node).is_none()) {
                let [node, other] = [stopped.node.index(), other].map(|node| field.nodes[node].clone());
                return Err(FaultsError::PartOfProcess { fault, node, other, first, last });
            }
            if (first..=last).any(|node| spans(node) != Some(&stopped.spans)) {
                return Err(FaultsError::BackApart(fault));
            }
        }
    }
    Ok(())
}

/// The region of each node, where a fault may ask for it.
fn regions(field: &Field<'_>, files: &DelayFiles) -> Vec<String> {
    if field.options.faults.is_empty() {
        return Vec::new();
    }
    let Ok(model) = DelayModel::new(&field.options.link_delay, files.texts().delay, field.options.seed) else {
        return Vec::new();
    };
    let nodes = (0..field.nodes.len()).map(|node| model.region(NodeIx(node as u32)).map(str::to_owned));
    nodes.collect::<Option<Vec<String>>>().unwrap_or_default()
}

/// What does not depend on who is meant.
fn check(options: &Options) -> Result<(), FaultsError> {
    let mut names: Vec<&str> = options.faults.iter().map(|fault| fault.name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(FaultsError::SameName(pair[0].to_owned()));
    }
    let queue = [
        ("--uplink", options.uplink.is_some()),
        ("--downlink", options.downlink.is_some()),
        ("--validate", !options.validate.is_none()),
        ("--service", !options.service.is_none()),
    ];
    let queue = queue.into_iter().find(|(_, is_there)| *is_there).map(|(flag, _)| flag);
    for fault in &options.faults {
        let FaultSpec { name, kind, .. } = fault;
        let name = || name.clone();
        let in_vain =
            kind.stops_nodes() || (matches!(kind, Kind::Partition { .. }) && options.transport == Transport::Stream);
        if in_vain && options.deadline_ms.is_none() {
            return Err(FaultsError::NoDeadline(name()));
        }
        if let (Kind::Pause { .. }, Some(flag)) = (kind, queue) {
            return Err(FaultsError::Paused { fault: name(), flag });
        }
        if fault.ends_processes() {
            check_process(fault, options)?;
        }
    }
    Ok(())
}
