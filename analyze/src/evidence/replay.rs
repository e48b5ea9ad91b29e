//! What the nodes of a run do with a message, done again: whom they send to and in which order follows from the protocol, the seed
//! and whom they heard from, where they send when a message begins or arrives and at no other time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use cnsim::event::Kind;
use cnsim::id::{DeliveryId, Epoch, Hop, Message, NodeIx};
use cnsim::link::Links;
use cnsim::machine::{Common, Config, Gossip, Input, Machine, Output, Outputs};
use cnsim::manifest::{Records, RoundOutcome};
use cnsim::protocol::ProtocolSettings;
use cnsim::scenario::Kind as FaultKind;
use cnsim::time::Timestamp;
use cnsim::topology::EdgeWeights;
use cnsim_records::names::Names;

use super::own_program::draws_as_here;
use crate::inputs::RunFacts;
use crate::rounds::Round;

/// A run that can be done again.
#[derive(Debug)]
pub(super) struct Replay {
    common: Arc<Common>,
    /// The place in the topology of each node, by its number among names; none of a stranger.
    places: Vec<Option<NodeIx>>,
    /// The number among names of each place.
    numbers: Vec<Option<u32>>,
    /// The rounds that came to rest.
    rounds: BTreeSet<u32>,
}

/// Whom the nodes of a round sent to, against whom they would.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Targets {
    /// Nodes that sent to more or fewer, or to others where all of them are due, or back where they do not.
    pub(super) other: u32,
    pub(super) first_other: Option<u32>,
    /// Nodes whose targets, or the order of them, the seed draws.
    pub(super) drawn: u32,
    /// Those of which it draws others.
    pub(super) drawn_otherwise: u32,
    pub(super) first_drawn: Option<u32>,
}

impl Replay {
    /// That of a run; none where nobody knows what its nodes would do, or records do not say all that they did.
    pub(super) fn of(facts: &RunFacts, nodes: &Names) -> Option<Self> {
        let (manifest, topology) = (&facts.manifest, facts.topology.as_ref()?);
        let options = &manifest.options;
        // Whom a node may send to is another from instant to instant.
        let stands_still = options.motion.is_none();
        let is_at_once = !options.protocol.protocol().sends_later();
        let is_whole = stands_still && options.faults.iter().all(|fault| leaves_sends_alone(&fault.kind));
        if !is_at_once || !is_whole || !draws_as_here(manifest) || options.records != Records::All {
            return None;
        }
        let settings = ProtocolSettings { in_flight: ProtocolSettings::UNLIMITED, ..options.resolved_protocol() };
        let common = Common {
            epoch: Epoch(0),
            seed: options.seed,
            settings,
            neighbours: topology.adjacency(EdgeWeights::Ignored).ok()?,
            links: Links::none(),
        };
        let numbers: Vec<Option<u32>> = topology.nodes.iter().map(|node| nodes.number(node.as_str())).collect();
        let mut places = vec![None; nodes.len()];
        for (place, number) in (0..).zip(&numbers) {
            if let Some(number) = number {
                places[*number as usize] = Some(NodeIx(place));
            }
        }
        let is_over = |round: &&cnsim::manifest::Round| round.outcome == RoundOutcome::Quiescent;
        let rounds = manifest.rounds.iter().filter(is_over).map(|round| round.round).collect();
        Some(Self { common: Arc::new(common), places, numbers, rounds })
    }

    /// How nodes that heard of a message differ in whom they sent it to from what they would do; none in a round that did not come to
    /// rest.
    pub(super) fn compare_targets(&self, round: &Round<'_>) -> Option<Targets> {
        if !self.rounds.contains(&round.round) {
            return None;
        }
        let (events, mut sent) = (round.events, sent_by(round));
        let (mut found, mut outputs) = (Targets::default(), Outputs::default());
        for row in round.rows.clone() {
            let is_first = matches!(events.kind[row], Kind::Initiate | Kind::Received);
            let (node, from) = (events.receiver[row], events.sender[row]);
            let ends = self.places[node as usize].zip(self.places[from as usize]).filter(|_| is_first);
            let Some((me, heard_from)) = ends else { continue };
            let hop = u32::try_from(events.hop[row]).ok().and_then(|hop| hop.checked_sub(1)).map(Hop);
            let would = self.targets(me, heard_from, Message(round.round), hop, &mut outputs);
            let sent = sent.remove(&node).unwrap_or_default();
            let candidates = self.common.neighbours.neighbours(me);
            let may_return = node != from && candidates.contains(&heard_from);
            let is_all = would.len() + usize::from(may_return) >= candidates.len();
            let returns = node != from && sent.contains(&from);
            let in_order = |targets: &[u32]| BTreeSet::from_iter(targets.iter().copied());
            let is_other_set = is_all && in_order(&sent) != in_order(&would);
            let goes_back = returns && !self.common.settings.back_to_sender;
            if sent.len() != would.len() || is_other_set || goes_back {
                found.other += 1;
                found.first_other.get_or_insert(node);
            } else if sent.len() > 1 {
                found.drawn += 1;
                if sent != would {
                    found.drawn_otherwise += 1;
                    found.first_drawn.get_or_insert(node);
                }
            }
        }
        Some(found)
    }

    /// Whom a node sends to that hears of a message, by number, in order.
    fn targets(&self, me: NodeIx, from: NodeIx, message: Message, hop: Option<Hop>, outputs: &mut Outputs) -> Vec<u32> {
        let (mut machine, now) = (Machine::new(me), Timestamp(1));
        let config = Config { me, name_bytes: 0, first_period: 0, common: Arc::clone(&self.common) };
        machine.handle(now, Input::Configure(config), outputs);
        let input = if me == from {
            Input::Initiate { message, text_bytes: 0, payload: Bytes::new() }
        } else {
            let gossip = Gossip { message, text_bytes: 0, hop, epoch: None, payload: Bytes::new() };
            Input::Deliver { delivery: DeliveryId(0), from, bytes: 0, gossip }
        };
        machine.handle(now, input, outputs);
        let mut targets = Vec::new();
        while let Some(output) = outputs.next_output() {
            if let Output::Send(send) = output {
                targets.extend(self.numbers[send.to.index()]);
            }
        }
        targets
    }
}

/// Whether nodes send under a fault what they would without, and every copy has its records.
fn leaves_sends_alone(kind: &FaultKind) -> bool {
    match kind {
        FaultKind::Partition { .. } | FaultKind::Loss { .. } | FaultKind::Delay { .. } | FaultKind::Uplink { .. } => {
            true
        }
        // Copies of a node that went down have no end.
        FaultKind::Crash { .. }
        | FaultKind::Churn { .. }
        | FaultKind::Pause { .. }
        | FaultKind::Sleep { .. }
        | FaultKind::Mute { .. } => false,
    }
}

/// Whom each node sent to, by numbers, in the order in which it did.
fn sent_by(round: &Round<'_>) -> BTreeMap<u32, Vec<u32>> {
    let events = round.events;
    let copies = round.rows.clone().filter(|row| events.kind[*row] != Kind::Initiate);
    let mut copies: Vec<(u32, u32, u32)> =
        copies.map(|row| (events.sender[row], events.send_number[row], events.receiver[row])).collect();
    copies.sort_unstable();
    // One that arrived and was given up has two records.
    copies.dedup();
    let mut sent: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    copies.into_iter().for_each(|(sender, _, receiver)| sent.entry(sender).or_default().push(receiver));
    sent
}
