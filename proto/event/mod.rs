//! The event record: one delivery as one JSON line, however it travels.
//!
//! The published system's seven fields keep name, order, type and the texts of `detail`, so that its notebooks and SQL
//! run on our data. The others are ours. Every field is always written and has one type for ever, because the first entry
//! that reaches BigQuery fixes the column's type there; int64 nanoseconds are written as text besides, because Cloud
//! Logging turns numbers into float64.
//!
//! What each column holds in each kind of record:
//!
//! | column | initiate | received, duplicate | failed |
//! |---|---|---|---|
//! | `sender_id` | the initiator | who sent the copy | who tried to send it (this record's writer) |
//! | `receiver_id` | the initiator | this record's writer | whom it was meant for |
//! | `received_timestamp`, `received_ns` | when it began | when the handler began | when it was given up |
//! | `propagation_time` | null | received - sent, ms | null |
//! | `sent_ns` | as `received_ns` | the sender's clock | when it was sent |
//! | `hop` | 0 | sender's hop + 1, -1 unknown | the hop it would have been, -1 unknown |
//! | `send_id`, `bytes` | empty, 0 | the copy's name and encoded size | the copy's name and encoded size |
//! | `detail` | `Gossip initiated by …` | `… received: …`, `… ignoring duplicate message: …` | `Failed to send message: …: reason` |
//! | `reason` | empty | empty | why in one word: `deadline`, `no-peer`, `unreachable`, `refused`, `too-large`, `lost`, `abandoned`, `cut-short` |
//!
//! Format 2 has four columns that format 1 has not: `reason`, `incarnation`, `clock` and `topic`.

mod draft;
mod json;
mod named;
mod number;
mod read;
mod write;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::time::Clock;

pub use draft::Draft;
pub use named::{NamedEvent, Receipt};
pub use read::{Column, ReadError, Value};
pub use write::{Context, FIRST_INCARNATION, Stamp};

/// The version of the record's own fields, in `format`.
pub const FORMAT: u32 = 2;

/// The host of records that no machine made: a simulator's.
pub const SIMULATED: &str = "SIMULATED";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A node began a message.
    Initiate,
    /// A node received a message for the first time.
    Received,
    /// A node received a message that it held.
    Duplicate,
    /// A send ended without an acknowledgment.
    Failed,
}

/// One record. Text is borrowed where it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The message's name.
    pub message: Cow<'a, str>,
    /// See the table above.
    pub sender_id: Cow<'a, str>,
    /// See the table above.
    pub receiver_id: Cow<'a, str>,
    /// Nanoseconds since the Unix epoch; from old logs only as exact as a float64 is there (256 ns).
    pub received_ns: i64,
    /// Milliseconds from send to receipt; none where the kind has none.
    pub propagation_time: Option<f64>,
    /// What happened.
    pub kind: Kind,
    /// The same in words.
    pub detail: Cow<'a, str>,
    /// Empty in old logs: the message's name says it.
    pub run_id: Cow<'a, str>,
    /// The round; 0 is warm-up.
    pub round: u32,
    /// The number of nodes in the network; 0 unknown.
    pub nodes: u32,
    /// As typed by the user; empty unknown.
    pub protocol: Cow<'a, str>,
    /// The experiment's condition; may be empty.
    pub condition: Cow<'a, str>,
    /// Distance from the initiator; none unknown.
    pub hop: Option<u32>,
    /// Nanoseconds since the Unix epoch by the sender's clock; none unknown.
    pub sent_ns: Option<i64>,
    /// The copy's name; empty unknown.
    pub send_id: Cow<'a, str>,
    /// Counts this process's records of this run from 1; none unknown.
    pub seq: Option<u64>,
    /// Pod or host with its start time; empty unknown.
    pub process: Cow<'a, str>,
    /// Kubernetes node or machine; empty unknown.
    pub host: Cow<'a, str>,
    /// Encoded size of the copy; none unknown.
    pub bytes: Option<u64>,
    /// Why a send failed, in one word; empty in other records, and in those of format 1.
    pub reason: Cow<'a, str>,
    /// Which life of its node in its process wrote it, counted from 1; 0 unknown.
    pub incarnation: u32,
    /// What its times are read from; none unknown.
    pub clock: Option<Clock>,
    /// Reserved for protocols with topics: empty.
    pub topic: Cow<'a, str>,
    /// Whether the timestamp came through a float64.
    pub float_timestamp: bool,
    /// Whether `received_timestamp` and `received_ns` are two times.
    pub received_twice: bool,
}

/// What `propagation_time` may differ from received - sent by, in ns, beside its own last digit.
const PROPAGATION_SLACK_NS: f64 = 2_000.0;

impl Record<'_> {
    /// Whether it says one thing twice and differently: the time of receipt; received - sent and `propagation_time`; the round and
    /// the end of a message's name that begins as the run's; the sender and that in a copy's name.
    pub fn contradicts_itself(&self) -> bool {
        self.received_twice || self.has_other_propagation() || self.has_other_round() || self.has_other_sender()
    }

    fn has_other_sender(&self) -> bool {
        if self.send_id.is_empty() {
            return false;
        }
        let mut parts = self.send_id.rsplitn(3, ':');
        let (number, epoch, sender) = (parts.next(), parts.next(), parts.next());
        let is_number = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        sender.is_some_and(|sender| is_number(number) && is_number(epoch) && sender != self.sender_id)
    }

    fn has_other_propagation(&self) -> bool {
        let is_copy = matches!(self.kind, Kind::Received | Kind::Duplicate);
        let (Some(propagation_ms), Some(sent_ns), true) = (self.propagation_time, self.sent_ns, is_copy) else {
            return false;
        };
        let difference_ns = propagation_ms * 1e6 - self.received_ns.saturating_sub(sent_ns) as f64;
        difference_ns.abs() > PROPAGATION_SLACK_NS
            && difference_ns.abs() > PROPAGATION_SLACK_NS + half_last_digit_ns(propagation_ms)
    }

    fn has_other_round(&self) -> bool {
        let end = self.message.strip_prefix(&*self.run_id).and_then(|rest| rest.strip_prefix('-'));
        end.and_then(|end| end.parse::<u32>().ok()).is_some_and(|round| round != self.round)
    }
}

/// Half of what the last digit of milliseconds stands for, in ns: that is what rounding may have taken.
fn half_last_digit_ns(ms: f64) -> f64 {
    let is_whole = |scale: f64| ((ms * scale).round() - ms * scale).abs() < 1e-6;
    let digits = [1.0, 10.0, 100.0, 1e3, 1e4].into_iter().find(|scale| is_whole(*scale));
    digits.map_or(0.0, |scale| 0.5e6 / scale)
}

impl Kind {
    /// Every kind, in the order that ties are broken in.
    pub const ALL: [Self; 4] = [Self::Initiate, Self::Received, Self::Duplicate, Self::Failed];

    /// The word in `event_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initiate => "initiate",
            Self::Received => "received",
            Self::Duplicate => "duplicate",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown event type {0:?}: use initiate, received, duplicate or failed")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}
