//! A network in virtual time, the faults that befall it, and what its records say of them.

use std::sync::Arc;

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeId, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::{Common, FaultLog};
use cnsim::scenario::{FaultSpec, Ground, Receipt, Replicate, Seen, SeenEnd, Timeline, Witness};
use cnsim::time::{Clock, Interval, Timestamp};
use cnsim::topology::{Adjacency, EdgeWeights, TopologySpec, default_ids};
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{RoundEnd, RoundSpec, World};

pub(crate) const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);
pub(crate) const SEED: u64 = 3;

/// A network, and the faults that befall it.
pub(crate) struct Lab<'a> {
    pub(crate) ids: Vec<NodeId>,
    pub(crate) neighbours: Adjacency,
    pub(crate) protocol: &'a str,
    pub(crate) links: LinkSpec,
    pub(crate) faults: Vec<FaultSpec>,
}

/// What came of a round.
pub(crate) struct Run {
    pub(crate) end: RoundEnd,
    pub(crate) entries: Vec<Entry>,
    pub(crate) timeline: Timeline,
    pub(crate) logs: Vec<(NodeIx, FaultLog)>,
}

impl<'a> Lab<'a> {
    pub(crate) fn new(topology: &str, nodes: u32, protocol: &'a str, faults: &str) -> Self {
        let ids = default_ids(nodes);
        let made = topology.parse::<TopologySpec>().unwrap().generate(ids.clone(), SEED).unwrap();
        let links = LinkSpec { delay: "constant:20ms".parse().unwrap(), ..LinkSpec::default() };
        let neighbours = made.adjacency(EdgeWeights::Ignored).unwrap();
        Self { ids, neighbours, protocol, links, faults: serde_json::from_str(faults).unwrap() }
    }

    pub(crate) fn run(&self, round: u32, limit: &str) -> Run {
        self.run_sabotaged(round, limit, |_| {})
    }

    /// The faults that befall the nodes are not those that were meant.
    pub(crate) fn run_sabotaged(&self, round: u32, limit: &str, sabotage: impl Fn(&mut Timeline)) -> Run {
        let initiator = NodeIx(0);
        let limit: Interval = limit.parse().unwrap();
        let ground = Ground { nodes: &self.ids, neighbours: &self.neighbours, region: &|_| None, seed: SEED };
        let replicate = Replicate { round, initiator: Some(initiator), limit };
        let timeline = Timeline::resolve(&self.faults, &ground, replicate).unwrap();
        let common = Common {
            epoch: Epoch(1),
            seed: SEED,
            settings: self.protocol.parse().unwrap(),
            neighbours: self.neighbours.clone(),
            links: Links::new(&self.links, None, SEED).unwrap(),
        };
        let network = Network::new(common, &vec![8; self.ids.len()]);
        let spec = RoundSpec {
            message: Message(round),
            text_bytes: 9,
            payload: Bytes::from_static(&[0; 1_000]),
            initiator,
            begins: BEGINS,
            limit,
        };
        let (mut world, mut entries) = (World::new(&network, BEGINS, round), Vec::new());
        let mut applied = timeline.clone();
        sabotage(&mut applied);
        world.set_faults(Arc::new(applied));
        let end = world.round(&spec, &mut entries, &mut |_| true);
        Run { end, entries, timeline, logs: world.fault_logs().collect() }
    }
}

/// What the records and probes of some rounds say of the faults.
pub(crate) fn receipts(lab: &Lab<'_>, runs: &[Run]) -> Vec<Receipt> {
    let mut witness = Witness::new(&lab.faults, lab.links.clone(), Clock::Virtual);
    let since = |at: Timestamp| at.0 as i64 - BEGINS.0 as i64;
    for Run { entries, timeline, logs, .. } in runs {
        witness.begin(timeline);
        for entry in entries {
            let end = match entry.fact {
                Fact::Initiated => SeenEnd::Began,
                Fact::Received => SeenEnd::First,
                Fact::Duplicate => SeenEnd::Again,
                Fact::Failed(_) => SeenEnd::Failed,
            };
            let (from, to, hop, bytes) = (entry.sender, entry.receiver, entry.hop.map(|hop| hop.0), entry.bytes);
            let (sent_ns, received_ns) = (since(entry.sent), since(entry.at));
            witness.note(timeline, &Seen { from, to, sent_ns, received_ns, end, hop, bytes });
        }
        let arrived: Vec<(u32, Timestamp)> = logs.iter().flat_map(|(_, log)| log.received.clone()).collect();
        for (place, sent) in logs.iter().flat_map(|(_, log)| log.sent.clone()) {
            let probe = timeline.probes[place as usize];
            let found = arrived.iter().find(|(other, _)| *other == place);
            let (end, received) = found.map_or((SeenEnd::ProbeLost, sent), |(_, at)| (SeenEnd::ProbeArrived, *at));
            let (sent_ns, received_ns) = (since(sent), since(received));
            let (from, to) = (probe.from, probe.to);
            witness.note(timeline, &Seen { from, to, sent_ns, received_ns, end, hop: None, bytes: 0 });
        }
    }
    witness.receipts()
}
