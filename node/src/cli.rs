//! The command line: typed flags, each with an environment twin, checked into a [`ServeConfig`] before any work.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand};
use cnsim::id::{IdError, NodeId};
use cnsim::link::Links;
use cnsim::protocol::{Connections, Forward, Order, ProtocolSettings};
use cnsim::time::Interval;
use cnsim::topology::NODES_MAX;

use crate::configuration::Rules;
use crate::gossip_service::Starts;
use crate::pods::{self, Layout, LayoutFlags, PodsError};
use crate::serve::{Fixed, Pods, ServeConfig, Stdin};
use crate::spool::SpoolOptions;
use crate::version;

/// A gossip node: the protocol core behind gRPC.
#[derive(Debug, Parser)]
#[command(name = "cnsim-node", bin_name = "cnsim-node", version = version::TEXT.as_str(), propagate_version = true)]
#[command(before_help = "Example, two nodes that know each other and a message:\n  \
    cnsim-node serve --id a --listen 127.0.0.1:5050 --peer b=127.0.0.1:5060\n  \
    cnsim-node serve --id b --listen 127.0.0.1:5060 --control 127.0.0.1:5061 --peer a=127.0.0.1:5050\n  \
    cnsim-node start --message hello-1 --target 127.0.0.1:5050")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve one node or many; event records go to stdout, one JSON line each
    #[command(before_help = "Example, ten nodes that wait for a driver:\n  \
        cnsim-node serve --id node --nodes 0..9 --listen 127.0.0.1:0 --control 127.0.0.1:0 --announce nodes.json")]
    Serve(Box<ServeArgs>),
    /// Ask a node to initiate a message
    #[command(before_help = "Example:\n  cnsim-node start --message hello-1 --target 127.0.0.1:5050")]
    Start(StartArgs),
}

/// `cnsim-node serve`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("names").required(true).args(["id", "ids_file", "total_nodes"]))]
#[command(group = ArgGroup::new("network").args(["peers", "total_nodes"]))]
pub(crate) struct ServeArgs {
    /// The node's id; with --nodes, what the ids begin with
    #[arg(long, env = "CNSIM_ID")]
    id: Option<String>,
    /// Host the nodes ID-A to ID-B
    #[arg(long, env = "CNSIM_NODES", value_name = "A..B", requires = "id", conflicts_with = "ids_file")]
    nodes: Option<Numbers>,
    /// Host the nodes that are named here, one id a line
    #[arg(long, env = "CNSIM_IDS_FILE", value_name = "FILE", conflicts_with = "id")]
    ids_file: Option<PathBuf>,
    /// Gossip address; more nodes take the ports after it, port 0 lets the system choose
    #[arg(long, env = "CNSIM_LISTEN", value_name = "ADDR:PORT", default_value = "0.0.0.0:5050")]
    listen: SocketAddr,
    /// Control address: whoever reaches it leads this process
    #[arg(long, env = "CNSIM_CONTROL", value_name = "ADDR:PORT", default_value = "127.0.0.1:5051")]
    control: SocketAddr,
    /// Write process, control address and nodes' addresses here as JSON when all are bound
    #[arg(long, env = "CNSIM_ANNOUNCE", value_name = "FILE")]
    announce: Option<PathBuf>,

    /// A neighbour of a lone node; without any, the node waits for a driver
    #[arg(long = "peer", env = "CNSIM_PEER", value_name = "ID=HOST:PORT", value_delimiter = ',')]
    peers: Vec<Peer>,
    /// direct-mail, flood, push:FANOUT, push:FANOUT:TTL, seed-h or seed-o
    #[arg(long, env = "CNSIM_PROTOCOL", default_value = "flood", requires = "network")]
    protocol: ProtocolSettings,
    /// Copies without an acknowledgment at once [default: 32, presets 1]
    #[arg(long, env = "CNSIM_IN_FLIGHT", value_name = "N", requires = "network")]
    in_flight: Option<NonZeroU32>,
    /// after-ack or before-ack [default: after-ack, seed-o before-ack]
    #[arg(long, env = "CNSIM_FORWARD", requires = "network")]
    forward: Option<Forward>,
    /// reuse or per-send [default: reuse, presets per-send]
    #[arg(long, env = "CNSIM_CONNECTIONS", requires = "network")]
    connections: Option<Connections>,
    /// How long a copy may wait for its acknowledgment [default: 5000, presets none]
    #[arg(long, env = "CNSIM_DEADLINE", value_name = "MS|none", requires = "network")]
    deadline: Option<Deadline>,
    /// shuffled or listed [default: shuffled, presets listed]
    #[arg(long, env = "CNSIM_ORDER", requires = "network")]
    order: Option<Order>,
    /// The network has so many nodes, named as the pods are; this pod's number says which of them it hosts
    #[arg(long, env = "CNSIM_TOTAL_NODES", value_name = "N", requires_all = ["pod", "pod_address"], conflicts_with = "peers", value_parser = clap::value_parser!(u32).range(2..=i64::from(NODES_MAX)))]
    total_nodes: Option<u32>,
    /// Nodes that each pod hosts, at ports from --listen's on
    #[arg(long, env = "CNSIM_NODES_PER_POD", value_name = "K", default_value_t = 1, requires = "total_nodes", value_parser = clap::value_parser!(u32).range(1..))]
    nodes_per_pod: u32,
    /// Host name of a pod, with {} for its number
    #[arg(long, env = "CNSIM_POD_ADDRESS", value_name = "TEMPLATE", requires = "total_nodes")]
    pod_address: Option<String>,
    /// A topology as `cnsim topology` makes it, or a .json file, that every pod derives the same network from
    #[arg(
        long,
        env = "CNSIM_TOPOLOGY",
        value_name = "SPEC|FILE",
        default_value = "complete",
        requires = "total_nodes"
    )]
    topology: String,
    /// Only listen: a driver configures the nodes
    #[arg(long, env = "CNSIM_WAIT_FOR_DRIVER", requires = "total_nodes")]
    wait_for_driver: bool,
    /// What random choices are keyed by
    #[arg(long, env = "CNSIM_SEED", default_value_t = 0)]
    seed: u64,
    /// The experiment's condition, for the records
    #[arg(long, env = "CNSIM_CONDITION", default_value = "", hide_default_value = true)]
    condition: String,

    /// Largest encoded message that is sent or taken; at most 1 GiB
    #[arg(long, env = "CNSIM_MAX_MESSAGE", value_name = "BYTES", default_value_t = 4 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    max_message: u64,
    /// Whether a copy from the node to itself initiates, as `start` asks for
    #[arg(long, env = "CNSIM_ACCEPT_START", value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    accept_start: bool,
    /// Copies that may wait for one core
    #[arg(long, env = "CNSIM_QUEUE", value_name = "N", default_value = "1024")]
    queue: NonZeroUsize,
    /// Runtime threads [default: 1 for one node, else the number of processors]
    #[arg(long, env = "CNSIM_WORKERS", value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Keep the last records here too, for the control service to stream
    #[arg(long, env = "CNSIM_SPOOL", value_name = "FILE")]
    spool: Option<PathBuf>,
    /// How large the spool may become
    #[arg(long, env = "CNSIM_SPOOL_LIMIT", value_name = "BYTES", default_value_t = 64 << 20)]
    spool_limit: u64,
    /// End when stdin closes, so that no child outlives its parent
    #[arg(long, env = "CNSIM_EXIT_WITH_STDIN")]
    exit_with_stdin: bool,
    /// Kubernetes node or machine, for the records [default: the machine's name]
    #[arg(long, env = "CNSIM_HOST")]
    host: Option<String>,
    /// Pod, for the records [default: the machine's name]
    #[arg(long, env = "CNSIM_POD")]
    pod: Option<String>,
}

/// `cnsim-node start`.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The message's name: {run_id}-{round}, or any text
    #[arg(long, env = "CNSIM_MESSAGE", value_name = "TEXT")]
    pub(crate) message: String,
    /// Gossip address of the node that shall initiate it
    #[arg(long, env = "CNSIM_TARGET", value_name = "HOST:PORT", default_value = "127.0.0.1:5050")]
    pub(crate) target: String,
    /// Wait until these nodes hold it too
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    pub(crate) seen_at: Vec<String>,
    /// Seconds in which the node must be ready for it, and these hold it
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) within: u64,
}

/// Flags that contradict each other, or a file that they name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FlagError {
    /// A lone node's flag beside many nodes.
    #[error("--peer configures one node, and this process would host {0}: let a driver configure them")]
    PeersOfMany(usize),
    /// A peer with the node's own name.
    #[error("--peer {0}: a node is not its own neighbour")]
    OwnPeer(NodeId),
    /// Two peers with one name.
    #[error("--peer {0} is given twice")]
    PeerTwice(NodeId),
    /// Two nodes with one name.
    #[error("the node id {0} is given twice")]
    IdTwice(NodeId),
    /// Flags that make no network of pods.
    #[error(transparent)]
    Pods(#[from] PodsError),
    /// A text that cannot be a name.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A line of --ids-file.
    #[error("{file}:{line}: {error}", file = file.display())]
    IdsLine {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        error: IdError,
    },
    /// --ids-file cannot be read.
    #[error("cannot read {file} (--ids-file): {error}", file = file.display())]
    IdsFile {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// --ids-file has no id.
    #[error("{file} (--ids-file) names no node", file = .0.display())]
    NoIds(PathBuf),
}

/// `A..B`, both inclusive.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    first: u32,
    last: u32,
}

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match numbers {
            Some((first, last)) if first <= last => Ok(Self { first, last }),
            Some(_) | None => Err("write A..B with whole numbers, A not above B, both included".to_owned()),
        }
    }
}

/// `ID=HOST:PORT`.
#[derive(Debug, Clone)]
struct Peer {
    id: NodeId,
    address: String,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, address) = text.split_once('=').ok_or("write ID=HOST:PORT")?;
        crate::network::parse_address(address).ok_or("write ID=HOST:PORT")?;
        Ok(Self { id: NodeId::new(id).map_err(|error| error.to_string())?, address: address.to_owned() })
    }
}

/// Milliseconds, or `none`.
#[derive(Debug, Clone, Copy)]
struct Deadline(Option<Interval>);

impl FromStr for Deadline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let ms: NonZeroU32 = text.parse().map_err(|_| "write a whole number of milliseconds from 1 on, or none")?;
        Ok(Self(Some(Interval::from_ms(ms.get().into()))))
    }
}

impl ServeArgs {
    /// Checks what the flags say together.
    pub(crate) fn check(self) -> Result<ServeConfig, FlagError> {
        let layout = self.layout()?;
        let ids = match &layout {
            Some(layout) => layout.own_ids()?,
            None => self.ids()?,
        };
        let pods = layout.map(|layout| self.pods(layout)).transpose()?;
        let fixed = if self.peers.is_empty() { None } else { Some(self.fixed(&ids)?) };
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(ServeConfig {
            ids,
            fixed,
            pods,
            listen: self.listen,
            control: self.control,
            announce: self.announce,
            max_message: self.max_message,
            starts: if self.accept_start { Starts::Accepted } else { Starts::Refused },
            queue: self.queue.get(),
            workers: self.workers,
            spool: self.spool.map(|path| SpoolOptions { path, limit: self.spool_limit }),
            stdin: if self.exit_with_stdin { Stdin::EndsProcess } else { Stdin::Unread },
            host: self.host.unwrap_or_else(|| machine.clone()),
            pod: self.pod.unwrap_or(machine),
        })
    }

    /// Where the nodes of a network of pods are.
    fn layout(&self) -> Result<Option<Layout>, PodsError> {
        let (Some(nodes), Some(pod), Some(address)) = (self.total_nodes, &self.pod, &self.pod_address) else {
            return Ok(None);
        };
        let port = self.listen.port();
        Layout::new(LayoutFlags { pod, nodes, nodes_per_pod: self.nodes_per_pod, address, port }).map(Some)
    }

    fn pods(&self, layout: Layout) -> Result<Pods, PodsError> {
        if self.wait_for_driver {
            return Ok(Pods::WaitingForDriver);
        }
        let topology = layout.topology(&self.topology, self.seed)?;
        let rules = Rules { protocol: self.full_protocol(), links: Links::none(), seed: self.seed, first_period: 0 };
        Ok(Pods::Joining(Box::new(pods::PodNetwork { layout, topology, rules, condition: self.condition.clone() })))
    }

    /// The protocol with the flags that were typed.
    fn full_protocol(&self) -> ProtocolSettings {
        let named = self.protocol.clone();
        ProtocolSettings {
            in_flight: self.in_flight.map_or(named.in_flight, NonZeroU32::get),
            forward: self.forward.unwrap_or(named.forward),
            connections: self.connections.unwrap_or(named.connections),
            deadline: self.deadline.map_or(named.deadline, |deadline| deadline.0),
            order: self.order.unwrap_or(named.order),
            ..named
        }
    }

    fn ids(&self) -> Result<Vec<NodeId>, FlagError> {
        let ids = match (&self.ids_file, &self.id, self.nodes) {
            (Some(file), _, _) => read_ids(file)?,
            (None, Some(id), None) => vec![NodeId::new(id)?],
            (None, Some(id), Some(Numbers { first, last })) => {
                (first..=last).map(|number| NodeId::new(&format!("{id}-{number}"))).collect::<Result<_, _>>()?
            }
            (None, None, _) => Vec::new(),
        };
        let mut once = BTreeSet::new();
        match ids.iter().find(|id| !once.insert(*id)) {
            Some(twice) => Err(FlagError::IdTwice(twice.clone())),
            None => Ok(ids),
        }
    }

    fn fixed(&self, ids: &[NodeId]) -> Result<Fixed, FlagError> {
        let [me] = ids else { return Err(FlagError::PeersOfMany(ids.len())) };
        let mut addresses = BTreeMap::new();
        for Peer { id, address } in &self.peers {
            if id == me {
                return Err(FlagError::OwnPeer(id.clone()));
            }
            if addresses.insert(id.clone(), address.clone()).is_some() {
                return Err(FlagError::PeerTwice(id.clone()));
            }
        }
        Ok(Fixed {
            peers: self.peers.iter().map(|peer| peer.id.clone()).collect(),
            addresses,
            protocol: self.full_protocol(),
            seed: self.seed,
            condition: self.condition.clone(),
        })
    }
}

fn read_ids(file: &Path) -> Result<Vec<NodeId>, FlagError> {
    let text = fs::read_to_string(file).map_err(|error| FlagError::IdsFile { file: file.to_owned(), error })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let ids = lines.map(|(index, line)| {
        NodeId::new(line.trim()).map_err(|error| FlagError::IdsLine { file: file.to_owned(), line: index + 1, error })
    });
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() { Err(FlagError::NoIds(file.to_owned())) } else { Ok(ids) }
}
