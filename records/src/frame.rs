//! Events, typed and column by column: what every source gives and every metric takes.

use cnsim::event::Kind;

pub use crate::column::Column;

/// A time or a number that the record did not give.
pub const UNKNOWN_NS: i64 = i64::MIN;

/// Event records as columns of equal length. Texts are numbers into a [`Dictionary`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// The texts behind the numbers.
    pub names: Names,
    /// What happened.
    pub kind: Vec<Kind>,
    /// Number of the run in `names.runs`.
    pub run: Column<u32>,
    /// The round; 0 is warm-up.
    pub round: Vec<u32>,
    /// Nodes in the network as the record says, else as the run id says; 0 unknown.
    pub nodes: Column<u32>,
    /// Number of the sender in `names.nodes`.
    pub sender: Vec<u32>,
    /// Number of the receiver in `names.nodes`.
    pub receiver: Vec<u32>,
    /// When it was received, ns since the Unix epoch.
    pub received_ns: Vec<i64>,
    /// When it was sent, ns since the Unix epoch; in old logs received - propagation time; [`UNKNOWN_NS`] where neither is.
    pub sent_ns: Vec<i64>,
    /// From send to receipt in ns: received - sent, from `propagation_time` where timestamps went through a float64 or the
    /// send's is not on record; [`UNKNOWN_NS`] where the record has no propagation time.
    pub latency_ns: Vec<i64>,
    /// Distance from the initiator as logged; -1 unknown.
    pub hop: Column<i32>,
    /// Hash of the copy's name: equal names have equal hashes; 0 unknown.
    pub send: Column<u64>,
    /// Encoded size of the copy; 0 where the record has no copy or does not say.
    pub bytes: Column<u32>,
    /// Counts the process's records of the run from 1; 0 unknown.
    pub seq: Column<u64>,
    /// Number of the process in `names.processes`.
    pub process: Column<u32>,
    /// Number of the host in `names.hosts`.
    pub host: Column<u32>,
    /// Number of the protocol's name in `names.protocols`.
    pub protocol: Column<u32>,
    /// Number of the condition in `names.conditions`.
    pub condition: Column<u32>,
    /// Whether the timestamp came through a float64.
    pub float_timestamp: Column<bool>,
}

/// One dictionary a column of texts. The empty text is "unknown" everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Run ids.
    pub runs: Dictionary,
    /// Node ids.
    pub nodes: Dictionary,
    /// Processes.
    pub processes: Dictionary,
    /// Hosts.
    pub hosts: Dictionary,
    /// Protocols.
    pub protocols: Dictionary,
    /// Conditions.
    pub conditions: Dictionary,
}

/// Texts in sorted order, so that comparing numbers compares texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary {
    texts: Vec<String>,
}

impl Dictionary {
    /// A dictionary of `texts`, which must be sorted and distinct.
    pub fn from_sorted(texts: Vec<String>) -> Self {
        assert!(texts.is_sorted_by(|a, b| a < b), "dictionary texts are sorted and distinct");
        Self { texts }
    }

    /// The text of a number that a column of this dictionary holds.
    pub fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }

    /// The number of a text.
    pub fn number(&self, text: &str) -> Option<u32> {
        self.texts.binary_search_by(|other| other.as_str().cmp(text)).ok().map(|number| number as u32)
    }

    /// Every text, in order.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

impl Events {
    /// The number of records.
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }
}
