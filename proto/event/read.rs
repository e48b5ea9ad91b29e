//! From a record's columns, however they were exported, back to the record.
//!
//! Keys come in any order, as `x`, as `jsonPayload.x` or in an object `jsonPayload`; numbers come as numbers or as
//! texts, whole or through a float64. What an old log lacks is derived from the message's name or stays unknown.

use std::borrow::Cow;
use std::fmt;

use super::number::{self, Whole};
use super::{FORMAT, Kind, Record, UnknownKind};
use crate::id::{nodes_in_run_id, split_message};
use crate::time::{Clock, UnknownClock};

/// The prefix that a log export puts before our columns.
pub(super) const PAYLOAD: &str = "jsonPayload";

/// Why a line or a row gives no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Something else shares the stream: not a fault.
    #[error("no event: {0}")]
    NoEvent(&'static str),
    /// An event without a column that every event has.
    #[error("field {0} is missing")]
    Missing(Column),
    /// An event with a value that cannot stand in its column.
    #[error("field {column}: {found} is not {wanted}")]
    Field {
        /// Where.
        column: Column,
        /// What stands there.
        found: String,
        /// What could stand there.
        wanted: &'static str,
    },
    /// A record of a later version.
    #[error("field format: {found} is of a later version of cnsim than this one, which reads up to {FORMAT}")]
    Format {
        /// What it says.
        found: u64,
    },
    /// Times of no clock that we know.
    #[error("field clock: {0}")]
    Clock(#[from] UnknownClock),
    /// An event of no kind that we know.
    #[error("field event_type: {0}")]
    Kind(#[from] UnknownKind),
}

/// One value as an export gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Null, or a cell without a value.
    Null,
    /// A whole number.
    Whole(i64),
    /// A number that went through a float64.
    Float(f64),
    /// A text, or any cell of a file that has only texts.
    Text(Cow<'a, str>),
    /// Something that no column holds, in words.
    Other(&'static str),
}

macro_rules! columns {
    ($($column:ident $name:literal,)*) => {
        /// A column of the event record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $(#[doc = concat!("`", $name, "`")] $column,)*
        }

        impl Column {
            /// Every column in the order that the writer has.
            pub const ALL: &[Self] = &[$(Self::$column,)*];

            /// Its name in the record.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)*
                }
            }

            /// The column of a name, with or without the export's prefix.
            pub fn from_name(name: &str) -> Option<Self> {
                match name.strip_prefix(PAYLOAD).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name) {
                    $($name => Some(Self::$column),)*
                    _ => None,
                }
            }
        }
    };
}

columns! {
    Message "message",
    SenderId "sender_id",
    ReceiverId "receiver_id",
    ReceivedTimestamp "received_timestamp",
    PropagationTime "propagation_time",
    EventType "event_type",
    Detail "detail",
    RunId "run_id",
    Round "round",
    Nodes "nodes",
    Protocol "protocol",
    Condition "condition",
    Hop "hop",
    SentNs "sent_ns",
    ReceivedNs "received_ns",
    SendId "send_id",
    Seq "seq",
    Process "process",
    Host "host",
    Bytes "bytes",
    Format "format",
    Reason "reason",
    Incarnation "incarnation",
    Clock "clock",
    Topic "topic",
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A record whose columns come one by one, in any order.
#[derive(Debug)]
pub struct Draft<'a> {
    record: Record<'a>,
    seen: u32,
    error: Option<ReadError>,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        const NONE: Cow<'_, str> = Cow::Borrowed("");
        let record = Record {
            message: NONE,
            sender_id: NONE,
            receiver_id: NONE,
            received_ns: 0,
            propagation_time: None,
            kind: Kind::Initiate,
            detail: NONE,
            run_id: NONE,
            round: 1,
            nodes: 0,
            protocol: NONE,
            condition: NONE,
            hop: None,
            sent_ns: None,
            send_id: NONE,
            seq: None,
            process: NONE,
            host: NONE,
            bytes: None,
            reason: NONE,
            incarnation: 0,
            clock: None,
            topic: NONE,
            float_timestamp: false,
            received_twice: false,
        };
        Self { record, seen: 0, error: None }
    }
}

impl<'a> Draft<'a> {
    /// Puts `value` into `column`. A value that does not fit is reported by [`Self::finish`], if this is an event at all.
    pub fn set(&mut self, column: Column, value: Value<'a>) {
        match self.put(column, value) {
            Ok(Presence::Given) => self.seen |= 1 << column as u32,
            Ok(Presence::Absent) => {}
            Err(error) => {
                self.seen |= 1 << column as u32;
                self.error.get_or_insert(error);
            }
        }
    }

    /// The record, its missing columns derived or unknown.
    pub fn finish(mut self) -> Result<Record<'a>, ReadError> {
        self.complete()?;
        Ok(self.record)
    }

    /// The same record without moving it.
    pub fn complete(&mut self) -> Result<&Record<'a>, ReadError> {
        if !self.has(Column::EventType) {
            return Err(ReadError::NoEvent("it has no event_type"));
        }
        if !self.has(Column::Message) {
            return Err(ReadError::NoEvent("it has no message"));
        }
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        for column in [Column::SenderId, Column::ReceiverId] {
            if !self.has(column) {
                return Err(ReadError::Missing(column));
            }
        }
        if !self.has(Column::ReceivedNs) && !self.has(Column::ReceivedTimestamp) {
            return Err(ReadError::Missing(Column::ReceivedTimestamp));
        }
        self.derive();
        Ok(&self.record)
    }

    fn has(&self, column: Column) -> bool {
        self.seen & (1 << column as u32) != 0
    }

    /// Fills what the names say.
    fn derive(&mut self) {
        if !self.has(Column::RunId) || !self.has(Column::Round) {
            let (run, round) = run_and_round(&self.record.message);
            if !self.has(Column::RunId) {
                self.record.run_id = run;
            }
            if !self.has(Column::Round) {
                self.record.round = round;
            }
        }
        if !self.has(Column::Nodes) {
            self.record.nodes = nodes_in_run_id(&self.record.run_id).unwrap_or(0);
        }
    }

    fn put(&mut self, column: Column, value: Value<'a>) -> Result<Presence, ReadError> {
        let (exact, rough) = (self.has(Column::ReceivedNs), self.has(Column::ReceivedTimestamp));
        let record = &mut self.record;
        match column {
            Column::Message => text(column, value, &mut record.message),
            Column::SenderId => text(column, value, &mut record.sender_id),
            Column::ReceiverId => text(column, value, &mut record.receiver_id),
            Column::Detail => text(column, value, &mut record.detail),
            Column::RunId => text(column, value, &mut record.run_id),
            Column::Protocol => text(column, value, &mut record.protocol),
            Column::Condition => text(column, value, &mut record.condition),
            Column::SendId => text(column, value, &mut record.send_id),
            Column::Process => text(column, value, &mut record.process),
            Column::Host => text(column, value, &mut record.host),
            Column::Reason => text(column, value, &mut record.reason),
            Column::Topic => text(column, value, &mut record.topic),
            Column::Clock => clock(value, &mut record.clock),
            Column::EventType => kind(value, &mut record.kind),
            Column::ReceivedTimestamp => {
                let time = whole(column, value)?;
                match time {
                    Some(Whole { value, .. }) if exact => {
                        record.received_twice = are_two_times(record.received_ns, value)
                    }
                    Some(Whole { value, float }) => {
                        record.received_ns = value;
                        record.float_timestamp = float;
                    }
                    None => {}
                }
                Ok(Presence::of(&time))
            }
            Column::ReceivedNs => {
                let time = whole(column, value)?;
                if let Some(Whole { value, float }) = time {
                    record.received_twice = rough && are_two_times(value, record.received_ns);
                    record.received_ns = value;
                    record.float_timestamp = float;
                }
                Ok(Presence::of(&time))
            }
            Column::SentNs => {
                record.sent_ns = whole(column, value)?.map(|time| time.value);
                Ok(Presence::of(&record.sent_ns))
            }
            Column::PropagationTime => {
                record.propagation_time = milliseconds(value)?;
                Ok(Presence::of(&record.propagation_time))
            }
            Column::Hop => {
                record.hop = hop(value)?;
                Ok(Presence::Given)
            }
            Column::Round => counted(column, value, &mut record.round),
            Column::Nodes => counted(column, value, &mut record.nodes).map(|given| given.unless(record.nodes == 0)),
            Column::Incarnation => counted(column, value, &mut record.incarnation),
            Column::Seq => {
                record.seq = count::<u64>(column, value)?.filter(|seq| *seq > 0);
                Ok(Presence::Given)
            }
            Column::Bytes => {
                record.bytes = count(column, value)?;
                Ok(Presence::Given)
            }
            Column::Format => match count::<u64>(column, value)? {
                Some(format) if format > u64::from(FORMAT) => Err(ReadError::Format { found: format }),
                Some(_) | None => Ok(Presence::Given),
            },
        }
    }
}

/// What a float64 of these years may be off by, in ns, through one parser more. Its digits do not always show that it was one.
const FLOAT_NS: i64 = 512;

/// Whether `received_ns` and `received_timestamp` are not the same time.
fn are_two_times(exact_ns: i64, rough_ns: i64) -> bool {
    exact_ns.saturating_sub(rough_ns).saturating_abs() > FLOAT_NS
}

/// Whether a column had a value.
enum Presence {
    Given,
    Absent,
}

impl Presence {
    fn of<T>(value: &Option<T>) -> Self {
        if value.is_some() { Self::Given } else { Self::Absent }
    }

    fn unless(self, absent: bool) -> Self {
        if absent { Self::Absent } else { self }
    }
}

/// The run and the round that a message's name says.
fn run_and_round<'a>(message: &Cow<'a, str>) -> (Cow<'a, str>, u32) {
    match message {
        Cow::Borrowed(message) => {
            let (run, round) = split_message(message);
            (Cow::Borrowed(run), round)
        }
        Cow::Owned(message) => {
            let (run, round) = split_message(message);
            (Cow::Owned(run.to_owned()), round)
        }
    }
}

fn text<'a>(column: Column, value: Value<'a>, slot: &mut Cow<'a, str>) -> Result<Presence, ReadError> {
    *slot = match value {
        Value::Text(text) => text,
        Value::Whole(number) => number.to_string().into(),
        Value::Null => return Ok(Presence::Absent),
        Value::Float(_) | Value::Other(_) => return Err(misfit(column, &value, "a text")),
    };
    Ok(Presence::Given.unless(slot.is_empty()))
}

fn kind(value: Value<'_>, slot: &mut Kind) -> Result<Presence, ReadError> {
    match value {
        Value::Text(text) if text.is_empty() => return Ok(Presence::Absent),
        Value::Text(text) => *slot = text.parse()?,
        Value::Null => return Ok(Presence::Absent),
        Value::Whole(_) | Value::Float(_) | Value::Other(_) => {
            return Err(misfit(Column::EventType, &value, "a text"));
        }
    }
    Ok(Presence::Given)
}

fn clock(value: Value<'_>, slot: &mut Option<Clock>) -> Result<Presence, ReadError> {
    match value {
        Value::Text(text) if text.is_empty() => {}
        Value::Text(text) => *slot = Some(text.parse()?),
        Value::Null => {}
        Value::Whole(_) | Value::Float(_) | Value::Other(_) => return Err(misfit(Column::Clock, &value, "a text")),
    }
    Ok(Presence::of(slot))
}

fn whole(column: Column, value: Value<'_>) -> Result<Option<Whole>, ReadError> {
    let number = match &value {
        Value::Null => return Ok(None),
        Value::Text(text) if is_blank(text) => return Ok(None),
        Value::Text(text) => number::whole(text),
        Value::Whole(number) => Some(Whole { value: *number, float: false }),
        Value::Float(number) => number::whole_of_float(*number).map(|value| Whole { value, float: true }),
        Value::Other(_) => None,
    };
    number.map(Some).ok_or_else(|| misfit(column, &value, "a whole number"))
}

/// A whole number that is not negative.
fn count<T: TryFrom<i64>>(column: Column, value: Value<'_>) -> Result<Option<T>, ReadError> {
    let Some(Whole { value, .. }) = whole(column, value)? else { return Ok(None) };
    T::try_from(value).map(Some).map_err(|_| misfit(column, &Value::Whole(value), "a count"))
}

fn counted(column: Column, value: Value<'_>, slot: &mut u32) -> Result<Presence, ReadError> {
    let number = count(column, value)?;
    *slot = number.unwrap_or(*slot);
    Ok(Presence::of(&number))
}

fn hop(value: Value<'_>) -> Result<Option<u32>, ReadError> {
    match whole(Column::Hop, value)? {
        None | Some(Whole { value: -1, .. }) => Ok(None),
        Some(Whole { value, .. }) => count(Column::Hop, Value::Whole(value)),
    }
}

fn milliseconds(value: Value<'_>) -> Result<Option<f64>, ReadError> {
    let number = match &value {
        Value::Null => return Ok(None),
        Value::Text(text) if is_blank(text) => return Ok(None),
        Value::Text(text) => number::float(text),
        Value::Whole(number) => Some(*number as f64),
        Value::Float(number) => Some(*number).filter(|number| number.is_finite()).map(whole_ns),
        Value::Other(_) => None,
    };
    number.map(Some).ok_or_else(|| misfit(Column::PropagationTime, &value, "a number"))
}

/// The float64 nearest to the time in whole nanoseconds, as the writer had it: the JSON parser may be one step of a
/// float64 off. A float timestamp that it reads may be too, by 256 ns; those are marked.
fn whole_ns(ms: f64) -> f64 {
    const EXACT_MS: f64 = 9e9;
    if ms.abs() < EXACT_MS { (ms * 1e6).round() / 1e6 } else { ms }
}

/// What exports write for a value that is not there.
fn is_blank(text: &str) -> bool {
    matches!(text, "" | "null")
}

fn misfit(column: Column, value: &Value<'_>, wanted: &'static str) -> ReadError {
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Whole(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Other(what) => (*what).to_owned(),
    };
    ReadError::Field { column, found, wanted }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
