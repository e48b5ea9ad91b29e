//! `control.csv` of a run folder: what nodes sent beside copies of messages. Summed up by round and kind while it is read, so that
//! memory does not grow with its lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::path::Path;

use cnsim_records::FileFacts;
use cnsim_records::open::Stream;
use csv::{ErrorKind, StringRecord};

use super::error::InputError;

/// The file's name in a run folder.
pub(crate) const FILE: &str = "control.csv";

/// What stands for the sum over all kinds where kinds have a line each: no kind has this name.
pub(crate) const ALL: &str = "all";

/// Its columns. Further ones may follow.
const HEADER: [&str; 5] = ["round", "node", "kind", "messages", "bytes"];

/// More kinds than any protocol has: a file with more has something else in this column.
const KINDS_MAX: usize = 256;

/// How many nodes that are none of the run's are kept by name.
const STRANGERS_KEPT: usize = 6;

/// What `control.csv` says.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlFacts {
    /// The file.
    pub file: FileFacts,
    /// By round. One without a line is not there: its nodes sent nothing but copies.
    pub rounds: BTreeMap<u32, ControlSent>,
    /// The first few of the nodes in it that are none of the run's.
    pub strangers: BTreeSet<String>,
}

/// What the nodes of a round sent beside copies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ControlSent {
    /// By kind; one of which nothing was sent is not there.
    pub kinds: BTreeMap<String, Sent>,
    /// Of all kinds together.
    pub all: Sent,
}

/// Messages that nodes of a round sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// How many.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Nodes that sent any.
    pub senders: u32,
    /// The most that one node sent.
    pub node_max: u64,
}

impl Sent {
    /// Adds what one node sent.
    fn add_node(&mut self, messages: u64, bytes: u64) {
        self.messages = self.messages.saturating_add(messages);
        self.bytes = self.bytes.saturating_add(bytes);
        self.senders = self.senders.saturating_add(1);
        self.node_max = self.node_max.max(messages);
    }
}

/// Reads the `control.csv` of a run whose nodes are `nodes`, in the order of its topology. Where nobody knows them, there are none,
/// and every name is taken. None where there is no such file.
pub(crate) fn read<'a>(path: &Path, nodes: impl Iterator<Item = &'a str>) -> Result<Option<ControlFacts>, InputError> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut stream = Stream::open(path)?;
    let places: HashMap<&str, usize> = nodes.enumerate().map(|(place, node)| (node, place)).collect();
    let mut lines = Lines { places, so_far: BTreeMap::new(), strangers: BTreeSet::new(), open: None };
    let rows = lines.read(stream.by_ref()).map_err(|problem| problem.of_file(path, &stream))?;
    let Lines { so_far: rounds, strangers, .. } = lines;
    let file = FileFacts { path: stream.name.clone(), sha256: stream.digest(), rows };
    Ok(Some(ControlFacts { file, rounds, strangers }))
}

/// What is wrong with the file.
enum Problem {
    Io(std::io::Error),
    Line { line: u64, reason: String },
}

impl Problem {
    fn of_file(self, path: &Path, stream: &Stream) -> InputError {
        match self {
            Self::Io(source) => stream.error(source).into(),
            Self::Line { line, reason } => InputError::Line { path: path.to_owned(), line, reason },
        }
    }

    /// What the reader of CSV says, without the place, which is told anyway.
    fn of_csv(error: csv::Error, line: u64) -> Self {
        let line = error.position().map_or(line, csv::Position::line);
        let reason = if let ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
            format!("{len} fields where the header has {expected_len}")
        } else if let ErrorKind::Utf8 { .. } = error.kind() {
            "invalid UTF-8".to_owned()
        } else {
            error.to_string()
        };
        if let ErrorKind::Io(source) = error.into_kind() {
            return Self::Io(source);
        }
        Self::Line { line, reason }
    }
}

/// The lines so far.
struct Lines<'a> {
    /// The places of nodes in the order of lines.
    places: HashMap<&'a str, usize>,
    so_far: BTreeMap<u32, ControlSent>,
    strangers: BTreeSet<String>,
    /// The node of a round that the line before is of.
    open: Option<OpenNode>,
}

/// A node of a round whose lines are being read.
struct OpenNode {
    round: u32,
    node: String,
    /// Of the last node before it and itself that is one of the run's.
    place: Option<usize>,
    kinds: BTreeSet<String>,
    messages: u64,
    bytes: u64,
}

/// One line.
struct Line<'a> {
    round: u32,
    node: &'a str,
    kind: &'a str,
    messages: u64,
    bytes: u64,
}

impl Lines<'_> {
    /// Reads all of them; gives their number.
    fn read(&mut self, from: impl Read) -> Result<u64, Problem> {
        let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(from);
        let (mut record, mut rows) = (StringRecord::new(), 0);
        let mut next = |record: &mut StringRecord| {
            let line = lines.position().line();
            let is_there = lines.read_record(record).map_err(|error| Problem::of_csv(error, line))?;
            Ok::<_, Problem>(is_there.then(|| record.position().map_or(line, csv::Position::line)))
        };
        let at = |line: u64| move |reason: String| Problem::Line { line, reason };
        let line = next(&mut record)?.unwrap_or(1);
        check_header(&record).map_err(at(line))?;
        while let Some(line) = next(&mut record)? {
            Line::of(&record).and_then(|parsed| self.take(&parsed)).map_err(at(line))?;
            rows += 1;
        }
        self.close();
        Ok(rows)
    }

    /// Adds a line behind the others. Their order, of rounds and in each of nodes, keeps a line from counting twice.
    fn take(&mut self, line: &Line<'_>) -> Result<(), String> {
        let is_open = |open: &OpenNode| (open.round, open.node.as_str()) == (line.round, line.node);
        if !self.open.as_ref().is_some_and(is_open) {
            let place = self.place(line)?;
            self.close();
            let (round, node) = (line.round, line.node.to_owned());
            self.open = Some(OpenNode { round, node, place, kinds: BTreeSet::new(), messages: 0, bytes: 0 });
        }
        let open = self.open.as_mut().expect("a node was opened where none was");
        if !open.kinds.insert(line.kind.to_owned()) {
            return Err(format!("kind {:?} of node {} in round {} a second time", line.kind, line.node, line.round));
        }
        open.messages = open.messages.saturating_add(line.messages);
        open.bytes = open.bytes.saturating_add(line.bytes);
        let kinds = &mut self.so_far.entry(line.round).or_default().kinds;
        if kinds.len() == KINDS_MAX && !kinds.contains_key(line.kind) {
            return Err(format!("more than {KINDS_MAX} kinds in round {}", line.round));
        }
        kinds.entry(line.kind.to_owned()).or_default().add_node(line.messages, line.bytes);
        Ok(())
    }

    /// The place of a line's node, behind that of the line before in its round.
    fn place(&mut self, line: &Line<'_>) -> Result<Option<usize>, String> {
        let before = self.open.as_ref();
        if let Some(before) = before.filter(|before| before.round > line.round) {
            return Err(format!("round {} after round {}: rounds stand in their order", line.round, before.round));
        }
        let before = before.filter(|before| before.round == line.round);
        let last = before.and_then(|before| before.place);
        let Some(place) = self.places.get(line.node).copied() else {
            if !self.places.is_empty() && self.strangers.len() < STRANGERS_KEPT {
                self.strangers.insert(line.node.to_owned());
            }
            return Ok(last);
        };
        match before {
            Some(before) if last.is_some_and(|last| last >= place) => Err(format!(
                "node {} after node {} in round {}: nodes stand in the order of the topology",
                line.node, before.node, line.round
            )),
            Some(_) | None => Ok(Some(place)),
        }
    }

    /// Adds the node whose lines have ended to what all kinds together are.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.so_far.entry(open.round).or_default().all.add_node(open.messages, open.bytes);
    }
}

fn check_header(record: &StringRecord) -> Result<(), String> {
    let found: Vec<&str> = record.iter().collect();
    if found.starts_with(&HEADER) {
        return Ok(());
    }
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(",") };
    Err(format!("the header is {found}, not {}", HEADER.join(",")))
}

impl<'a> Line<'a> {
    fn of(record: &'a StringRecord) -> Result<Self, String> {
        // The header has checked that there are so many fields, and every line has as many.
        let [round, node, kind, messages, bytes] = std::array::from_fn(|place| record.get(place).unwrap_or_default());
        let line = Self {
            round: whole("round", round)?,
            node: named("node", node)?,
            kind: named("kind", kind)?,
            messages: whole("messages", messages)?,
            bytes: whole("bytes", bytes)?,
        };
        match (line.kind, line.messages) {
            (ALL, _) => Err(format!("kind is {ALL:?}, which is the name of all kinds together")),
            (_, 0) => Err("messages is 0: only who sent any has a line".to_owned()),
            (_, _) => Ok(line),
        }
    }
}

fn whole<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, String> {
    // `parse` alone would take a plus sign.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or_else(|| format!("{field} is {text:?}, no whole number in range"))
}

fn named<'a>(field: &str, text: &'a str) -> Result<&'a str, String> {
    if text.is_empty() { Err(format!("{field} is empty")) } else { Ok(text) }
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
