//! What a configuration changes: the network that a process sees, and what each of its cores is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cnsim::event::Context;
use cnsim::id::{Epoch, IdError, NodeId, NodeIx};
use cnsim::link::Links;
use cnsim::machine::{Common, Config};
use cnsim::protocol::{ParseError, ProtocolSettings};
use cnsim::time::Interval;
use cnsim::topology::Adjacency;
use cnsim::wire::{LinksError, control};

use crate::names::Roster;
use crate::network::Settings;

/// Why a request configures nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigurationError {
    /// 0 means that a node has no configuration.
    #[error("epoch 0 names no configuration: count from 1")]
    NoEpoch,
    /// The request says nothing about the protocol.
    #[error("the protocol is missing")]
    NoProtocol,
    /// It names none that exists.
    #[error(transparent)]
    Protocol(#[from] ParseError),
    /// The links are none.
    #[error(transparent)]
    Links(#[from] LinksError),
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] IdError),
    /// No node listens there.
    #[error("no node of this process listens at port {port}, where {id} shall be")]
    NoPort {
        /// The port.
        port: u32,
        /// Who shall be there.
        id: String,
    },
    /// Two nodes would have one name.
    #[error("two nodes of this process would be called {0}")]
    SameName(NodeId),
    /// Two nodes would have one number.
    #[error("two nodes would have the number {0}: give each its place in the topology")]
    SameNumber(u32),
    /// Another process hosts the node.
    #[error("{0} is not a node of this process")]
    NotHosted(String),
}

/// Everything that a configuration changes.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) settings: Settings,
    /// The cores', by the names that their nodes were started with.
    pub(crate) configs: BTreeMap<NodeId, Config>,
}

/// A node of this process, as it is before the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Hosted {
    /// The name that it was started with.
    pub(crate) slot: NodeId,
    /// What it is called.
    pub(crate) id: NodeId,
    /// Where it listens.
    pub(crate) port: u16,
}

/// One way out of a node.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) to: NodeId,
    /// The weight of the edge as a delay.
    pub(crate) weight: Interval,
}

/// What every node of a configuration does alike.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) protocol: ProtocolSettings,
    /// What copies meet on their way.
    pub(crate) links: Links,
    /// What random choices are keyed by.
    pub(crate) seed: u64,
    /// The number of the nodes' first period.
    pub(crate) first_period: u32,
}

/// What a configuration is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Empty where nobody said.
    pub(crate) run_id: String,
    pub(crate) context: Context,
    pub(crate) rules: Rules,
    /// Of every node that a hosted one may send to.
    pub(crate) addresses: BTreeMap<NodeId, String>,
    /// What each hosted node is called, by the name that it was started with.
    pub(crate) names: BTreeMap<NodeId, NodeId>,
    /// The places of all these nodes in the topology.
    pub(crate) numbers: BTreeMap<NodeId, NodeIx>,
    /// The ways out of hosted nodes; one without any need not be among them.
    pub(crate) ways: BTreeMap<NodeId, Vec<Way>>,
}

impl Configuration {
    /// From the control service's request; a hosted node that it does not name has no neighbours.
    pub(crate) fn of(request: control::ConfigureRequest, hosted: &[Hosted]) -> Result<Self, ConfigurationError> {
        if request.epoch == 0 {
            return Err(ConfigurationError::NoEpoch);
        }
        let protocol: ProtocolSettings = request.protocol.ok_or(ConfigurationError::NoProtocol)?.try_into()?;
        let epoch = Epoch(request.epoch);
        let mut names: BTreeMap<NodeId, NodeId> =
            hosted.iter().map(|node| (node.slot.clone(), node.id.clone())).collect();
        let (mut ways, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        for node in request.configs {
            let (id, slot) = (NodeId::new(&node.id)?, slot(&node, hosted)?);
            names.insert(slot, id.clone());
            numbers.insert(id.clone(), NodeIx(node.number));
            let own = ways.entry(id).or_insert_with(Vec::new);
            for neighbour in node.neighbours {
                own.push(Way { to: NodeId::new(&neighbour.id)?, weight: Interval(neighbour.weight_ns) });
            }
        }
        let mut once = BTreeSet::new();
        if let Some(twice) = names.values().find(|id| !once.insert(*id)) {
            return Err(ConfigurationError::SameName(twice.clone()));
        }
        let mut addresses = BTreeMap::new();
        for peer in request.roster {
            let id = NodeId::new(&peer.id)?;
            numbers.insert(id.clone(), NodeIx(peer.number));
            addresses.insert(id, peer.address);
        }
        check_numbers(&numbers)?;
        let context =
            Context { nodes: request.nodes, protocol: protocol.spec.to_string(), condition: request.condition, epoch };
        let links = match request.links {
            Some(links) => links.under(request.seed)?,
            None => Links::none(),
        };
        let rules = Rules { protocol, links, seed: request.seed, first_period: request.first_period };
        Ok(Self::new(Parts { run_id: request.run_id, context, rules, addresses, names, numbers, ways }))
    }

    /// From its parts. A node without a number stands behind those that have one.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { run_id, context, rules, addresses, names, mut numbers, ways } = parts;
        let mentioned = names.values().chain(ways.keys()).chain(ways.values().flatten().map(|way| &way.to));
        let mut next = numbers.values().map(|number| number.0 + 1).max().unwrap_or(0).max(context.nodes);
        for id in mentioned.collect::<BTreeSet<_>>() {
            if !numbers.contains_key(id) {
                numbers.insert(id.clone(), NodeIx(next));
                next += 1;
            }
        }
        let Rules { protocol, links, seed, first_period } = rules;
        let (epoch, neighbours) = (context.epoch, adjacency(&numbers, &ways));
        let common = Arc::new(Common { epoch, seed, settings: protocol.clone(), neighbours, links });
        let config = |id: &NodeId| Config {
            me: numbers[id],
            first_period,
            name_bytes: u32::try_from(id.as_str().len()).unwrap_or(u32::MAX),
            common: Arc::clone(&common),
        };
        let configs = names.iter().map(|(slot, id)| (slot.clone(), config(id))).collect();
        let targets = |ways: &Vec<Way>| ways.iter().map(|way| way.to.clone()).collect();
        let settings = Settings {
            roster: Arc::new(Roster::new(&run_id, context.nodes, numbers)),
            run_id,
            neighbours: ways.iter().map(|(id, ways)| (id.clone(), targets(ways))).collect(),
            protocol,
            addresses,
            context: Arc::new(context),
        };
        Self { settings, configs }
    }
}

fn check_numbers(numbers: &BTreeMap<NodeId, NodeIx>) -> Result<(), ConfigurationError> {
    let mut once = BTreeSet::new();
    match numbers.values().find(|number| !once.insert(**number)) {
        Some(twice) => Err(ConfigurationError::SameNumber(twice.0)),
        None => Ok(()),
    }
}

/// The ways out of every number up to the last that has any.
fn adjacency(numbers: &BTreeMap<NodeId, NodeIx>, ways: &BTreeMap<NodeId, Vec<Way>>) -> Adjacency {
    let by_number: BTreeMap<NodeIx, &Vec<Way>> = ways.iter().map(|(id, ways)| (numbers[id], ways)).collect();
    let last = by_number.keys().next_back().map_or(0, |last| last.0 + 1);
    let list = |node: u32| {
        let ways = by_number.get(&NodeIx(node)).into_iter().flat_map(|ways| ways.iter());
        ways.map(|way| (numbers[&way.to], way.weight)).collect::<Vec<_>>()
    };
    Adjacency::of((0..last).map(list))
}

/// The name that the node was started with which a configuration is for.
fn slot(config: &control::NodeConfig, hosted: &[Hosted]) -> Result<NodeId, ConfigurationError> {
    let is_meant = |node: &&Hosted| match config.port {
        0 => node.id.as_str() == config.id,
        port => u32::from(node.port) == port,
    };
    let found = hosted.iter().find(is_meant).map(|node| node.slot.clone());
    found.ok_or_else(|| match config.port {
        0 => ConfigurationError::NotHosted(config.id.clone()),
        port => ConfigurationError::NoPort { port, id: config.id.clone() },
    })
}
