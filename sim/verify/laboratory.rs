//! A small simulated network, and what one message does in it.

use std::sync::Arc;

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::Common;
use cnsim::motion::Contacts;
use cnsim::protocol::ProtocolSettings;
use cnsim::scenario::{FaultSpec, Ground, Replicate, Timeline};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::{Adjacency, default_ids};
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundSpec, World};

const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);

/// A network whose nodes never wait for a permit, and whose sends have no deadline.
pub(crate) struct Laboratory {
    network: Network,
    nodes: u32,
}

/// What came of one message.
pub(crate) struct Spread {
    /// Every record.
    pub(crate) entries: Vec<Entry>,
    /// Copies that were sent.
    pub(crate) copies: u64,
}

impl Laboratory {
    /// Nodes with these neighbours.
    pub(crate) fn new(neighbours: &[Vec<usize>], protocol: &str, links: &LinkSpec, seed: u64) -> Self {
        Self::with(neighbours, protocol, links, seed, |_| {})
    }

    /// The same, with options besides the usual ones.
    pub(crate) fn with(
        neighbours: &[Vec<usize>],
        protocol: &str,
        links: &LinkSpec,
        seed: u64,
        change: impl Fn(&mut ProtocolSettings),
    ) -> Self {
        let mut settings: ProtocolSettings = protocol.parse().expect("the protocol is known");
        (settings.in_flight, settings.deadline) = (u32::MAX, None);
        change(&mut settings);
        let edge = |to: &usize| (NodeIx(*to as u32), Interval::ZERO);
        let common = Common {
            epoch: Epoch(1),
            seed,
            settings,
            neighbours: Adjacency::of(neighbours.iter().map(|list| list.iter().map(edge).collect::<Vec<_>>())),
            links: Links::new(links, None, seed).expect("these links need no file"),
        };
        Self { network: Network::new(common, &vec![8; neighbours.len()]), nodes: neighbours.len() as u32 }
    }

    /// The number of nodes.
    pub(crate) fn nodes(&self) -> u32 {
        self.nodes
    }

    /// Messages that begin at the first node at these times, to the end; every record.
    pub(crate) fn open_loop(&self, begins: &[Interval], payload_bytes: usize) -> Vec<Entry> {
        let payload = Bytes::from(vec![0; payload_bytes]);
        let spec = |(message, at): (u32, &Interval)| RoundSpec {
            message: Message(message),
            text_bytes: 12,
            payload: payload.clone(),
            initiator: NodeIx(0),
            begins: BEGINS + *at,
            limit: Interval(u64::MAX / 4),
        };
        let specs: Vec<RoundSpec> = (0..).zip(begins).map(spec).collect();
        let mut entries = Vec::new();
        World::new(&self.network, BEGINS, 0).rounds(&specs, &mut entries, &mut |_| true);
        entries
    }

    /// A message that begins at `initiator`, to the end.
    pub(crate) fn spread(&self, round: u32, initiator: u32) -> Spread {
        self.simulated(World::new(&self.network, BEGINS, round), round, initiator)
    }

    /// The same, over links that come and go.
    pub(crate) fn spread_over(&self, contacts: Contacts, round: u32, initiator: u32) -> Spread {
        let mut world = World::new(&self.network, BEGINS, round);
        world.set_motion(Arc::new(contacts), Interval::ZERO);
        self.simulated(world, round, initiator)
    }

    /// The same, of a message that begins at the first node while faults befall the others.
    pub(crate) fn spread_under(&self, round: u32, faults: &[FaultSpec]) -> Spread {
        let common = self.network.common();
        let ground = Ground {
            nodes: &default_ids(self.nodes),
            neighbours: &common.neighbours,
            region: &|_| None,
            seed: common.seed,
        };
        let replicate = Replicate { round, initiator: Some(NodeIx(0)), limit: Interval::from_ms(3_600_000) };
        let timeline = Timeline::resolve(faults, &ground, replicate).expect("these faults can be");
        let mut world = World::new(&self.network, BEGINS, round);
        world.set_faults(Arc::new(timeline));
        self.simulated(world, round, 0)
    }

    fn simulated(&self, mut world: World, round: u32, initiator: u32) -> Spread {
        let spec = RoundSpec {
            message: Message(round),
            text_bytes: 12,
            payload: Bytes::new(),
            initiator: NodeIx(initiator),
            begins: BEGINS,
            limit: Interval(u64::MAX / 4),
        };
        let mut entries = Vec::new();
        let end = world.round(&spec, &mut entries, &mut |_| true);
        assert!(matches!(end.outcome, Outcome::Quiescent | Outcome::Horizon), "{end:?}");
        Spread { entries, copies: end.load.started }
    }
}

/// Every two nodes are neighbours.
pub(crate) fn complete(nodes: usize) -> Vec<Vec<usize>> {
    (0..nodes).map(|me| (0..nodes).filter(|other| *other != me).collect()).collect()
}

impl Spread {
    /// When each node but the initiator heard first, in ns after the beginning.
    pub(crate) fn deliveries_ns(&self) -> Vec<u64> {
        self.first_receipts().map(|entry| entry.at.since(BEGINS).0).collect()
    }

    /// The hops of first receipts.
    pub(crate) fn hops(&self) -> Vec<u32> {
        self.first_receipts().filter_map(|entry| entry.hop).map(|hop| hop.0).collect()
    }

    /// When the last node heard first, in ns after the beginning.
    pub(crate) fn t100_ns(&self) -> u64 {
        self.deliveries_ns().into_iter().max().unwrap_or(0)
    }

    /// How long each copy that arrived was on its way, in ns.
    pub(crate) fn latencies_ns(&self) -> Vec<u64> {
        let arrived = self.entries.iter().filter(|entry| matches!(entry.fact, Fact::Received | Fact::Duplicate));
        arrived.map(|entry| entry.at.since(entry.sent).0).collect()
    }

    fn first_receipts(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.fact == Fact::Received)
    }
}
