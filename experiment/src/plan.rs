//! A run that has been checked: everything that can be known to be wrong is refused here, before any work.

use chrono::Utc;
use cnsim::id::{MessageId, NodeId, RunId};
use cnsim::machine::{Body, Gossip};
use cnsim::manifest::Options;
use cnsim::protocol::{ParseError, Protocol};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Topology;
use prost::Message;

use crate::cli::{BackendName, Experiment};
use crate::facts;
use crate::initiator::Initiators;
use crate::link_delay::LinkDelay;
use crate::topology_source::{self, SourceError};

/// Up to this many nodes, each has a process of its own.
const SINGLE_PROCESSES_MAX: u32 = 64;

/// A checked run.
#[derive(Debug)]
pub struct Plan {
    /// Its name.
    pub run_id: RunId,
    /// Every option as resolved.
    pub options: Options,
    /// What a node does with a message.
    pub protocol: Protocol,
    /// Who may send to whom.
    pub topology: Topology,
    /// The ways out of every node of the topology, in its order.
    pub links: Vec<Vec<Link>>,
    /// Names this run's first configuration: when the plan was made, in ns since the Unix epoch.
    pub epoch: u64,
    initiators: Initiators,
}

/// One way out of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The number of the node that it leads to.
    pub node: usize,
    /// How long each copy is held back.
    pub hold: Interval,
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
    /// `--link-delay weights` on an edge without a usable weight.
    #[error("--link-delay weights: the edge from {from} to {to} has no weight from 0 ms to an hour")]
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
    #[error("--payload-bytes {payload}: a message would have {bytes} bytes, --max-message allows {limit}")]
    TooLarge {
        /// The payload's size.
        payload: u64,
        /// The encoded message's size.
        bytes: u64,
        /// The largest message.
        limit: u64,
    },
    /// A run id that is no folder name.
    #[error("--run-id {0}: a run's folder cannot have this name; use letters, digits, dots, dashes and underscores")]
    RunFolder(RunId),
    /// A flag of the other backend.
    #[error("{0} goes with --backend kubernetes")]
    NeedsKubernetes(&'static str),
    /// A text in a manifest that cannot be an option's value.
    #[error("option {option} cannot be {value:?}: {reason}")]
    Option {
        /// Its field in the manifest.
        option: &'static str,
        /// Its value.
        value: String,
        /// Why not.
        reason: String,
    },
}

impl Plan {
    /// The plan of what was typed.
    pub fn new(typed: &Experiment, run_id: Option<RunId>, backend: BackendName) -> Result<Self, PlanError> {
        if let Some(nodes) = typed.nodes.filter(|nodes| *nodes < 2) {
            return Err(PlanError::TooFewNodes(nodes));
        }
        let protocol = typed.protocol()?;
        // A drawn seed has 53 bits, so that readers which take every number for a float64 read it right.
        let seed = typed.seed.unwrap_or_else(|| drawn() >> 11);
        let chosen = topology_source::choose(&typed.topology, typed.nodes, seed)?;
        let found = u32::try_from(chosen.topology.nodes.len()).unwrap_or(u32::MAX);
        let options = Options {
            nodes: typed.nodes.unwrap_or(found),
            rounds: typed.rounds,
            condition: typed.condition.clone(),
            order: protocol.order.to_string(),
            in_flight: protocol.in_flight,
            forward: protocol.forward.to_string(),
            connections: protocol.connections.to_string(),
            deadline_ms: protocol.deadline.map(|deadline| deadline.0 / 1_000_000),
            protocol: protocol.name,
            topology: chosen.name,
            initiator: typed.initiator.to_string(),
            seed,
            payload_bytes: typed.payload_bytes,
            nodes_per_process: typed.nodes_per_process.unwrap_or_else(|| packed(found, backend)).min(found.max(1)),
            round_timeout_ms: u64::try_from(typed.round_timeout.as_millis()).unwrap_or(u64::MAX).max(1),
            pause_ms: typed.pause,
            link_delay: typed.link_delay.to_string(),
            max_message: typed.max_message,
            allow_partial: typed.allow_partial,
        };
        Self::of(options, chosen.topology, run_id)
    }

    /// The plan of resolved options: what is typed and what is repeated are checked here alike.
    pub fn of(options: Options, topology: Topology, run_id: Option<RunId>) -> Result<Self, PlanError> {
        let run_id = run_id.unwrap_or_else(|| default_run_id(options.nodes));
        check_folder_name(&run_id)?;
        check_nodes(&options, &topology)?;
        let link_delay = parsed("link_delay", &options.link_delay)?;
        let initiators = parsed("initiator", &options.initiator)?;
        if let Initiators::Fixed(id) = &initiators
            && !topology.nodes.contains(id)
        {
            return Err(PlanError::Initiator(id.clone()));
        }
        let plan = Self {
            protocol: protocol(&options)?,
            links: links(&topology, link_delay)?,
            epoch: now_ns(),
            run_id,
            options,
            topology,
            initiators,
        };
        plan.check_message()?;
        Ok(plan)
    }

    /// The number of the node that begins `round`.
    pub fn initiator(&self, round: u32) -> usize {
        let found = self.initiators.of_round(round, &self.topology.nodes, self.options.seed);
        found.expect("a fixed initiator was found among the nodes when the plan was made")
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
        let bytes = overhead.saturating_add(self.options.payload_bytes);
        match bytes <= limit {
            true => Ok(()),
            false => Err(PlanError::TooLarge { payload: self.options.payload_bytes, bytes, limit }),
        }
    }

    /// The most that an encoded message has besides its payload.
    fn envelope_bytes(&self) -> u64 {
        let sender = self.topology.nodes.iter().max_by_key(|id| id.as_str().len());
        let sender = sender.expect("a plan has nodes");
        let epoch = cnsim::id::Epoch(self.epoch);
        let gossip = Gossip {
            message: MessageId::of(&self.run_id, self.options.rounds),
            hop: Some(cnsim::id::Hop(u32::MAX)),
            epoch: Some(epoch),
            payload: bytes::Bytes::from_static(b"-"),
        };
        let send_id = cnsim::id::SendId(u64::MAX).label(sender, epoch);
        let message = cnsim::wire::to_wire(&Body::Gossip(gossip), sender, send_id, Timestamp(self.epoch));
        let length_digits_max = 10;
        (message.encoded_len() + length_digits_max) as u64
    }
}

/// Nodes in one process where nobody says how many: a cluster gives each a pod of its own.
fn packed(nodes: u32, backend: BackendName) -> u32 {
    match backend {
        BackendName::Local if nodes > SINGLE_PROCESSES_MAX => nodes.div_ceil(facts::processors()),
        BackendName::Local | BackendName::Kubernetes => 1,
    }
}

fn check_folder_name(run_id: &RunId) -> Result<(), PlanError> {
    let text = run_id.as_str();
    let fits = text.len() <= 200 && !text.starts_with(['.', '-']) && !text.contains(['/', '\\']);
    if fits { Ok(()) } else { Err(PlanError::RunFolder(run_id.clone())) }
}

fn check_nodes(options: &Options, topology: &Topology) -> Result<(), PlanError> {
    if options.nodes < 2 {
        return Err(PlanError::TooFewNodes(options.nodes));
    }
    if topology.nodes.len() != options.nodes as usize {
        return Err(PlanError::NodesDiffer { asked: options.nodes, found: topology.nodes.len() });
    }
    if options.allow_partial || topology.is_connected() {
        return Ok(());
    }
    match topology.components() {
        1 => Err(PlanError::OneWay),
        components => Err(PlanError::Disconnected { components }),
    }
}

fn protocol(options: &Options) -> Result<Protocol, PlanError> {
    let preset: Protocol = options.protocol.parse()?;
    Ok(Protocol {
        order: options.order.parse()?,
        in_flight: options.in_flight.max(1),
        forward: options.forward.parse()?,
        connections: options.connections.parse()?,
        deadline: options.deadline_ms.map(Interval::from_ms),
        ..preset
    })
}

fn links(topology: &Topology, delay: LinkDelay) -> Result<Vec<Vec<Link>>, PlanError> {
    let name = |node: usize| topology.nodes[node].clone();
    let neighbours = topology.neighbours();
    let mut links = Vec::with_capacity(neighbours.len());
    for (from, list) in neighbours.iter().enumerate() {
        let held = list.iter().map(|neighbour| {
            let node = neighbour.node as usize;
            let hold = delay.hold(neighbour.weight);
            hold.map(|hold| Link { node, hold }).ok_or_else(|| PlanError::Weight { from: name(from), to: name(node) })
        });
        links.push(held.collect::<Result<_, _>>()?);
    }
    Ok(links)
}

fn parsed<T: std::str::FromStr>(option: &'static str, value: &str) -> Result<T, PlanError>
where
    T::Err: std::fmt::Display,
{
    value.parse().map_err(|error: T::Err| PlanError::Option {
        option,
        value: value.to_owned(),
        reason: error.to_string(),
    })
}

fn default_run_id(nodes: u32) -> RunId {
    let text = format!("{:08x}-cubaan{nodes}", drawn() as u32);
    RunId::new(&text).expect("hex digits and a number have no spaces")
}

/// A number that nobody can foresee: the standard library seeds its hash tables from the system's random source.
fn drawn() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("cnsim")
}

fn now_ns() -> u64 {
    let ns = Utc::now().timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok());
    ns.expect("the clock stands between 1970 and 2262")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn plan(flags: &[&str]) -> Result<Plan, PlanError> {
        let Ok(Cli { command: Command::Run(args) }) = Cli::try_parse_from(["cnsim", "run"].iter().chain(flags)) else {
            panic!("{flags:?} are no flags of a run");
        };
        Plan::new(&args.experiment, args.run_id, args.backend)
    }

    #[test]
    fn a_preset_keeps_its_options_unless_they_are_typed() {
        let preset = plan(&["--nodes", "2", "--protocol", "seed-o"]).unwrap().protocol;
        assert_eq!(preset, "seed-o".parse().unwrap());

        let flags = ["--nodes", "2", "--protocol", "seed-o", "--in-flight", "8", "--deadline", "250"];
        let changed = plan(&flags).unwrap().protocol;
        assert_eq!(changed, Protocol { in_flight: 8, deadline: Some(Interval::from_ms(250)), ..preset });
    }

    #[test]
    fn many_nodes_are_packed_into_as_many_processes_as_there_are_processors() {
        let few = plan(&["--nodes", "64"]).unwrap();
        assert_eq!((few.processes(), few.hosted().count()), (64, 64));

        let many = plan(&["--nodes", "1001", "--topology", "ring"]).unwrap();
        assert!(many.processes() <= facts::processors());
        assert_eq!(many.hosted().map(<[NodeId]>::len).sum::<usize>(), 1001);
        assert_eq!(many.hosted().count(), many.processes() as usize);
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
