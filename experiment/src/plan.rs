//! A run that has been checked: everything that can be known to be wrong is refused here, before any work.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use cnsim::id::{Epoch, Hop, MessageId, NodeId, RunId, SendId};
use cnsim::initiator::Initiators;
use cnsim::link::{DelayModel, DelayModelError, DelaySpec, Loss, Sharing, Texts, WorkModel};
use cnsim::machine::CopyParts;
use cnsim::manifest::{Likeness, Options, StudyPlace};
use cnsim::motion::Contacts;
use cnsim::pace::{MESSAGES_MAX, Pace, Schedule};
use cnsim::protocol::{ParseError, Phase, ProtocolSettings};
use cnsim::quantity::DataSize;
use cnsim::scenario::{FaultSpec, Timeline};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::{Adjacency, EdgeWeights, NoDelay, Topology};

use crate::delay_files::DelayFiles;
use crate::faults::{FaultsError, Field, PlannedFaults};
use crate::like::LikeError;
use crate::motion_plan::MotionError;
use crate::topology_source::SourceError;

/// A checked run.
#[derive(Debug)]
pub struct Plan {
    /// Its name.
    pub run_id: RunId,
    /// Every option as resolved.
    pub options: Options,
    /// What a node does with a message.
    pub protocol: ProtocolSettings,
    /// Who may send to whom.
    pub topology: Topology,
    /// The ways out of every node, by its place in the topology.
    pub neighbours: Adjacency,
    /// What stands in the files that times are drawn from.
    pub delay_files: DelayFiles,
    /// When links are up, where the network moves.
    pub contacts: Option<Arc<Contacts>>,
    /// What befalls nodes and links.
    pub faults: PlannedFaults,
    /// When rounds begin, where they wait for no other to end.
    pub open_loop: Option<Schedule>,
    /// The measured runs that it is like.
    pub like: Option<Likeness>,
    /// Its place in a study.
    pub study: Option<StudyPlace>,
    /// Names this run's first configuration: when the plan was made, in ns since the Unix epoch.
    pub epoch: u64,
}

/// Why a run cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Fewer than two nodes.
    #[error("--nodes {0}: a network has at least 2 nodes")]
    TooFewNodes(u32),
    /// The file has another number of nodes.
    #[error("--nodes {asked}: the topology has {found} nodes")]
    NodesDiffer {
        /// By `--nodes`.
        asked: u32,
        /// In the topology.
        found: usize,
    },
    /// No such protocol.
    #[error(transparent)]
    Protocol(#[from] ParseError),
    /// The topology cannot be read or made.
    #[error(transparent)]
    Topology(#[from] SourceError),
    /// The topology is in several pieces.
    #[error("the topology is in {components} pieces, so that no message can reach every node: --allow-partial runs it")]
    Disconnected {
        /// How many.
        components: usize,
    },
    /// The edges of a directed topology do not lead from every node to every other.
    #[error("some nodes cannot be reached along the edges' direction: --allow-partial runs the topology all the same")]
    OneWay,
    /// The file of a time is not what it should be.
    #[error("{flag}: {reason}")]
    Delay {
        /// Of which option.
        flag: &'static str,
        /// Why not.
        reason: Box<DelayModelError>,
    },
    /// The file of a time cannot be read.
    #[error("cannot read {file} ({flag}): {reason}")]
    DelayFile {
        /// Of which option.
        flag: &'static str,
        /// As typed.
        file: String,
        /// Why.
        reason: std::io::Error,
    },
    /// `--delay weights` on an edge without a usable weight.
    #[error("--delay weights: the edge from {from} to {to} has no weight from 0 ms to an hour")]
    Weight {
        /// One end.
        from: NodeId,
        /// The other.
        to: NodeId,
    },
    /// A fixed initiator that is no node.
    #[error("--initiator {0}: the topology has no such node")]
    Initiator(NodeId),
    /// A message that no node would take.
    #[error("--payload {payload}: a message would have {bytes} bytes, --max-message allows {limit}")]
    TooLarge {
        /// The payload's size.
        payload: DataSize,
        /// The encoded message's size.
        bytes: u64,
        /// The largest message.
        limit: u64,
    },
    /// A run id that is no folder name.
    #[error("--run-id {0}: a run's folder cannot have this name; use letters, digits, dots, dashes and underscores")]
    RunFolder(RunId),
    /// A simulation of nothing in particular.
    #[error("--backend sim needs {flag}, as {flag} {example}: no default hides what a simulation is of")]
    NoModel {
        /// What is missing.
        flag: &'static str,
        /// A value of it.
        example: &'static str,
    },
    /// A flag that changes nothing that the protocol does.
    #[error("{flag} means nothing to {protocol}, which {why}")]
    Meaningless {
        /// The flag.
        flag: &'static str,
        /// As typed.
        protocol: String,
        /// What it does not do.
        why: &'static str,
    },
    /// Nothing would arrive anywhere.
    #[error("--loss {0}: no copy would arrive; use a share below 100%")]
    AllLost(Loss),
    /// One of several runs of a simulation.
    #[error("{run_id}: {reason}")]
    Repeat {
        /// Its name.
        run_id: String,
        /// Why it cannot be made.
        reason: Box<PlanError>,
    },
    /// There is such a folder.
    #[error("{} exists: give another --run-id or --out", .0.display())]
    Exists(PathBuf),
    /// Two delays in a row do not fit into a period.
    #[error(
        "--phase aligned: two delays of {delay}{checked} have to be shorter than a period of {period}; use a constant or uniform \
         --delay"
    )]
    Aligned {
        /// The period.
        period: Interval,
        /// The delay.
        delay: DelaySpec,
        /// What the check of a message adds, in words.
        checked: String,
    },
    /// Aligned periods where nobody can say that copies come in time.
    #[error("--phase aligned: {flag} lets copies come later than a period allows for; leave one of them out")]
    AlignedQueue {
        /// What does.
        flag: &'static str,
    },
    /// Rates that are shared where there are none.
    #[error("--sharing {0} goes with --uplink or --downlink: without a rate nothing is shared")]
    NothingShared(Sharing),
    /// Service at nodes that exist.
    #[error("--service goes with --backend sim: real nodes take the time that they take; --validate adds to it")]
    RealService,
    /// A flag of simulations.
    #[error("{0} goes with --backend sim: real nodes have the processors and the times that they have")]
    OnlySim(&'static str),
    /// Processors without work.
    #[error("--processors goes with --service TIME, the work on a copy that they share")]
    NoWork,
    /// No run to be like.
    #[error("--like {0}")]
    Like(Box<LikeError>),
    /// A pause where rounds wait for nothing.
    #[error("--pause means nothing with --every, which says when each round begins")]
    Pause,
    /// A warm-up where each round has the network for itself.
    #[error("--warm-up goes with --every: without it round 0 warms up, and each round has the network for itself")]
    NoOpenLoop,
    /// An open loop of nothing.
    #[error("--every needs --rounds 1 or more: no other round is in a statistic")]
    NoScoredRounds,
    /// An open loop that is too long.
    #[error("--every: more than {MESSAGES_MAX} rounds would begin; use fewer --rounds or a shorter --warm-up")]
    TooManyMessages,
    /// A flag that means nothing in virtual time.
    #[error("{0} means nothing to --backend sim, which has no processes and no connections")]
    NotSimulated(&'static str),
    /// More than one run where none is like another.
    #[error(
        "--repeats goes with --backend sim: on machines a run is repeated by --repeat, when they are at rest again"
    )]
    OnlySimRepeats,
    /// Some records only, of a run that is nothing else.
    #[error("--records goes with --backend sim: on machines every record is kept")]
    OnlySimRecords,
    /// More than the machine has.
    #[error("the simulation needs about {} of memory, and {} are there: {advice}", gigabytes(*.needed), gigabytes(*.available))]
    Memory {
        /// In bytes.
        needed: u64,
        /// In bytes.
        available: u64,
        /// What to do.
        advice: &'static str,
    },
    /// A report on nothing.
    #[error("--report needs records, and --records none keeps none")]
    NothingToReport,
    /// A network that moves and cannot.
    #[error(transparent)]
    Motion(#[from] MotionError),
    /// Faults that cannot be.
    #[error(transparent)]
    Faults(#[from] FaultsError),
    /// A flag of the other backend.
    #[error("{0} goes with --backend kubernetes")]
    NeedsKubernetes(&'static str),
}

impl Plan {
    /// The plan of resolved options: what is typed and what is repeated are checked here alike.
    pub fn of(
        options: Options,
        topology: Topology,
        delay_files: DelayFiles,
        run_id: Option<RunId>,
    ) -> Result<Self, PlanError> {
        let run_id = run_id.unwrap_or_else(|| default_run_id(options.nodes));
        check_folder_name(&run_id)?;
        check_nodes(&options, &topology)?;
        check_files(&options, &delay_files)?;
        check_phase(&options)?;
        check_meaning(&options)?;
        if let Initiators::Fixed(id) = &options.initiator
            && !topology.nodes.contains(id)
        {
            return Err(PlanError::Initiator(id.clone()));
        }
        let (neighbours, open_loop) = (neighbours(&topology, &options.link_delay)?, open_loop(&options)?);
        let (nodes, schedule) = (&topology.nodes, open_loop.as_ref());
        let field = Field { options: &options, nodes, neighbours: &neighbours, open_loop: schedule };
        let faults = PlannedFaults::of(&field, &delay_files)?;
        let plan = Self {
            protocol: options.resolved_protocol(),
            neighbours,
            delay_files,
            faults,
            open_loop,
            like: None,
            study: None,
            contacts: None,
            epoch: now_ns(),
            run_id,
            options,
            topology,
        };
        plan.check_message()?;
        Ok(plan)
    }

    /// The number of the node that begins `round`.
    pub fn initiator(&self, round: u32) -> usize {
        let found = self.options.initiator.of_round(round, &self.topology.nodes, self.options.seed);
        let drawn = found.expect("a fixed initiator was found among the nodes when the plan was made");
        let begins = self.open_loop.as_ref().and_then(|schedule| schedule.begins().get(round as usize));
        self.faults.initiator(drawn, begins.copied().unwrap_or_default(), self.topology.nodes.len())
    }

    /// What befalls nodes and links in `round`; none where nothing does. In an open loop it is the same for every round.
    pub fn timeline(&self, round: u32) -> Option<Timeline> {
        let (nodes, open_loop) = (&self.topology.nodes, self.open_loop.as_ref());
        let field = Field { options: &self.options, nodes, neighbours: &self.neighbours, open_loop };
        (!self.options.faults.is_empty()).then(|| self.faults.of_round(&field, round, self.initiator(round)))
    }

    /// The number of the last round.
    pub fn last_round(&self) -> u32 {
        self.open_loop.as_ref().map_or(self.options.rounds, Schedule::last_round)
    }

    /// Whether a fault kills processes.
    pub fn kills_processes(&self) -> bool {
        self.options.faults.iter().any(FaultSpec::ends_processes)
    }

    /// Whether something befalls each round that a configuration has to undo.
    pub fn is_under_conditions(&self) -> bool {
        !self.options.faults.is_empty() || self.contacts.is_some()
    }

    /// The nodes of each process.
    pub fn hosted(&self) -> impl Iterator<Item = &[NodeId]> {
        self.topology.nodes.chunks(self.options.nodes_per_process.max(1) as usize)
    }

    /// The number of processes.
    pub fn processes(&self) -> u32 {
        self.options.nodes.div_ceil(self.options.nodes_per_process.max(1))
    }

    fn check_message(&self) -> Result<(), PlanError> {
        let limit = self.options.max_message;
        let overhead = self.envelope_bytes();
        let payload = DataSize::of_bytes(self.options.payload_bytes);
        let bytes = overhead.saturating_add(payload.bytes());
        match bytes <= limit {
            true => Ok(()),
            false => Err(PlanError::TooLarge { payload, bytes, limit }),
        }
    }

    /// The most that an encoded message has besides its payload.
    fn envelope_bytes(&self) -> u64 {
        let names = self.topology.nodes.iter().map(|id| id.as_str().len());
        let longest = names.max().expect("a plan has nodes");
        // What is longer than any message may be needs no more digits.
        let payload = self.options.payload_bytes.min(u64::from(u32::MAX));
        let message = MessageId::of(&self.run_id, self.last_round());
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let parts = CopyParts {
            text_bytes: length(message.as_str().len()),
            name_bytes: length(longest),
            sent: Timestamp(self.epoch),
            hop: Some(Hop(u32::MAX)),
            epoch: Epoch(self.epoch),
            send: SendId(u64::MAX),
            payload_bytes: usize::try_from(payload).unwrap_or(usize::MAX),
        };
        parts.encoded_bytes() - payload
    }
}

/// When the rounds of an open loop begin.
fn open_loop(options: &Options) -> Result<Option<Schedule>, PlanError> {
    if options.every == Pace::Closed {
        return Ok(None);
    }
    if options.pause_ms > 0 {
        return Err(PlanError::Pause);
    }
    if options.rounds == 0 {
        return Err(PlanError::NoScoredRounds);
    }
    options.open_loop().map(Some).ok_or(PlanError::TooManyMessages)
}

fn check_folder_name(run_id: &RunId) -> Result<(), PlanError> {
    let text = run_id.as_str();
    let fits = text.len() <= 200 && !text.starts_with(['.', '-']) && !text.contains(['/', '\\']);
    if fits { Ok(()) } else { Err(PlanError::RunFolder(run_id.clone())) }
}

/// Every time can be drawn.
fn check_files(options: &Options, files: &DelayFiles) -> Result<(), PlanError> {
    let wrong = |flag| move |reason| PlanError::Delay { flag, reason: Box::new(reason) };
    let Texts { delay, validate, service } = files.texts();
    DelayModel::new(&options.link_delay, delay, options.seed).map_err(wrong("--delay"))?;
    WorkModel::new(&options.validate, validate).map_err(wrong("--validate"))?;
    WorkModel::new(&options.service, service).map_err(wrong("--service"))?;
    Ok(())
}

/// In aligned periods an answer comes before the next one begins, and what came is checked.
fn check_phase(options: &Options) -> Result<(), PlanError> {
    if options.phase != Phase::Aligned || !options.protocol.protocol().is_periodic() {
        return Ok(());
    }
    let queues = [
        ("--uplink", options.uplink.is_some()),
        ("--downlink", options.downlink.is_some()),
        ("--service", !options.service.is_none()),
    ];
    if let Some((flag, _)) = queues.into_iter().find(|(_, is_there)| *is_there) {
        return Err(PlanError::AlignedQueue { flag });
    }
    let longest = match &options.link_delay {
        DelaySpec::None => Some(Interval::ZERO),
        DelaySpec::Constant(delay) => Some(*delay),
        DelaySpec::Uniform { most, .. } => Some(*most),
        DelaySpec::Weights
        | DelaySpec::Exponential { .. }
        | DelaySpec::Lognormal { .. }
        | DelaySpec::Empirical { .. }
        | DelaySpec::Regions { .. } => None,
    };
    let sum =
        longest.zip(options.validate.most()).map(|(delay, check)| delay.0.saturating_mul(2).saturating_add(check.0));
    if sum.is_some_and(|sum| sum == 0 || sum < options.period.0) {
        return Ok(());
    }
    let checked =
        if options.validate.is_none() { String::new() } else { format!(" and --validate {}", options.validate) };
    Err(PlanError::Aligned { period: options.period, delay: options.link_delay.clone(), checked })
}

/// What would change nothing, or leave nothing.
fn check_meaning(options: &Options) -> Result<(), PlanError> {
    if options.loss.share().get() >= 1.0 {
        return Err(PlanError::AllLost(options.loss));
    }
    let protocol = options.protocol.protocol();
    match options.back_to_sender && !protocol.may_send_back() {
        true => Err(PlanError::Meaningless {
            flag: "--back-to-sender",
            protocol: options.protocol.to_string(),
            why: "does not choose whom to send to when a message arrives",
        }),
        false => Ok(()),
    }
}

fn check_nodes(options: &Options, topology: &Topology) -> Result<(), PlanError> {
    if options.nodes < 2 {
        return Err(PlanError::TooFewNodes(options.nodes));
    }
    if topology.nodes.len() != options.nodes as usize {
        return Err(PlanError::NodesDiffer { asked: options.nodes, found: topology.nodes.len() });
    }
    // Where a message can go a moving network says with its times.
    if options.allow_partial || options.motion.is_some() || topology.is_connected() {
        return Ok(());
    }
    match topology.components() {
        1 => Err(PlanError::OneWay),
        components => Err(PlanError::Disconnected { components }),
    }
}

/// The ways out of every node, with the weights of edges where they are delays.
fn neighbours(topology: &Topology, delay: &DelaySpec) -> Result<Adjacency, PlanError> {
    let name = |node: u32| topology.nodes[node as usize].clone();
    let weights = if *delay == DelaySpec::Weights { EdgeWeights::Delays } else { EdgeWeights::Ignored };
    topology.adjacency(weights).map_err(|NoDelay { from, to }| PlanError::Weight { from: name(from), to: name(to) })
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

/// A run makes its folder: there must be none.
pub(crate) fn check_absent(folder: &Path) -> Result<(), PlanError> {
    match folder.symlink_metadata() {
        Ok(_) => Err(PlanError::Exists(folder.to_owned())),
        Err(_) => Ok(()),
    }
}

/// What a run is called where nobody says.
pub(crate) fn default_run_id(nodes: u32) -> RunId {
    let text = format!("{:08x}-cubaan{nodes}", drawn() as u32);
    RunId::new(&text).expect("hex digits and a number have no spaces")
}

/// A number that nobody can foresee: the standard library seeds its hash tables from the system's random source.
pub(crate) fn drawn() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("cnsim")
}

fn now_ns() -> u64 {
    let ns = Utc::now().timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok());
    ns.expect("the clock stands between 1970 and 2262")
}
