//! A record's columns and one value of each, however it was exported: numbers come as numbers or as texts, whole or through a
//! float64.

use std::borrow::Cow;
use std::fmt;

use super::number::{self, Whole};
use super::{FORMAT, Kind, UnknownKind};
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

/// Whether a column had a value.
pub(super) enum Presence {
    Given,
    Absent,
}

impl Presence {
    pub(super) fn of<T>(value: &Option<T>) -> Self {
        if value.is_some() { Self::Given } else { Self::Absent }
    }

    pub(super) fn unless(self, absent: bool) -> Self {
        if absent { Self::Absent } else { self }
    }
}

pub(super) fn text<'a>(column: Column, value: Value<'a>, slot: &mut Cow<'a, str>) -> Result<Presence, ReadError> {
    *slot = match value {
        Value::Text(text) => text,
        Value::Whole(number) => number.to_string().into(),
        Value::Null => return Ok(Presence::Absent),
        Value::Float(_) | Value::Other(_) => return Err(misfit(column, &value, "a text")),
    };
    Ok(Presence::Given.unless(slot.is_empty()))
}

pub(super) fn kind(value: Value<'_>, slot: &mut Kind) -> Result<Presence, ReadError> {
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

pub(super) fn clock(value: Value<'_>, slot: &mut Option<Clock>) -> Result<Presence, ReadError> {
    match value {
        Value::Text(text) if text.is_empty() => {}
        Value::Text(text) => *slot = Some(text.parse()?),
        Value::Null => {}
        Value::Whole(_) | Value::Float(_) | Value::Other(_) => return Err(misfit(Column::Clock, &value, "a text")),
    }
    Ok(Presence::of(slot))
}

pub(super) fn whole(column: Column, value: Value<'_>) -> Result<Option<Whole>, ReadError> {
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
pub(super) fn count<T: TryFrom<i64>>(column: Column, value: Value<'_>) -> Result<Option<T>, ReadError> {
    let Some(Whole { value, .. }) = whole(column, value)? else { return Ok(None) };
    T::try_from(value).map(Some).map_err(|_| misfit(column, &Value::Whole(value), "a count"))
}

pub(super) fn counted(column: Column, value: Value<'_>, slot: &mut u32) -> Result<Presence, ReadError> {
    let number = count(column, value)?;
    *slot = number.unwrap_or(*slot);
    Ok(Presence::of(&number))
}

pub(super) fn hop(value: Value<'_>) -> Result<Option<u32>, ReadError> {
    match whole(Column::Hop, value)? {
        None | Some(Whole { value: -1, .. }) => Ok(None),
        Some(Whole { value, .. }) => count(Column::Hop, Value::Whole(value)),
    }
}

pub(super) fn milliseconds(value: Value<'_>) -> Result<Option<f64>, ReadError> {
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
