//! From a record's columns, whose values come one by one, back to the record.
//!
//! Keys come in any order, as `x`, as `jsonPayload.x` or in an object `jsonPayload`. What an old log lacks is derived from the
//! message's name or stays unknown.

use std::borrow::Cow;

use super::number::Whole;
use super::read::{self, Column, Presence, ReadError, Value};
use super::{FORMAT, Kind, Record};
use crate::id::{nodes_in_run_id, split_message};

/// A record whose columns come one by one, in any order.
#[derive(Debug)]
pub struct Draft<'a> {
    record: Record<'a>,
    seen: u32,
    error: Option<ReadError>,
    /// What the last message's name said: the next record is often of the same message.
    said: Said<'a>,
}

/// What a message's name says.
#[derive(Debug, Clone, Copy, Default)]
struct Said<'a> {
    message: &'a str,
    run: &'a str,
    round: u32,
    nodes: u32,
}

const NONE: Cow<'_, str> = Cow::Borrowed("");

impl<'a> Said<'a> {
    fn of(message: &'a str) -> Self {
        let (run, round) = split_message(message);
        Self { message, run, round, nodes: nodes_in_run_id(run).unwrap_or(0) }
    }
}

impl Default for Draft<'_> {
    fn default() -> Self {
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
        Self { record, seen: 0, error: None, said: Said::default() }
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

    /// Puts a cell of a file that has only texts into `column`, as [`Self::set`] would.
    pub fn set_cell(&mut self, column: Column, cell: &'a str) {
        let record = &mut self.record;
        let slot = match column {
            Column::Message => &mut record.message,
            Column::SenderId => &mut record.sender_id,
            Column::ReceiverId => &mut record.receiver_id,
            Column::Detail => &mut record.detail,
            Column::RunId => &mut record.run_id,
            Column::Protocol => &mut record.protocol,
            Column::Condition => &mut record.condition,
            Column::SendId => &mut record.send_id,
            Column::Process => &mut record.process,
            Column::Host => &mut record.host,
            Column::Reason => &mut record.reason,
            Column::Topic => &mut record.topic,
            Column::EventType
            | Column::ReceivedTimestamp
            | Column::ReceivedNs
            | Column::SentNs
            | Column::PropagationTime
            | Column::Hop
            | Column::Round
            | Column::Nodes
            | Column::Incarnation
            | Column::Seq
            | Column::Bytes
            | Column::Format
            | Column::Clock => return self.set(column, Value::Text(Cow::Borrowed(cell))),
        };
        *slot = Cow::Borrowed(cell);
        self.seen |= u32::from(!cell.is_empty()) << column as u32;
    }

    /// Makes it as new for the next record, which costs less than a new one: most texts are empty anyway.
    pub fn clear(&mut self) {
        // Every field is named, so that none is forgotten.
        let Record {
            message,
            sender_id,
            receiver_id,
            received_ns,
            propagation_time,
            kind,
            detail,
            run_id,
            round,
            nodes,
            protocol,
            condition,
            hop,
            sent_ns,
            send_id,
            seq,
            process,
            host,
            bytes,
            reason,
            incarnation,
            clock,
            topic,
            float_timestamp,
            received_twice,
        } = &mut self.record;
        for text in [
            message,
            sender_id,
            receiver_id,
            detail,
            run_id,
            protocol,
            condition,
            send_id,
            process,
            host,
            reason,
            topic,
        ] {
            if !text.is_empty() {
                *text = NONE;
            }
        }
        (*received_ns, *propagation_time, *sent_ns) = (0, None, None);
        (*kind, *round, *nodes, *hop, *incarnation) = (Kind::Initiate, 1, 0, None, 0);
        (*seq, *bytes, *clock) = (None, None, None);
        (*float_timestamp, *received_twice) = (false, false);
        (self.seen, self.error) = (0, None);
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
        let [has_run, has_round, has_nodes] =
            [Column::RunId, Column::Round, Column::Nodes].map(|column| self.has(column));
        let record = &mut self.record;
        if !has_run || !has_round {
            let (run, round) = match &record.message {
                Cow::Borrowed(message) => {
                    if self.said.message != *message {
                        self.said = Said::of(message);
                    }
                    (Cow::Borrowed(self.said.run), self.said.round)
                }
                Cow::Owned(message) => {
                    let (run, round) = split_message(message);
                    (Cow::Owned(run.to_owned()), round)
                }
            };
            if !has_run {
                record.run_id = run;
            }
            if !has_round {
                record.round = round;
            }
        }
        if !has_nodes {
            let is_said = !has_run && matches!(record.message, Cow::Borrowed(_));
            record.nodes = if is_said { self.said.nodes } else { nodes_in_run_id(&record.run_id).unwrap_or(0) };
        }
    }

    fn put(&mut self, column: Column, value: Value<'a>) -> Result<Presence, ReadError> {
        let record = &mut self.record;
        match column {
            Column::Message => read::text(column, value, &mut record.message),
            Column::SenderId => read::text(column, value, &mut record.sender_id),
            Column::ReceiverId => read::text(column, value, &mut record.receiver_id),
            Column::Detail => read::text(column, value, &mut record.detail),
            Column::RunId => read::text(column, value, &mut record.run_id),
            Column::Protocol => read::text(column, value, &mut record.protocol),
            Column::Condition => read::text(column, value, &mut record.condition),
            Column::SendId => read::text(column, value, &mut record.send_id),
            Column::Process => read::text(column, value, &mut record.process),
            Column::Host => read::text(column, value, &mut record.host),
            Column::Reason => read::text(column, value, &mut record.reason),
            Column::Topic => read::text(column, value, &mut record.topic),
            Column::Clock => read::clock(value, &mut record.clock),
            Column::EventType => read::kind(value, &mut record.kind),
            Column::ReceivedTimestamp => self.put_received_timestamp(value),
            Column::ReceivedNs => self.put_received_ns(value),
            Column::SentNs => {
                record.sent_ns = read::whole(column, value)?.map(|time| time.value);
                Ok(Presence::of(&record.sent_ns))
            }
            Column::PropagationTime => {
                record.propagation_time = read::milliseconds(value)?;
                Ok(Presence::of(&record.propagation_time))
            }
            Column::Hop => {
                record.hop = read::hop(value)?;
                Ok(Presence::Given)
            }
            Column::Round => read::counted(column, value, &mut record.round),
            Column::Nodes => {
                read::counted(column, value, &mut record.nodes).map(|given| given.unless(record.nodes == 0))
            }
            Column::Incarnation => read::counted(column, value, &mut record.incarnation),
            Column::Seq => {
                record.seq = read::count::<u64>(column, value)?.filter(|seq| *seq > 0);
                Ok(Presence::Given)
            }
            Column::Bytes => {
                record.bytes = read::count(column, value)?;
                Ok(Presence::Given)
            }
            Column::Format => match read::count::<u64>(column, value)? {
                Some(format) if format > u64::from(FORMAT) => Err(ReadError::Format { found: format }),
                Some(_) | None => Ok(Presence::Given),
            },
        }
    }

    fn put_received_timestamp(&mut self, value: Value<'a>) -> Result<Presence, ReadError> {
        let is_exact = self.has(Column::ReceivedNs);
        let time = read::whole(Column::ReceivedTimestamp, value)?;
        let record = &mut self.record;
        match time {
            Some(Whole { value, .. }) if is_exact => record.received_twice = are_two_times(record.received_ns, value),
            Some(Whole { value, float }) => (record.received_ns, record.float_timestamp) = (value, float),
            None => {}
        }
        Ok(Presence::of(&time))
    }

    fn put_received_ns(&mut self, value: Value<'a>) -> Result<Presence, ReadError> {
        let is_rough = self.has(Column::ReceivedTimestamp);
        let time = read::whole(Column::ReceivedNs, value)?;
        let record = &mut self.record;
        if let Some(Whole { value, float }) = time {
            record.received_twice = is_rough && are_two_times(value, record.received_ns);
            (record.received_ns, record.float_timestamp) = (value, float);
        }
        Ok(Presence::of(&time))
    }
}

/// What a float64 of these years may be off by, in ns, through one parser more. Its digits do not always show that it was one.
const FLOAT_NS: i64 = 512;

/// Whether `received_ns` and `received_timestamp` are not the same time.
fn are_two_times(exact_ns: i64, rough_ns: i64) -> bool {
    exact_ns.saturating_sub(rough_ns).saturating_abs() > FLOAT_NS
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
