//! What a run folder says of faults: whom they befell in each round (`faults.jsonl`), what nodes did (`fault-steps.csv`), which
//! probes went where (`probes.csv`); and the receipts that follow from these and from the records.
//!
//! A run without faults has none of these files. Rounds add their lines as they end.

use std::collections::BTreeMap;
use std::fs::{File as FsFile, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use cnsim::event::{Kind, Record};
use cnsim::id::NodeIx;
use cnsim::machine::{FaultLog, StepEdge};
use cnsim::scenario::{Effect, Receipt, RoundKill, RoundLine, Seen, SeenEnd, Timeline, Witness};
use cnsim::time::{Clock, Interval, Timestamp};

use crate::folder::{EVENTS, File};
use crate::plan::Plan;
use cnsim_files::{WriteError, at};

/// Whom faults befell, round by round.
pub const FAULTS: &str = "faults.jsonl";
/// What nodes did.
pub const STEPS: &str = "fault-steps.csv";
/// Which probes went where.
pub const PROBES: &str = "probes.csv";

const STEPS_HEADER: &[u8] = b"round,fault,node,edge,intended_ms,late_ms\n";
const PROBES_HEADER: &[u8] = b"round,fault,from,to,sent_ns,received_ns\n";

/// A round under faults, when it is over.
pub(crate) struct FaultyRound<'a> {
    pub(crate) round: u32,
    pub(crate) origin: Timestamp,
    pub(crate) timeline: &'a Timeline,
    /// The processes that were killed.
    pub(crate) kills: &'a [RoundKill],
    /// What each node has seen, by its place.
    pub(crate) logs: Vec<(NodeIx, FaultLog)>,
}

/// The files as a run begins with them.
pub(crate) fn empty(plan: &Plan) -> Vec<File<'static>> {
    match plan.options.faults.is_empty() {
        true => Vec::new(),
        false => {
            let begun = [(FAULTS, &b""[..]), (STEPS, STEPS_HEADER), (PROBES, PROBES_HEADER)];
            begun.map(|(name, bytes)| File { name, bytes }).into()
        }
    }
}

/// Adds what is known of a round.
pub(crate) fn add_round(plan: &Plan, folder: &Path, faulty: &FaultyRound<'_>) -> Result<(), WriteError> {
    let FaultyRound { round, origin, timeline, kills, logs } = faulty;
    let line = RoundLine { round: *round, origin_ns: origin.0, timeline: (*timeline).clone(), kills: kills.to_vec() };
    let mut text = serde_json::to_vec(&line).expect("a timeline has text keys");
    text.push(b'\n');
    append(&folder.join(FAULTS), |file| file.write_all(&text))?;
    let node = |node: NodeIx| plan.topology.nodes[node.index()].as_str();
    append(&folder.join(STEPS), |file| {
        let mut table = csv::Writer::from_writer(file);
        for (at, log) in logs {
            for step in &log.steps {
                let edge = match step.edge {
                    StepEdge::Begins => "begins",
                    StepEdge::Ends => "ends",
                };
                let late = step.taken.since(*origin + step.intended).as_ms();
                let name = timeline.faults[step.fault as usize].name.as_str();
                let (intended, late) = (step.intended.as_ms().to_string(), late.to_string());
                table.write_record([&round.to_string(), name, node(*at), edge, &intended, &late])?;
            }
        }
        table.flush()
    })?;
    append(&folder.join(PROBES), |file| {
        let mut table = csv::Writer::from_writer(file);
        for (place, sent, received) in probes(timeline, logs) {
            let probe = timeline.probes[place as usize];
            let name = timeline.faults[probe.fault as usize].name.as_str();
            let received = received.map(|at| at.0.to_string()).unwrap_or_default();
            table.write_record([
                &round.to_string(),
                name,
                node(probe.from),
                node(probe.to),
                &sent.0.to_string(),
                &received,
            ])?;
        }
        table.flush()
    })
}

fn append(path: &Path, write: impl FnOnce(&mut FsFile) -> io::Result<()>) -> Result<(), WriteError> {
    let opened = OpenOptions::new().append(true).open(path);
    opened.and_then(|mut file| write(&mut file)).map_err(at(path))
}

/// The probes that were sent, by their places: when, and when each arrived. A process that is killed takes along what it has received:
/// of a fault that kills processes it is their senders who tell.
fn probes(timeline: &Timeline, logs: &[(NodeIx, FaultLog)]) -> Vec<(u32, Timestamp, Option<Timestamp>)> {
    let kills = |place: &u32| match &timeline.faults[timeline.probes[*place as usize].fault as usize].effect {
        Effect::Stopped { manner, .. } => manner.ends_processes(),
        Effect::Cut { .. }
        | Effect::Loss { .. }
        | Effect::Delay { .. }
        | Effect::Uplink { .. }
        | Effect::Mute { .. } => false,
    };
    let answered = logs.iter().flat_map(|(_, log)| log.answered.iter().filter(|(place, _)| kills(place)));
    let received = logs.iter().flat_map(|(_, log)| &log.received);
    let arrived: BTreeMap<u32, Timestamp> = answered.chain(received).copied().collect();
    let sent = logs.iter().flat_map(|(_, log)| log.sent.iter().copied());
    let mut probes: Vec<_> = sent.map(|(place, at)| (place, at, arrived.get(&place).copied())).collect();
    probes.sort_unstable();
    probes
}

/// A witness of this plan, which has seen nothing.
pub(crate) fn witness(plan: &Plan, clock: Clock) -> Witness<'_> {
    Witness::new(&plan.options.faults, plan.options.links(), clock)
}

/// Has a witness see the steps and probes of a round.
pub(crate) fn note_logs(witness: &mut Witness<'_>, faulty: &FaultyRound<'_>) {
    let FaultyRound { origin, timeline, logs, .. } = faulty;
    witness.begin(timeline);
    for step in logs.iter().flat_map(|(_, log)| &log.steps) {
        witness.note_step(step.fault, step.taken.since(*origin + step.intended));
    }
    for (place, sent, received) in probes(timeline, logs) {
        witness.note(timeline, &seen_probe(timeline, *origin, (place, sent, received)));
    }
}

fn seen_probe(timeline: &Timeline, origin: Timestamp, probe: (u32, Timestamp, Option<Timestamp>)) -> Seen {
    let (place, sent, received) = probe;
    let of = timeline.probes[place as usize];
    let end = if received.is_some() { SeenEnd::ProbeArrived } else { SeenEnd::ProbeLost };
    let (sent_ns, received_ns) = (from_origin(sent, origin), from_origin(received.unwrap_or(sent), origin));
    Seen { from: of.from, to: of.to, sent_ns, received_ns, end, hop: None, bytes: 0 }
}

/// Nanoseconds from a round's time 0; negative before.
pub(crate) fn from_origin(at: Timestamp, origin: Timestamp) -> i64 {
    at.0 as i64 - origin.0 as i64
}

/// The receipts of a run whose records are merged.
pub(crate) fn read_receipts(plan: &Plan, folder: &Path) -> Result<Vec<Receipt>, WriteError> {
    let mut witness = witness(plan, Clock::Wall);
    let rounds = read_rounds(folder)?;
    rounds.values().for_each(|line| witness.begin(&line.timeline));
    let places: BTreeMap<&str, NodeIx> =
        (0..).map(NodeIx).zip(&plan.topology.nodes).map(|(place, id)| (id.as_str(), place)).collect();
    let names: BTreeMap<&str, u32> = plan.options.faults.iter().map(|fault| fault.name.as_str()).zip(0..).collect();
    let of_round = |round: u32| rounds.get(&if plan.open_loop.is_some() { 0 } else { round });
    read_steps(folder, &names, &mut witness)?;
    read_probes(folder, |round, from, to, sent, received| {
        let (Some(line), Some(from), Some(to)) = (of_round(round), places.get(from), places.get(to)) else { return };
        let origin = Timestamp(line.origin_ns);
        let end = if received.is_some() { SeenEnd::ProbeArrived } else { SeenEnd::ProbeLost };
        let (sent_ns, received_ns) = (from_origin(sent, origin), from_origin(received.unwrap_or(sent), origin));
        witness.note(&line.timeline, &Seen { from: *from, to: *to, sent_ns, received_ns, end, hop: None, bytes: 0 });
    })?;
    let events = folder.join(EVENTS);
    let file = FsFile::open(&events).map_err(at(&events))?;
    for line in BufReader::with_capacity(1 << 20, file).split(b'\n') {
        let line = line.map_err(at(&events))?;
        // What is no record is the audit's to tell.
        let Ok(record) = Record::read_line(&line) else { continue };
        let Some(of) = of_round(record.round) else { continue };
        let (Some(from), Some(to)) = (places.get(&*record.sender_id), places.get(&*record.receiver_id)) else {
            continue;
        };
        let origin = of.origin_ns as i64;
        let end = match record.kind {
            Kind::Initiate => SeenEnd::Began,
            Kind::Received => SeenEnd::First,
            Kind::Duplicate => SeenEnd::Again,
            Kind::Failed => SeenEnd::Failed,
        };
        let sent_ns = record.sent_ns.unwrap_or(record.received_ns) - origin;
        let (received_ns, hop, bytes) = (record.received_ns - origin, record.hop, record.bytes.unwrap_or(0));
        witness.note(&of.timeline, &Seen { from: *from, to: *to, sent_ns, received_ns, end, hop, bytes });
    }
    let mut receipts = witness.receipts();
    for RoundKill { fault, kill, .. } in rounds.values().flat_map(|line| &line.kills) {
        if let Some(receipt) = receipts.get_mut(*fault as usize) {
            receipt.control.processes.push(kill.clone());
        }
    }
    Ok(receipts)
}

fn read_rounds(folder: &Path) -> Result<BTreeMap<u32, RoundLine>, WriteError> {
    let path = folder.join(FAULTS);
    let text = std::fs::read_to_string(&path).map_err(at(&path))?;
    let lines = text.lines().map(|line| serde_json::from_str::<RoundLine>(line).map_err(io::Error::from));
    let read: io::Result<BTreeMap<u32, RoundLine>> = lines.map(|line| line.map(|line| (line.round, line))).collect();
    read.map_err(at(&path))
}

fn read_steps(folder: &Path, names: &BTreeMap<&str, u32>, witness: &mut Witness<'_>) -> Result<(), WriteError> {
    let path = folder.join(STEPS);
    read_table(&path, |row| {
        let late = row.get(5).and_then(|late| late.parse().ok()).and_then(Interval::from_fractional_ms);
        if let (Some(fault), Some(late)) = (row.get(1).and_then(|name| names.get(name)), late) {
            witness.note_step(*fault, late);
        }
    })
}

fn read_probes(
    folder: &Path,
    mut note: impl FnMut(u32, &str, &str, Timestamp, Option<Timestamp>),
) -> Result<(), WriteError> {
    read_table(&folder.join(PROBES), |row| {
        let time = |column: usize| row.get(column).and_then(|text| text.parse().ok()).map(Timestamp);
        let round = row.get(0).and_then(|text| text.parse().ok());
        if let (Some(round), Some(from), Some(to), Some(sent)) = (round, row.get(2), row.get(3), time(4)) {
            note(round, from, to, sent, time(5));
        }
    })
}

fn read_table(path: &Path, mut note: impl FnMut(&csv::StringRecord)) -> Result<(), WriteError> {
    let mut read = || -> io::Result<()> {
        for row in csv::Reader::from_reader(FsFile::open(path)?).records() {
            note(&row?);
        }
        Ok(())
    };
    read().map_err(at(path))
}
