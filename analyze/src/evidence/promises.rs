//! Records that say something else than their run's manifest, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use cnsim::event::{Kind, SIMULATED};
use cnsim::link::DelaySpec;
use cnsim::manifest::{Backend, Manifest, RunOutcome};
use cnsim::scenario::{FaultSpec, RoundKill};
use cnsim::topology::Topology;
use cnsim_records::columns::{EventNames, UNKNOWN_NS};
use cnsim_records::names::Names;

use super::lateness::late_ns;
use super::link_times::LinkTimes;
use super::own_program::draws_as_here;
use super::periods::{OtherPeriod, Periods};
use super::replay::Replay;
use super::send_numbers::{Begins, Numbering, SendRange, count_left_out, find_out_of_order, list_send_ranges};
use super::seq_bounds::{OtherSeq, SeqBounds};
use super::tolerance::UNSEEN_STEP_NS;
use super::ways::Ways;
use crate::inputs::{About, RunFacts};
use crate::rounds::Round;

/// What a message's counters, times and framing may add to its payload and its names, in bytes.
const ENVELOPE_BYTES_MAX: u64 = 192;

/// No name has this number.
const NOBODY: u32 = u32::MAX;

/// In what a record can contradict its run's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// It says another number of nodes.
    Nodes,
    /// Another protocol.
    Protocol,
    /// Another condition.
    Condition,
    /// It names a node that the roster does not have.
    Stranger,
    /// Its writer ran on another host.
    Host,
    /// Its writer ran in another process.
    Process,
    /// Its copy is smaller than the payload, or larger than payload and envelope.
    Bytes,
    /// Its copy went between nodes that are no neighbours.
    Link,
    /// Its copy left over a link that was down.
    Down,
    /// Its copy took less than it was held back for.
    Hold,
    /// Its copy has no name.
    Unnamed,
    /// It does not say where it was written, or how far its writer is from the initiator.
    Silent,
    /// A number of its sender's copies has no record.
    SendNumber,
    /// Its copy left before one with a smaller number.
    SendOrder,
    /// Its copy was on its way for another time than the seed says.
    Way,
    /// Its copy left when its sender does not send.
    Leaving,
    /// Its node sent to others, or in another order, than the seed says.
    Targets,
    /// Its node sent more copies than its periods let it, or let periods pass.
    Period,
    /// The seed draws other targets for its node, or another order.
    DrawnTargets,
    /// Its number is not behind those of records that are earlier.
    SeqOrder,
    /// Its number is one of another round.
    SeqRound,
}

impl Field {
    /// Every one.
    pub(crate) const ALL: [Self; 21] = [
        Self::Nodes,
        Self::Protocol,
        Self::Condition,
        Self::Stranger,
        Self::Host,
        Self::Process,
        Self::Bytes,
        Self::Link,
        Self::Down,
        Self::Hold,
        Self::Unnamed,
        Self::Silent,
        Self::SendNumber,
        Self::SendOrder,
        Self::Way,
        Self::Leaving,
        Self::Targets,
        Self::DrawnTargets,
        Self::Period,
        Self::SeqOrder,
        Self::SeqRound,
    ];
}

/// How often a field of a round's records contradicts the manifest, with the first in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradicted {
    /// How many records; 0 where only `of` is told.
    pub(crate) count: u64,
    /// Where a seed has drawn what is looked at: half of so many and more would be others if another program had drawn it. None where
    /// every program does the same.
    pub(crate) of: Option<u64>,
    /// What the first of them says.
    pub(crate) example: String,
}

/// What is told of a round at once.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// So many contradict the manifest.
    Other(u64),
    /// So many differ from what the seed draws here, where half of `of` and more would if another program had drawn it.
    Drawn { other: u64, of: u64 },
}

/// Who takes what is told, with an example in words.
type Tell<'a> = dyn FnMut(Field, Told, &dyn Fn() -> String) + 'a;

/// What manifests say that every record of their runs has, made ready for the numbers of one input's names.
#[derive(Debug)]
pub(crate) struct Promises {
    /// By the number of the run; none without a manifest.
    runs: Vec<Option<RunPromises>>,
}

#[derive(Debug)]
struct RunPromises {
    nodes: u32,
    /// By number: whether a text may stand in a record.
    protocols: Vec<bool>,
    conditions: Vec<bool>,
    /// By number of the node; none where the run has no roster.
    roster: Option<Vec<Place>>,
    /// Nodes with processes that hosted them before faults killed these, as numbers of names.
    killed: BTreeSet<(u32, u32)>,
    bytes: RangeInclusive<u64>,
    /// From each node to each that it may send to, with how long a copy is held; none where it may send to all, or where nobody
    /// knows to whom.
    links: Option<Vec<(u32, u32, i64)>>,
    /// When links were up, where they come and go.
    link_times: Option<LinkTimes>,
    /// How long every copy is held where `links` does not say; 0: not at all, or not by one clock.
    hold_ns: i64,
    /// Whether every copy has a name.
    is_named: bool,
    numbering: Numbering,
    late_ns: BTreeMap<u32, i64>,
    replay: Option<Replay>,
    ways: Option<Ways>,
    seqs: SeqBounds,
    periods: Option<Periods>,
}

/// Where a node of the roster runs, as numbers of names.
#[derive(Debug, Clone, Copy)]
struct Place {
    is_listed: bool,
    /// None where it may be another.
    host: Option<u32>,
    process: Option<u32>,
}

impl Promises {
    /// Those of an input.
    pub(crate) fn of(about: &About, names: &EventNames) -> Self {
        let of_run = |run_id: &str| about.runs.get(run_id).map(|facts| RunPromises::of(facts, names));
        Self { runs: names.runs.iter().map(of_run).collect() }
    }

    /// Where the records of a round contradict the manifest; empty where there is none.
    pub(super) fn find_contradicted(&self, round: &Round<'_>) -> BTreeMap<Field, Contradicted> {
        let mut found = BTreeMap::new();
        let Some(promises) = self.runs.get(round.run as usize).and_then(Option::as_ref) else { return found };
        for row in round.rows.clone() {
            promises.look_at(round, row, &mut |field, example: &dyn Fn() -> String| {
                let entry =
                    found.entry(field).or_insert_with(|| Contradicted { count: 0, of: None, example: example() });
                entry.count += 1;
            });
        }
        promises.look_at_round(round, &mut |field, told, example: &dyn Fn() -> String| {
            let entry =
                found.entry(field).or_insert_with(|| Contradicted { count: 0, of: None, example: String::new() });
            let (count, of) = match told {
                Told::Other(count) => (count, None),
                Told::Drawn { other, of } => (other, Some(of)),
            };
            if count > 0 && entry.example.is_empty() {
                entry.example = example();
            }
            entry.count += count;
            entry.of = of.map(|of| of + entry.of.unwrap_or(0)).or(entry.of);
        });
        found
    }

    /// The numbers of a round's copies, where they are counted from the first copy of the run.
    pub(super) fn send_ranges(&self, round: &Round<'_>) -> Vec<SendRange> {
        let promises = self.runs.get(round.run as usize).and_then(Option::as_ref);
        let is_of_run = promises.is_some_and(|promises| promises.numbering == Numbering::OfRun);
        if is_of_run { list_send_ranges(round) } else { Vec::new() }
    }
}

impl RunPromises {
    fn of(facts: &RunFacts, names: &EventNames) -> Self {
        let RunFacts { manifest, topology, .. } = facts;
        let is_protocol = |text: &str| {
            text.is_empty()
                || text.parse().is_ok_and(|spec: cnsim::protocol::ProtocolSpec| spec == manifest.options.protocol)
        };
        let is_condition = |text: &str| text.is_empty() || text == manifest.options.condition;
        let payload = manifest.options.payload_bytes;
        let may_send = topology.as_ref().filter(|topology| !topology.is_complete() || weighs(manifest));
        Self {
            nodes: manifest.options.nodes,
            protocols: names.protocols.iter().map(is_protocol).collect(),
            conditions: names.conditions.iter().map(is_condition).collect(),
            roster: places(facts, names).or_else(|| simulated_places(manifest, topology.as_ref()?, names)),
            killed: killed(facts, names),
            bytes: payload.max(1)..=payload.saturating_add(ENVELOPE_BYTES_MAX + name_bytes_max(manifest, names)),
            links: may_send.map(|topology| links(manifest, topology, &names.nodes)),
            link_times: LinkTimes::of(facts, &names.nodes),
            hold_ns: hold_ns(manifest, None),
            is_named: draws_as_here(manifest),
            // A node that a fault takes down has copies without an end.
            numbering: if draws_as_here(manifest) && manifest.options.faults.is_empty() {
                Numbering::of(manifest)
            } else {
                Numbering::Unknown
            },
            late_ns: manifest
                .rounds
                .iter()
                .filter_map(|round| Some((round.round, late_ns(manifest, round)?)))
                .collect(),
            replay: Replay::of(facts, &names.nodes),
            ways: Ways::of(facts, &names.nodes),
            seqs: SeqBounds::of(manifest, names),
            periods: Periods::of(manifest),
        }
    }

    fn look_at(&self, round: &Round<'_>, row: usize, tell: &mut impl FnMut(Field, &dyn Fn() -> String)) {
        let (events, names) = (round.events, &round.events.names);
        let node = |number: u32| names.nodes.text(number);
        let (kind, sender, receiver) = (events.kind[row], events.sender[row], events.receiver[row]);
        if !matches!(events.nodes[row], 0) && events.nodes[row] != self.nodes {
            tell(Field::Nodes, &|| format!("{} nodes, not {}", events.nodes[row], self.nodes));
        }
        if !self.protocols[events.protocol[row] as usize] {
            tell(Field::Protocol, &|| format!("protocol {}", names.protocols.text(events.protocol[row])));
        }
        if !self.conditions[events.condition[row] as usize] {
            tell(Field::Condition, &|| format!("condition {}", names.conditions.text(events.condition[row])));
        }
        if let Some(roster) = &self.roster {
            let stranger = [sender, receiver].into_iter().find(|node| !roster[*node as usize].is_listed);
            if let Some(stranger) = stranger {
                tell(Field::Stranger, &|| node(stranger).to_owned());
            }
            let writer = if kind == Kind::Failed { sender } else { receiver };
            let (place, host, process) = (roster[writer as usize], events.host[row], events.process[row]);
            if place.host.is_some_and(|expected| expected != host) && !names.hosts.text(host).is_empty() {
                tell(Field::Host, &|| format!("{} on {}", node(writer), names.hosts.text(host)));
            }
            let is_other = place.process.is_some_and(|expected| expected != process);
            if is_other && !self.killed.contains(&(writer, process)) && !names.processes.text(process).is_empty() {
                tell(Field::Process, &|| format!("{} in {}", node(writer), names.processes.text(process)));
            }
        }
        let is_somewhere = self.roster.as_ref().is_some_and(|roster| roster[receiver as usize].host.is_some());
        let is_silent = events.hop[row] < 0 || is_somewhere && names.hosts.text(events.host[row]).is_empty();
        if self.is_named && is_silent && kind != Kind::Failed {
            tell(Field::Silent, &|| format!("of {}", node(receiver)));
        }
        if kind == Kind::Initiate {
            return;
        }
        let copy = || format!("{} > {}", node(sender), node(receiver));
        if self.is_named && events.send_number[row] == 0 {
            tell(Field::Unnamed, &copy);
        }
        // A copy that arrived has a size; one that was given up before it was sent has none.
        let is_sized = events.bytes[row] > 0 || events.seq[row] > 0 && kind != Kind::Failed;
        if is_sized && !self.bytes.contains(&u64::from(events.bytes[row])) {
            tell(Field::Bytes, &|| format!("{} bytes", events.bytes[row]));
        }
        let Some(hold_ns) = self.link(sender, receiver) else { return tell(Field::Link, &copy) };
        let latency_ns = events.latency_ns[row];
        let arrived = matches!(kind, Kind::Received | Kind::Duplicate) && latency_ns != UNKNOWN_NS;
        if arrived && latency_ns < hold_ns - UNSEEN_STEP_NS.min(hold_ns / 2) {
            tell(Field::Hold, &|| {
                format!("{} in {:.3} ms, held for {:.3}", copy(), latency_ns as f64 / 1e6, hold_ns as f64 / 1e6)
            });
        }
    }

    /// What a round's records say together.
    fn look_at_round(&self, round: &Round<'_>, tell: &mut Tell<'_>) {
        let (events, names) = (round.events, &round.events.names);
        let node = |number: u32| names.nodes.text(number);
        let copy = |row: usize| format!("{} > {}", node(events.sender[row]), node(events.receiver[row]));
        if self.numbering == Numbering::OfRounds
            && let Some((count, sender)) = count_left_out(&list_send_ranges(round), Begins::AtOne)
        {
            tell(Field::SendNumber, Told::Other(count), &|| format!("of {}", node(sender)));
        }
        if let Some(late_ns) = self.late_ns.get(&round.round)
            && let Some((count, row)) = find_out_of_order(round, *late_ns)
        {
            tell(Field::SendOrder, Told::Other(count), &|| copy(row));
        }
        let over_nothing = self.link_times.as_ref().map(|times| times.find_over_nothing(round)).unwrap_or_default();
        if let Some(first) = over_nothing.first() {
            tell(Field::Down, Told::Other(over_nothing.len() as u64), &|| {
                format!("{}, {:.6} s after the round began", copy(first.row), first.since_ns as f64 / 1e9)
            });
        }
        if let Some(targets) = self.replay.as_ref().and_then(|replay| replay.compare_targets(round)) {
            let of = |first: Option<u32>| format!("of {}", first.map_or("", node));
            tell(Field::Targets, Told::Other(targets.other.into()), &|| of(targets.first_other));
            // Few targets are in the same order by chance.
            let drawn = Told::Drawn { other: targets.drawn_otherwise.into(), of: u64::from(targets.drawn) / 2 };
            tell(Field::DrawnTargets, drawn, &|| of(targets.first_drawn));
        }
        if let Some(ways) = &self.ways {
            self.look_at_ways(round, ways, tell);
        }
        for (other, sender) in self.periods.iter().flat_map(|periods| periods.find_others(round)) {
            tell(Field::Period, Told::Other(1), &|| match other {
                OtherPeriod::TooMany { copies, most } => format!("{copies} of {} where {most} fit", node(sender)),
                OtherPeriod::OffBeat { gap_ns } => {
                    format!("two of {} {:.6} ms apart", node(sender), gap_ns as f64 / 1e6)
                }
                OtherPeriod::LeftOut { gap_ns } => {
                    format!("none of {} for {:.3} ms", node(sender), gap_ns as f64 / 1e6)
                }
            });
        }
        for (other, row) in self.seqs.find_others(round) {
            let field = match other {
                OtherSeq::OutOfOrder => Field::SeqOrder,
                OtherSeq::OfOtherRound => Field::SeqRound,
            };
            tell(field, Told::Other(1), &|| {
                format!("{} of {}", events.seq[row], names.processes.text(events.process[row]))
            });
        }
    }

    /// Copies with other times than they can have.
    fn look_at_ways(&self, round: &Round<'_>, ways: &Ways, tell: &mut Tell<'_>) {
        let (events, names) = (round.events, &round.events.names.nodes);
        let copy = |row: usize| format!("{} > {}", names.text(events.sender[row]), names.text(events.receiver[row]));
        let times = ways.find_other_times(round);
        let told = |is_drawn: bool, of: u64, other: usize| match is_drawn {
            true => Told::Drawn { other: other as u64, of },
            false => Told::Other(other as u64),
        };
        let on_way = told(ways.draws_delays(), times.of_ways, times.on_their_way.len());
        tell(Field::Way, on_way, &|| {
            let (row, drawn_ns) = times.on_their_way[0];
            let took_ns = events.received_ns[row] - events.sent_ns[row];
            format!("{} in {:.6} ms, not {:.6}", copy(row), took_ns as f64 / 1e6, drawn_ns as f64 / 1e6)
        });
        tell(Field::Leaving, told(ways.draws_periods(), times.of_left, times.left.len()), &|| {
            let (row, late_ns) = times.left[0];
            format!("{}, {:.6} ms after it could", copy(row), late_ns as f64 / 1e6)
        });
    }

    /// How long a copy is held between two nodes; none where the one may not send to the other.
    fn link(&self, sender: u32, receiver: u32) -> Option<i64> {
        let Some(links) = &self.links else { return Some(self.hold_ns) };
        let place = links.binary_search_by_key(&(sender, receiver), |(from, to, _)| (*from, *to)).ok()?;
        Some(links[place].2)
    }
}

/// What the names in a message may take at most: its own, which begins as the run's, and the sender's, which the copy's begins with
/// too.
fn name_bytes_max(manifest: &Manifest, names: &EventNames) -> u64 {
    let longest = names.nodes.iter().map(str::len).max().unwrap_or(0);
    (manifest.run_id.len() + 2 * longest) as u64
}

/// Whether copies are held by the weight of their edge.
fn weighs(manifest: &Manifest) -> bool {
    manifest.options.link_delay == DelaySpec::Weights
}

/// How long copies over an edge of this weight are held at least, where one clock measures them.
fn hold_ns(manifest: &Manifest, weight: Option<f64>) -> i64 {
    let is_one_clock = match manifest.backend {
        Backend::Local(_) => manifest.rounds.iter().all(|round| round.clock_steps == 0),
        Backend::Sim(_) => true,
        Backend::Kubernetes(_) => false,
    };
    if is_one_clock { manifest.options.link_delay.least(weight).0 as i64 } else { 0 }
}

/// Every way that a copy may go, in order.
fn links(manifest: &Manifest, topology: &Topology, nodes: &Names) -> Vec<(u32, u32, i64)> {
    let number = |node: u32| nodes.number(topology.nodes[node as usize].as_str()).unwrap_or(NOBODY);
    let mut links = Vec::with_capacity(2 * topology.edges.len());
    for edge in &topology.edges {
        let (source, target, hold_ns) = (number(edge.source), number(edge.target), hold_ns(manifest, edge.weight));
        links.push((source, target, hold_ns));
        // An answer goes against the direction of its ask.
        if !topology.directed || manifest.options.protocol.protocol().answers_with_copies() {
            links.push((target, source, hold_ns));
        }
    }
    links.sort_unstable();
    links
}

/// Where the nodes of an input run, by number. What was started again or resumed may be anywhere; so may what was killed, where the run
/// was cut off before it could say so.
fn places(facts: &RunFacts, names: &EventNames) -> Option<Vec<Place>> {
    let manifest = &facts.manifest;
    if manifest.roster.is_empty() {
        return None;
    }
    let may_lack_kills =
        manifest.outcome != RunOutcome::Complete && manifest.options.faults.iter().any(FaultSpec::ends_processes);
    let resumed_with = &manifest.backend.processes().resumed_with;
    let stayed = manifest.incidents.is_empty() && resumed_with.is_empty() && !may_lack_kills;
    let mut places = vec![Place { is_listed: false, host: None, process: None }; names.nodes.len()];
    let number =
        |names: &Names, text: &str| Some(names.number(text).unwrap_or(NOBODY)).filter(|_| stayed && !text.is_empty());
    for node in &manifest.roster {
        if let Some(place) = names.nodes.number(&node.id) {
            let (host, process) = (number(&names.hosts, &node.host), number(&names.processes, &node.process));
            places[place as usize] = Place { is_listed: true, host, process };
        }
    }
    // Another pod in its place may be on another host.
    for (node, _) in killed(facts, names) {
        places[node as usize].host = None;
    }
    Some(places)
}

/// The nodes of processes that faults killed, each with such a process.
fn killed(facts: &RunFacts, names: &EventNames) -> BTreeSet<(u32, u32)> {
    let nodes = facts.topology.as_ref().map_or(&[][..], |topology| &topology.nodes);
    let kills = facts.faults.iter().flat_map(|faults| faults.rounds.values()).flat_map(|line| &line.kills);
    let pairs = kills.flat_map(|RoundKill { nodes: places, kill, .. }| {
        let process = names.processes.number(&kill.process);
        let of = places.iter().filter_map(|place| names.nodes.number(nodes.get(place.index())?.as_str()));
        of.filter_map(move |node| Some((node, process?)))
    });
    pairs.collect()
}

/// Where the nodes of a simulation are, which are those of its topology: nowhere.
fn simulated_places(manifest: &Manifest, topology: &Topology, names: &EventNames) -> Option<Vec<Place>> {
    if !matches!(manifest.backend, Backend::Sim(_)) {
        return None;
    }
    let nowhere = names.hosts.number(SIMULATED).unwrap_or(NOBODY);
    let mut places = vec![Place { is_listed: false, host: None, process: None }; names.nodes.len()];
    for node in &topology.nodes {
        if let Some(place) = names.nodes.number(node.as_str()) {
            places[place as usize] = Place { is_listed: true, host: Some(nowhere), process: None };
        }
    }
    Some(places)
}
