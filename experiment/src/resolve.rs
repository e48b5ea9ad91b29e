//! From the typed command line to plain values: a plan of what was typed, and where its nodes run.

use std::path::Path;
use std::sync::Arc;

use cnsim::id::RunId;
use cnsim::initiator::Initiators;
use cnsim::link::{DelaySpec, Sharing, WorkSpec};
use cnsim::manifest::{Options, Records};
use cnsim::pace::{Pace, WarmUp};
use cnsim::protocol::ProtocolSettings;
use cnsim::random::Random;
use cnsim::time::Interval;
use cnsim::topology::{TopologySource, TopologySpec};

use crate::backend_choice::BackendChoice;
use crate::cli::{BackendName, Experiment, KubernetesArgs};
use crate::delay_files::{DelayFile, DelayFiles};
use crate::faults::FaultsError;
use crate::kubernetes;
use crate::like;
use crate::machine;
use crate::memory::{self, Size};
use crate::motion_plan::{self, MotionError};
use crate::plan::{Plan, PlanError, check_absent, default_run_id, drawn};
use crate::topology_source::{Chosen, SourceError, choose};

/// When a round is given up, where nobody says.
const ROUND_TIMEOUT_MS: u64 = 60_000;
/// The largest message that a node takes, where nobody says.
const MESSAGE_MAX: u64 = 4 << 20;

/// Runs of a simulation where nobody says how many.
pub const REPEATS: u32 = 10;

/// The plan of what was typed.
///
/// # Errors
/// Where no run can be made of it.
pub fn plan_of(typed: &Experiment, run_id: Option<RunId>, backend: BackendName) -> Result<Plan, PlanError> {
    plan_under(typed, run_id, seed(typed), backend)
}

fn plan_under(typed: &Experiment, run_id: Option<RunId>, seed: u64, backend: BackendName) -> Result<Plan, PlanError> {
    if let Some(nodes) = typed.nodes.filter(|nodes| *nodes < 2) {
        return Err(PlanError::TooFewNodes(nodes));
    }
    if let Some(fault) = typed.faults.iter().find(|fault| backend == BackendName::Sim && fault.ends_processes()) {
        return Err(FaultsError::NoProcess(fault.name.clone()).into());
    }
    let (topology, delay) = model(typed, backend)?;
    let protocol = protocol(typed)?;
    if backend == BackendName::Sim && typed.connections.is_some() {
        return Err(PlanError::NotSimulated("--connections"));
    }
    let service = service(typed, backend)?;
    let records = records(typed, backend)?;
    if backend == BackendName::Sim {
        check_memory(topology, typed, &protocol, records)?;
    }
    let limit = Interval::from_ms(round_timeout_ms(typed));
    let moving = motion_plan::choose(topology, typed.nodes, seed, limit)?;
    check_motion(typed, moving.is_some(), &delay)?;
    let (motion, contacts) = moving.unzip();
    let chosen = match &contacts {
        Some(contacts) => Chosen { topology: motion_plan::union(contacts), source: TopologySource::File },
        None => choose(topology, typed.nodes, seed)?,
    };
    let found = u32::try_from(chosen.topology.nodes.len()).unwrap_or(u32::MAX);
    let options = Options {
        nodes: typed.nodes.unwrap_or(found),
        rounds: typed.rounds,
        condition: typed.condition.clone(),
        protocol: protocol.spec,
        order: protocol.order,
        in_flight: protocol.in_flight,
        forward: protocol.forward,
        connections: protocol.connections,
        period: protocol.period,
        phase: protocol.phase,
        back_to_sender: protocol.back_to_sender,
        deadline_ms: protocol.deadline.map(|deadline| deadline.0 / 1_000_000),
        topology: chosen.source,
        initiator: typed.initiator.clone().unwrap_or(Initiators::Random),
        seed,
        payload_bytes: typed.payload_bytes().unwrap_or_default(),
        nodes_per_process: nodes_per_process(typed, found, backend)?,
        round_timeout_ms: round_timeout_ms(typed),
        pause_ms: typed.pause,
        every: typed.every,
        warm_up: warm_up(typed)?,
        link_delay: delay,
        transport: typed.transport.unwrap_or_default(),
        loss: typed.loss.unwrap_or_default(),
        uplink: typed.uplink.clone(),
        downlink: typed.downlink.clone(),
        sharing: sharing(typed)?,
        validate: typed.validate.clone().unwrap_or_default(),
        service,
        processors: typed.processors,
        motion,
        discovery: typed.discovery.unwrap_or_default(),
        faults: typed.faults.clone(),
        max_message: typed.max_message.unwrap_or(MESSAGE_MAX),
        allow_partial: typed.allow_partial,
        records,
    };
    let delay_files = DelayFiles::of(&options.links(), read_delay)?;
    let plan = Plan::of(options, chosen.topology, delay_files, run_id)?;
    Ok(Plan { like: typed.likeness.clone(), contacts: contacts.map(Arc::new), ..plan })
}

/// What goes with a network that moves.
fn check_motion(typed: &Experiment, moves: bool, delay: &DelaySpec) -> Result<(), MotionError> {
    match moves {
        false if typed.discovery.is_some() => Err(MotionError::NothingMoves),
        false => Ok(()),
        true if typed.every != Pace::Closed => Err(MotionError::OpenLoop),
        true if *delay == DelaySpec::Weights => Err(MotionError::Weights),
        true => Ok(()),
    }
}

/// What was typed, and beside it what the runs say that it shall be like.
///
/// # Errors
/// Where they say nothing of use, or the nodes shall be real.
pub fn completed(typed: Experiment, backend: BackendName) -> Result<Experiment, PlanError> {
    match backend {
        BackendName::Local | BackendName::Kubernetes if !typed.like.is_empty() => Err(PlanError::OnlySim("--like")),
        BackendName::Local | BackendName::Kubernetes | BackendName::Sim => {
            like::complete(typed).map_err(|reason| PlanError::Like(Box::new(reason)))
        }
    }
}

/// The work on a copy, where nodes are simulated.
fn service(typed: &Experiment, backend: BackendName) -> Result<WorkSpec, PlanError> {
    let service = typed.service.clone().unwrap_or_default();
    match backend {
        BackendName::Local | BackendName::Kubernetes if !service.is_none() => Err(PlanError::RealService),
        BackendName::Local | BackendName::Kubernetes if typed.processors.is_some() => {
            Err(PlanError::OnlySim("--processors"))
        }
        BackendName::Sim if typed.processors.is_some() && service.is_none() => Err(PlanError::NoWork),
        BackendName::Local | BackendName::Kubernetes | BackendName::Sim => Ok(service),
    }
}

fn round_timeout_ms(typed: &Experiment) -> u64 {
    typed.round_timeout.map_or(ROUND_TIMEOUT_MS, |limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1))
}

/// The topology and the link delay. A simulation has no usual ones: they are what it is a model of.
fn model(typed: &Experiment, backend: BackendName) -> Result<(&str, DelaySpec), PlanError> {
    match (backend, &typed.topology, &typed.delay) {
        (BackendName::Sim, None, _) => Err(PlanError::NoModel { flag: "--topology", example: "k-regular:8" }),
        (BackendName::Sim, _, None) => Err(PlanError::NoModel { flag: "--delay", example: "constant:20ms" }),
        (_, topology, delay) => {
            Ok((topology.as_deref().unwrap_or("complete"), delay.clone().unwrap_or(DelaySpec::None)))
        }
    }
}

/// What begins before the rounds that count: in an open loop a tenth of them, where nobody says.
fn warm_up(typed: &Experiment) -> Result<WarmUp, PlanError> {
    match (typed.every, typed.warm_up) {
        (Pace::Closed, None) => Ok(WarmUp::default()),
        (Pace::Closed, Some(_)) => Err(PlanError::NoOpenLoop),
        (Pace::Every(_) | Pace::Poisson(_), typed_one) => {
            Ok(typed_one.unwrap_or(WarmUp::Rounds((typed.rounds / 10).max(1))))
        }
    }
}

fn read_delay(DelayFile { flag, file, .. }: DelayFile<'_>) -> Result<String, PlanError> {
    std::fs::read_to_string(file).map_err(|reason| PlanError::DelayFile { flag, file: file.to_owned(), reason })
}

/// How rates are shared, where there are any.
fn sharing(typed: &Experiment) -> Result<Sharing, PlanError> {
    match typed.sharing {
        Some(sharing) if typed.uplink.is_none() && typed.downlink.is_none() => Err(PlanError::NothingShared(sharing)),
        sharing => Ok(sharing.unwrap_or_default()),
    }
}

/// Before a graph is made: it may be what does not fit. One from a file is in memory anyway before anybody knows how large it is.
fn check_memory(
    topology: &str,
    typed: &Experiment,
    protocol: &ProtocolSettings,
    records: Records,
) -> Result<(), PlanError> {
    let (Ok(spec), Some(nodes)) = (topology.parse::<TopologySpec>(), typed.nodes) else { return Ok(()) };
    spec.check(nodes).map_err(SourceError::from)?;
    Size::of_spec(&spec, nodes, typed.rounds, &protocol.promises(), records).check(memory::available())
}

/// Which records are kept. On machines they are what is measured, and all are.
fn records(typed: &Experiment, backend: BackendName) -> Result<Records, PlanError> {
    match (backend, typed.records) {
        (BackendName::Sim, typed) => Ok(typed.unwrap_or_default()),
        (BackendName::Local | BackendName::Kubernetes, None) => Ok(Records::All),
        (BackendName::Local | BackendName::Kubernetes, Some(_)) => Err(PlanError::OnlySimRecords),
    }
}

/// How nodes are packed into processes. A simulation has one.
fn nodes_per_process(typed: &Experiment, nodes: u32, backend: BackendName) -> Result<u32, PlanError> {
    match (backend, typed.nodes_per_process) {
        (BackendName::Sim, Some(_)) => Err(PlanError::NotSimulated("--nodes-per-process")),
        (_, typed) => Ok(typed.unwrap_or_else(|| packed(nodes, backend)).min(nodes.max(1))),
    }
}

/// Several runs of one simulation: each has a seed of its own, and so a graph of its own where the seed makes one. All are one
/// condition, which is called as they were where none was typed.
#[derive(Debug)]
pub struct Repeats {
    typed: Experiment,
    run_id: RunId,
    seed: u64,
    count: u32,
}

impl Repeats {
    /// So many runs of what was typed.
    ///
    /// # Errors
    /// Where nobody says how many nodes there are.
    pub fn of(typed: &Experiment, run_id: Option<RunId>, count: u32) -> Result<Self, PlanError> {
        let run_id = match run_id {
            Some(run_id) => run_id,
            None => default_run_id(number_of_nodes(typed)?),
        };
        let condition = if typed.condition.is_empty() { run_id.to_string() } else { typed.condition.clone() };
        let typed = Experiment { condition, ..typed.clone() };
        Ok(Self { seed: seed(&typed), typed, run_id, count })
    }

    /// What all of them are called, without their numbers.
    pub fn run_id(&self) -> &RunId {
        &self.run_id
    }

    /// The plan of one of them, from 1 on.
    ///
    /// # Errors
    /// Where no run can be made of it.
    pub fn plan(&self, number: u32) -> Result<Plan, PlanError> {
        let own = Random::keyed(self.seed, &["repeat", &number.to_string()]).below(1 << 53);
        plan_under(&self.typed, Some(self.name(number)), own, BackendName::Sim)
    }

    /// Whether those behind the first can be made too: their folders, and their graphs where a seed may give one that is none. A
    /// graph that is looked at is made again for its run, for all of them may be more than fits into memory.
    ///
    /// # Errors
    /// Where one of them cannot be made.
    pub fn check_others(&self, first: &Plan, out: &Path) -> Result<(), PlanError> {
        for number in 2..=self.count {
            check_absent(&out.join(self.name(number).as_str()))?;
        }
        let is_certain = match first.options.topology {
            TopologySource::File => true,
            TopologySource::Spec(spec) => spec.is_connected_for_every_seed(),
        };
        if is_certain {
            return Ok(());
        }
        let named =
            |number, reason| PlanError::Repeat { run_id: self.name(number).to_string(), reason: Box::new(reason) };
        (2..=self.count).try_for_each(|number| self.plan(number).map(drop).map_err(|reason| named(number, reason)))
    }

    fn name(&self, number: u32) -> RunId {
        RunId::new(&format!("{}-r{number}", self.run_id)).expect("a run id with a number behind it is one")
    }
}

/// The seed that was typed, or one. A drawn one has 53 bits, so that readers which take every number for a float64 read it right.
fn seed(typed: &Experiment) -> u64 {
    typed.seed.unwrap_or_else(|| drawn() >> 11)
}

/// How many nodes there are: `--nodes`, else what the topology's file has.
fn number_of_nodes(typed: &Experiment) -> Result<u32, PlanError> {
    match (typed.nodes, &typed.topology) {
        (Some(nodes), _) => Ok(nodes),
        (None, None) => Err(PlanError::NoModel { flag: "--topology", example: "k-regular:8" }),
        (None, Some(topology)) => {
            let nodes = choose(topology, None, 0)?.topology.nodes.len();
            Ok(u32::try_from(nodes).unwrap_or(u32::MAX))
        }
    }
}

/// Where the run's processes live, where the flags go together.
///
/// # Errors
/// Where a flag of the other backend was typed.
pub fn backend_of(backend: BackendName, typed: KubernetesArgs) -> Result<BackendChoice, PlanError> {
    match (backend, typed.first_typed()) {
        (BackendName::Kubernetes, _) => Ok(BackendChoice::Kubernetes(typed.into())),
        (BackendName::Local, None) => Ok(BackendChoice::Local),
        (BackendName::Sim, None) => Ok(BackendChoice::Sim),
        (BackendName::Local | BackendName::Sim, Some(flag)) => Err(PlanError::NeedsKubernetes(flag)),
    }
}

/// The protocol with the flags that were typed; what was not typed keeps the preset's value.
fn protocol(typed: &Experiment) -> Result<ProtocolSettings, PlanError> {
    let name = typed.protocol.as_deref().unwrap_or("flood");
    let preset: ProtocolSettings = name.parse()?;
    let meaningless = |flag, why| PlanError::Meaningless { flag, protocol: name.to_owned(), why };
    if typed.period.is_some() && !preset.spec.protocol().uses_period() {
        return Err(meaningless("--period", "has no period"));
    }
    if typed.phase.is_some() && !preset.spec.protocol().is_periodic() {
        return Err(meaningless("--phase", "has no periods that could begin together"));
    }
    Ok(ProtocolSettings {
        order: typed.order.unwrap_or(preset.order),
        in_flight: typed.in_flight.unwrap_or(preset.in_flight),
        forward: typed.forward.unwrap_or(preset.forward),
        connections: typed.connections.unwrap_or(preset.connections),
        period: typed.period.unwrap_or(preset.period),
        phase: typed.phase.unwrap_or(preset.phase),
        back_to_sender: typed.back_to_sender,
        deadline: match typed.deadline {
            Some(deadline) => deadline.ms().map(Interval::from_ms),
            None => preset.deadline,
        },
        ..preset
    })
}

/// Nodes in one process where nobody says how many: one process for each processor of this machine, whatever the number of nodes,
/// so that runs of different sizes differ in nothing else. A cluster gives each node a pod of its own.
fn packed(nodes: u32, backend: BackendName) -> u32 {
    match backend {
        BackendName::Local => nodes.div_ceil(machine::processors()),
        BackendName::Kubernetes => 1,
        BackendName::Sim => nodes,
    }
}

impl From<KubernetesArgs> for kubernetes::KubernetesOptions {
    fn from(typed: KubernetesArgs) -> Self {
        let KubernetesArgs { namespace, context, release, keep, image, set, chart, ready_timeout } = typed;
        Self { namespace, context, release, keep, image, set, chart, ready_timeout }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use cnsim::id::NodeId;

    use super::*;
    use crate::cli::{Cli, Command};

    fn plan(flags: &[&str]) -> Result<Plan, PlanError> {
        let Ok(Cli { command: Command::Run(args) }) = Cli::try_parse_from(["cnsim", "run"].iter().chain(flags)) else {
            panic!("{flags:?} are no flags of a run");
        };
        plan_of(&args.experiment, args.run_id, args.backend.unwrap_or(BackendName::Local))
    }

    #[test]
    fn a_preset_keeps_its_options_unless_they_are_typed() {
        let preset = plan(&["--nodes", "2", "--protocol", "seed-o"]).unwrap().protocol;
        assert_eq!(preset, "seed-o".parse().unwrap());

        let flags = ["--nodes", "2", "--protocol", "seed-o", "--in-flight", "8", "--deadline", "250"];
        let changed = plan(&flags).unwrap().protocol;
        assert_eq!(changed, ProtocolSettings { in_flight: 8, deadline: Some(Interval::from_ms(250)), ..preset });
    }

    #[test]
    fn any_number_of_nodes_is_packed_into_as_many_processes_as_there_are_processors() {
        for nodes in [2_u32, 3, 64, 65, 1001] {
            let planned = plan(&["--nodes", &nodes.to_string(), "--topology", "line"]).unwrap();
            let packed = planned.options.nodes_per_process;
            assert_eq!(packed, nodes.div_ceil(machine::processors()));
            assert_eq!(planned.hosted().map(<[NodeId]>::len).sum::<usize>(), nodes as usize);
            assert_eq!(planned.hosted().count(), planned.processes() as usize);
        }
    }

    #[test]
    fn the_largest_message_is_known_to_the_byte_or_a_few_more() {
        let fits = plan(&["--nodes", "2", "--payload-bytes", "1000", "--max-message", "1200"]);
        assert!(fits.is_ok(), "{fits:?}");
        let Err(PlanError::TooLarge { bytes, .. }) =
            plan(&["--nodes", "2", "--payload-bytes", "1000", "--max-message", "1050"])
        else {
            panic!("a message of more than 1050 bytes was accepted");
        };
        assert!((1050..1200).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_default_run_id_names_the_number_of_nodes() {
        let plan = plan(&["--nodes", "3"]).unwrap();
        assert_eq!(cnsim::id::nodes_in_run_id(plan.run_id.as_str()), Some(3));
        assert_eq!(plan.run_id.as_str().len(), "4abf0c12-cubaan3".len());
    }
}
