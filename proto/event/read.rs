//! From a record's columns, however they were exported, back to the record.
//!
//! Keys come in any order, as `x`, as `jsonPayload.x` or in an object `jsonPayload`; numbers come as numbers or as
//! texts, whole or through a float64. What an old log lacks is derived from the message's name or stays unknown.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::number::{self, Whole};
use super::{Kind, Record, UnknownKind};
use crate::id::{nodes_in_run_id, split_message};

/// The prefix that a log export puts before our columns.
const PAYLOAD: &str = "jsonPayload";

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
            float_timestamp: false,
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
    pub fn finish(self) -> Result<Record<'a>, ReadError> {
        let Self { mut record, seen, error } = self;
        let has = |column: Column| seen & (1 << column as u32) != 0;
        if !has(Column::EventType) {
            return Err(ReadError::NoEvent("it has no event_type"));
        }
        if !has(Column::Message) {
            return Err(ReadError::NoEvent("it has no message"));
        }
        if let Some(error) = error {
            return Err(error);
        }
        for column in [Column::SenderId, Column::ReceiverId] {
            if !has(column) {
                return Err(ReadError::Missing(column));
            }
        }
        if !has(Column::ReceivedNs) && !has(Column::ReceivedTimestamp) {
            return Err(ReadError::Missing(Column::ReceivedTimestamp));
        }
        let (run, round) = run_and_round(&record.message);
        if !has(Column::RunId) {
            record.run_id = run;
        }
        if !has(Column::Round) {
            record.round = round;
        }
        if !has(Column::Nodes) {
            record.nodes = nodes_in_run_id(&record.run_id).unwrap_or(0);
        }
        Ok(record)
    }

    fn put(&mut self, column: Column, value: Value<'a>) -> Result<Presence, ReadError> {
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
            Column::EventType => kind(value, &mut record.kind),
            Column::ReceivedTimestamp => {
                let time = whole(column, value)?;
                if let Some(Whole { value, float }) = time
                    && self.seen & (1 << Column::ReceivedNs as u32) == 0
                {
                    record.received_ns = value;
                    record.float_timestamp = float;
                }
                Ok(Presence::of(&time))
            }
            Column::ReceivedNs => {
                let time = whole(column, value)?;
                if let Some(Whole { value, float }) = time {
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
            Column::Seq => {
                record.seq = count::<u64>(column, value)?.filter(|seq| *seq > 0);
                Ok(Presence::Given)
            }
            Column::Bytes => {
                record.bytes = count(column, value)?;
                Ok(Presence::Given)
            }
            Column::Format => count::<u64>(column, value).map(|_| Presence::Given),
        }
    }
}

impl<'a> Record<'a> {
    /// Reads one JSON line. Text without an escape is borrowed from it.
    pub fn read_line(line: &'a [u8]) -> Result<Self, ReadError> {
        let mut draft = Draft::default();
        let mut json = serde_json::Deserializer::from_slice(line);
        let object = Object { draft: &mut draft, top: Level::Entry };
        object
            .deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| ReadError::NoEvent(no_object(&error)))?;
        draft.finish()
    }
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
        Value::Float(number) => Some(*number).filter(|number| number.is_finite()),
        Value::Other(_) => None,
    };
    number.map(whole_ns).map(Some).ok_or_else(|| misfit(Column::PropagationTime, &value, "a number"))
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

fn no_object(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it is cut off or empty",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data | serde_json::error::Category::Io => "it is not a JSON object",
    }
}

/// Where an object stands in a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The line's own object: ours, or a log entry.
    Entry,
    /// The value of a log entry's `jsonPayload`.
    Payload,
}

/// Reads an object's columns into a draft.
struct Object<'d, 'a> {
    draft: &'d mut Draft<'a>,
    top: Level,
}

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(KeySeed)? {
            match key {
                Key::Column(column) => self.draft.set(column, map.next_value_seed(ValueSeed)?),
                Key::Payload if self.top == Level::Entry => {
                    map.next_value_seed(Object { draft: &mut *self.draft, top: Level::Payload })?;
                }
                Key::Payload | Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

enum Key {
    Column(Column),
    Payload,
    Other,
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match Column::from_name(key) {
            Some(column) => Key::Column(column),
            None if key == PAYLOAD => Key::Payload,
            None => Key::Other,
        })
    }
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other("true or false"))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other("an object"))
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
