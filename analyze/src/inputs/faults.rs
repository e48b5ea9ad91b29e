//! The files of a run folder that tell of its faults: whom they befell (`faults.jsonl`), what nodes did (`fault-steps.csv`), which
//! probes went where (`probes.csv`).

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use cnsim::id::{NodeId, NodeIx};
use cnsim::manifest::Manifest;
use cnsim::scenario::{RoundLine, Who};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::Topology;
use cnsim_records::FileFacts;
use cnsim_records::open::Stream;
use csv::StringRecord;

use super::error::InputError;

/// Whom faults befell, round by round.
pub(crate) const FAULTS: &str = "faults.jsonl";
/// What nodes did.
pub(crate) const STEPS: &str = "fault-steps.csv";
/// Which probes went where.
pub(crate) const PROBES: &str = "probes.csv";
/// What link delays were drawn from.
pub(crate) const DELAY: &str = "delay.txt";

const STEPS_HEADER: [&str; 6] = ["round", "fault", "node", "edge", "intended_ms", "late_ms"];
const PROBES_HEADER: [&str; 6] = ["round", "fault", "from", "to", "sent_ns", "received_ns"];

/// What these files say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultFacts {
    /// The files that are there.
    pub files: Vec<FileFacts>,
    /// The names of those that are not.
    pub missing: Vec<&'static str>,
    /// The lines of `faults.jsonl`, by round.
    pub rounds: BTreeMap<u32, RoundLine>,
    /// What nodes did, by the name of the fault.
    pub steps: BTreeMap<String, Steps>,
    /// The probes that were sent, in the order of the file.
    pub probes: Vec<SentProbe>,
    /// What link delays were drawn from, where a fault asks for a region and the folder has it.
    pub delay_text: Option<String>,
}

/// The steps of one fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Steps {
    /// How many.
    pub count: u64,
    /// How late the latest was.
    pub late_max: Interval,
}

/// A probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentProbe {
    /// In which round; 0 of an open loop.
    pub round: u32,
    /// Who sent it.
    pub from: NodeIx,
    /// To whom.
    pub to: NodeIx,
    /// When.
    pub sent: Timestamp,
    /// When it came; none where it did not.
    pub received: Option<Timestamp>,
}

/// Reads what a run folder says of faults. None where the manifest has none and no such file is there.
pub(crate) fn read(
    folder: &Path,
    manifest: &Manifest,
    topology: Option<&Topology>,
) -> Result<Option<FaultFacts>, InputError> {
    let is_there = |name: &str| folder.join(name).is_file();
    if manifest.options.faults.is_empty() && !is_there(FAULTS) {
        return Ok(None);
    }
    let nodes = topology.map_or(&[][..], |topology| &topology.nodes);
    let places: HashMap<&str, NodeIx> = nodes.iter().map(NodeId::as_str).zip((0..).map(NodeIx)).collect();
    let mut facts = FaultFacts::default();
    for name in [FAULTS, STEPS, PROBES] {
        if !is_there(name) {
            facts.missing.push(name);
            continue;
        }
        let file = read_file(&folder.join(name), |text| match name {
            FAULTS => facts.take_rounds(text),
            STEPS => facts.take_steps(text),
            _ => facts.take_probes(text, &places),
        })?;
        facts.files.push(file);
    }
    let asks_region = |who: &Who| matches!(who, Who::Region(_));
    if manifest.options.faults.iter().flat_map(|fault| fault.kind.targets()).any(asks_region) {
        facts.delay_text = std::fs::read_to_string(folder.join(DELAY)).ok();
    }
    Ok(Some(facts))
}

/// A line that cannot be read: its number, and why.
type Problem = (u64, String);

fn read_file(path: &Path, take: impl FnOnce(&str) -> Result<u64, Problem>) -> Result<FileFacts, InputError> {
    let mut stream = Stream::open(path)?;
    let mut text = String::new();
    if let Err(source) = stream.read_to_string(&mut text) {
        return Err(stream.error(source).into());
    }
    let rows = take(&text).map_err(|(line, reason)| InputError::Line { path: path.to_owned(), line, reason })?;
    Ok(FileFacts { path: stream.name.clone(), sha256: stream.digest(), rows })
}

impl FaultFacts {
    fn take_rounds(&mut self, text: &str) -> Result<u64, Problem> {
        for (number, line) in (1..).zip(text.lines()) {
            let read: RoundLine = serde_json::from_str(line).map_err(|error| (number, error.to_string()))?;
            let round = read.round;
            if self.rounds.insert(round, read).is_some() {
                return Err((number, format!("round {round} a second time")));
            }
        }
        Ok(self.rounds.len() as u64)
    }

    fn take_steps(&mut self, text: &str) -> Result<u64, Problem> {
        rows(text, STEPS_HEADER, |row| {
            let late = row[5].parse().ok().and_then(Interval::from_fractional_ms);
            let late = late.ok_or_else(|| format!("late_ms is {:?}, no time", &row[5]))?;
            let steps = self.steps.entry(row[1].to_owned()).or_default();
            steps.count += 1;
            steps.late_max = steps.late_max.max(late);
            Ok(())
        })
    }

    fn take_probes(&mut self, text: &str, places: &HashMap<&str, NodeIx>) -> Result<u64, Problem> {
        rows(text, PROBES_HEADER, |row| {
            let time = |name: &str, text: &str| {
                let at = text.parse().map(Timestamp);
                at.map_err(|_| format!("{name} is {text:?}, no whole number in range"))
            };
            let round = row[0].parse().map_err(|_| format!("round is {:?}, no whole number in range", &row[0]))?;
            let received = if row[5].is_empty() { None } else { Some(time("received_ns", &row[5])?) };
            let sent = time("sent_ns", &row[4])?;
            // A node that the run does not have witnesses nothing.
            if let (Some(from), Some(to)) = (places.get(&row[2]), places.get(&row[3])) {
                self.probes.push(SentProbe { round, from: *from, to: *to, sent, received });
            }
            Ok(())
        })
    }
}

/// Has each row of a table taken; gives their number.
fn rows(
    text: &str,
    header: [&str; 6],
    mut take: impl FnMut(&StringRecord) -> Result<(), String>,
) -> Result<u64, Problem> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found = reader.headers().map_err(|error| (1, error.to_string()))?;
    if !found.iter().eq(header) {
        let found = found.iter().collect::<Vec<_>>().join(",");
        return Err((1, format!("the header is {found}, not {}", header.join(","))));
    }
    let mut count = 0;
    for row in reader.records() {
        let row = row.map_err(|error| (error.position().map_or(0, csv::Position::line), error.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        take(&row).map_err(|reason| (line, reason))?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named_with_its_number() {
        let places = HashMap::from([("a", NodeIx(0)), ("b", NodeIx(1))]);
        let read = |text: &str| {
            let mut facts = FaultFacts::default();
            facts.take_probes(text, &places).map(|_| facts.probes)
        };
        let header = "round,fault,from,to,sent_ns,received_ns\n";
        let sent = |received| SentProbe { round: 1, from: NodeIx(0), to: NodeIx(1), sent: Timestamp(5), received };
        assert_eq!(
            read(&format!("{header}1,f,a,b,5,\n1,f,a,b,5,9\n1,f,a,x,5,9\n")),
            Ok(vec![sent(None), sent(Some(Timestamp(9)))])
        );
        assert_eq!(
            read(&format!("{header}1,f,a,b,5,\n1,f,a,b,,9\n")),
            Err((3, "sent_ns is \"\", no whole number in range".to_owned()))
        );
        assert_eq!(read("round,node\n").unwrap_err().0, 1);
        let twice = "{\"round\":1,\"origin_ns\":5,\"timeline\":{\"faults\":[],\"probes\":[]}}\n".repeat(2);
        assert_eq!(FaultFacts::default().take_rounds(&twice), Err((2, "round 1 a second time".to_owned())));
    }
}
