//! A record as bytes that sort in a run's total order: what the order looks at comes first, then the rest of the record.
//! Texts that many records of a run share stand as numbers there.

use std::borrow::Cow;

use cnsim::event::{Column, Kind, Record};
use cnsim::time::Clock;
use memchr::memchr;
use polars::prelude::CategoricalMapping;

use crate::identity::hop;
use crate::times::Times;

/// How long the part that the order looks at is, is said in so many last bytes.
const TAIL: usize = 4;

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Round, received, process, seq, receiver, sender, type, sent, detail, and the hash of the content, which decides where
    /// all of these are equal; the other fields; where those begin.
    pub(super) bytes: Vec<u8>,
}

/// The columns whose texts many records share.
pub(super) const SHARED: [Column; 5] =
    [Column::Message, Column::RunId, Column::Protocol, Column::Condition, Column::Host];

impl Entry {
    /// Writes a record, given the numbers of its shared texts.
    pub(super) fn write(record: &Record<'_>, times: &Times, shared: [u32; 5], identity: u128, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(&record.round.to_be_bytes());
        bytes.extend_from_slice(&ordered(record.received_ns));
        add_name(bytes, &record.process);
        bytes.extend_from_slice(&record.seq.unwrap_or(0).to_be_bytes());
        add_name(bytes, &record.receiver_id);
        add_name(bytes, &record.sender_id);
        bytes.push(record.kind as u8);
        bytes.extend_from_slice(&ordered(times.sent_ns));
        add_name(bytes, &record.detail);
        bytes.extend_from_slice(&identity.to_be_bytes());
        let end = u32::try_from(bytes.len() - start).expect("names of one record stay below 4 GiB");
        for number in shared {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&record.nodes.to_le_bytes());
        bytes.extend_from_slice(&hop(record).unwrap_or(-1).to_le_bytes());
        add_optional(bytes, record.bytes.map(u64::to_le_bytes));
        add_optional(bytes, record.propagation_time.map(f64::to_le_bytes));
        bytes.push(u8::from(record.sent_ns.is_some()));
        bytes.push(u8::from(record.float_timestamp));
        bytes.push(u8::from(record.received_twice));
        add_name(bytes, &record.send_id);
        bytes.extend_from_slice(&record.incarnation.to_le_bytes());
        bytes.push(record.clock.map_or(0, |clock| 1 + clock as u8));
        add_name(bytes, &record.reason);
        add_name(bytes, &record.topic);
        bytes.extend_from_slice(&end.to_le_bytes());
    }

    /// What it says, as one number.
    pub(super) fn identity(&self) -> u128 {
        let end = self.end();
        u128::from_be_bytes(self.bytes[end - 16..end].try_into().expect("these are sixteen bytes"))
    }

    /// Its round.
    pub(super) fn round(&self) -> u32 {
        u32::from_be_bytes(self.bytes[..4].try_into().expect("these are four bytes"))
    }

    /// Whether it says what this one says.
    pub(super) fn is_repeat_of(&self, other: &Self) -> bool {
        other.bytes.len() > TAIL && self.bytes[..self.end()] == other.bytes[..other.end()]
    }

    /// The record that it was, given the texts that records share; none where its bytes were changed.
    pub(super) fn record<'a>(&'a self, texts: &'a CategoricalMapping) -> Option<Record<'a>> {
        let mut fields = Fields { bytes: &self.bytes };
        let round = u32::from_be_bytes(fields.array()?);
        let received_ns = from_ordered(fields.array()?);
        let process = fields.name()?;
        let seq = u64::from_be_bytes(fields.array()?);
        let (receiver_id, sender_id) = (fields.name()?, fields.name()?);
        let kind = *Kind::ALL.get(usize::from(fields.byte()?))?;
        let sent_ns = from_ordered(fields.array()?);
        let detail = fields.name()?;
        let _identity: [u8; 16] = fields.array()?;
        Some(Record {
            message: fields.shared(texts)?,
            run_id: fields.shared(texts)?,
            protocol: fields.shared(texts)?,
            condition: fields.shared(texts)?,
            host: fields.shared(texts)?,
            nodes: u32::from_le_bytes(fields.array()?),
            hop: u32::try_from(i32::from_le_bytes(fields.array()?)).ok(),
            bytes: fields.optional()?.map(u64::from_le_bytes),
            propagation_time: fields.optional()?.map(f64::from_le_bytes),
            // Without a time of its own the record's is derived.
            sent_ns: (fields.byte()? != 0).then_some(sent_ns),
            float_timestamp: fields.byte()? != 0,
            received_twice: fields.byte()? != 0,
            send_id: fields.name()?,
            incarnation: u32::from_le_bytes(fields.array()?),
            clock: CLOCKS.get(usize::from(fields.byte()?)).copied()?,
            reason: fields.name()?,
            topic: fields.name()?,
            round,
            received_ns,
            process,
            seq: (seq > 0).then_some(seq),
            receiver_id,
            sender_id,
            kind,
            detail,
        })
    }

    /// Where the part that the order looks at ends.
    fn end(&self) -> usize {
        let (_, tail) = self.bytes.split_at(self.bytes.len() - TAIL);
        u32::from_le_bytes(tail.try_into().expect("these are four bytes")) as usize
    }
}

/// By the number that stands for each.
const CLOCKS: [Option<Clock>; 3] = [None, Some(Clock::Wall), Some(Clock::Virtual)];

const SIGN: u64 = 1 << 63;

/// Bytes whose order is that of the numbers.
fn ordered(number: i64) -> [u8; 8] {
    (number as u64 ^ SIGN).to_be_bytes()
}

fn from_ordered(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ SIGN) as i64
}

/// Adds a text and its end, which sorts before every byte of a longer text: a zero within is marked with a byte that no
/// text has.
fn add_name(bytes: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(zero) = memchr(0, rest) {
        bytes.extend_from_slice(&rest[..=zero]);
        bytes.push(0xff);
        rest = &rest[zero + 1..];
    }
    bytes.extend_from_slice(rest);
    bytes.extend_from_slice(&[0, 0]);
}

fn add_optional(bytes: &mut Vec<u8>, value: Option<[u8; 8]>) {
    bytes.push(u8::from(value.is_some()));
    bytes.extend_from_slice(&value.unwrap_or_default());
}

/// The fields of an entry that are not read yet. Each is none where the bytes do not hold it.
struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn optional(&mut self) -> Option<Option<[u8; 8]>> {
        let is_there = self.byte()? != 0;
        let value = self.array()?;
        Some(is_there.then_some(value))
    }

    fn shared<'n>(&mut self, texts: &'n CategoricalMapping) -> Option<Cow<'n, str>> {
        let number = u32::from_le_bytes(self.array()?);
        texts.cat_to_str(number).map(Cow::Borrowed)
    }

    fn name(&mut self) -> Option<Cow<'a, str>> {
        let mut marked: Vec<u8> = Vec::new();
        loop {
            let part = self.take(memchr(0, self.bytes)?)?;
            let [_, next] = self.array()?;
            if next == 0 && marked.is_empty() {
                return std::str::from_utf8(part).ok().map(Cow::Borrowed);
            }
            marked.extend_from_slice(part);
            if next == 0 {
                return String::from_utf8(marked).ok().map(Cow::Owned);
            }
            marked.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::texts::SharedTexts;
    use super::super::vocabulary::text;
    use super::*;
    use crate::identity::Identifier;

    const RECORD: &str = r#"{"message":"a-1","sender_id":"n0","receiver_id":"n1","received_timestamp":5,"event_type":"received","run_id":"a","received_ns":"5"}"#;

    prop_compose! {
        /// Values that are often equal, so that each column decides sometimes.
        fn record()(
            round in 0..2_u32, received in -1..2_i64, process in "[ab\0]{0,2}", seq in 0..2_u64, nodes in ("[ab]{1,2}", "[ab]{1,2}"),
            kind in prop::sample::select(&Kind::ALL[..]), sent in prop::option::of(-1..2_i64), detail in "[ab\0]{0,2}",
            others in ("[ab\0]{0,2}", "[ab]{0,1}", "[ab]{0,1}", prop::option::of(0..3_u32), prop::option::of(0..2_u64)),
            (reason, topic, incarnation) in ("[ab\0]{0,2}", "[ab]{0,1}", 0..3_u32), clock in prop::sample::select(&CLOCKS[..]),
            propagation_time in prop::option::of(-1.5..1.5_f64), float_timestamp in any::<bool>(), received_twice in any::<bool>(),
        ) -> Record<'static> {
            let (message, host, send_id, hop, bytes) = others;
            Record {
                round,
                received_ns: received,
                process: process.into(),
                seq: (seq > 0).then_some(seq),
                receiver_id: nodes.0.into(),
                sender_id: nodes.1.into(),
                kind,
                sent_ns: sent,
                detail: detail.into(),
                message: message.into(),
                host: host.into(),
                send_id: send_id.into(),
                hop,
                bytes,
                propagation_time,
                float_timestamp,
                received_twice,
                reason: reason.into(),
                topic: topic.into(),
                incarnation,
                clock,
                ..Record::read_line(RECORD.as_bytes()).unwrap()
            }
        }
    }

    fn shared(texts: &SharedTexts, record: &Record<'_>) -> [u32; 5] {
        SHARED.map(|column| texts.mapping.insert_cat(text(record, column)).unwrap())
    }

    /// A record's identity and its entry.
    fn entry(record: &Record<'_>, texts: &SharedTexts) -> (u128, Entry) {
        let (mut entry, times) = (Entry::default(), Times::of(record));
        let identity = Identifier::default().identify(record, &times);
        Entry::write(record, &times, shared(texts, record), identity, &mut entry.bytes);
        (identity, entry)
    }

    proptest! {
        #[test]
        fn an_entry_gives_its_record_again(record in record()) {
            let texts = SharedTexts::default();
            texts.mapping.insert_cat("another").unwrap();
            let (identity, entry) = entry(&record, &texts);
            prop_assert_eq!(entry.round(), record.round);
            prop_assert_eq!(entry.identity(), identity);
            prop_assert_eq!(entry.record(&texts.mapping), Some(record));
            prop_assert!(!entry.is_repeat_of(&Entry::default()));
        }

        #[test]
        fn entries_sort_in_the_total_order(records in prop::collection::vec(record(), 2..40)) {
            let texts = SharedTexts::default();
            let entries: Vec<(u128, Entry)> = records.iter().map(|record| entry(record, &texts)).collect();
            let key = |row: &usize| {
                let record = &records[*row];
                let place = (record.round, record.received_ns, &record.process, record.seq);
                let sent_ns = Times::of(record).sent_ns;
                let copy = (&record.receiver_id, &record.sender_id, record.kind, sent_ns, &record.detail);
                (place, copy, entries[*row].0)
            };
            let mut rows: Vec<usize> = (0..records.len()).collect();
            rows.sort_by(|one, other| key(one).cmp(&key(other)));
            let order = |row: &usize| entries[*row].1.bytes[..entries[*row].1.end()].to_vec();
            prop_assert!(rows.is_sorted_by(|one, other| order(one) <= order(other)));
            for pair in rows.windows(2) {
                let ((one, first), (other, second)) = (&entries[pair[0]], &entries[pair[1]]);
                prop_assert_eq!(second.is_repeat_of(first), one == other);
            }
        }

        #[test]
        fn changed_bytes_do_no_harm(record in record(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let texts = SharedTexts::default();
            let (_, mut entry) = entry(&record, &texts);
            let at = at.index(entry.bytes.len());
            entry.bytes[at] = byte;
            let _ = entry.record(&texts.mapping);
        }
    }
}
