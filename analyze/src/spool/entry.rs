//! A record as bytes that sort in a run's total order: what the order looks at comes first, then the rest of the record.

use std::borrow::Cow;

use cnsim::event::{Kind, Record};
use memchr::memchr;

use crate::source::table::Table;

/// How long the part that the order looks at is, is said in so many last bytes.
const TAIL: usize = 4;

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Round, received, process, seq, receiver, sender, type, sent, detail, and the hash of the content, which decides where
    /// all of these are equal; the other fields; where those begin.
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    /// Writes a row of whole records.
    pub(super) fn write(table: &Table, row: usize, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        let rest = table.rest.as_ref().expect("whole records are kept");
        bytes.extend_from_slice(&table.round[row].to_be_bytes());
        bytes.extend_from_slice(&ordered(table.received_ns[row]));
        add_name(bytes, table.process.text(row));
        bytes.extend_from_slice(&table.seq.get(row).to_be_bytes());
        add_name(bytes, table.node_names.text(table.receiver[row]));
        add_name(bytes, table.node_names.text(table.sender[row]));
        bytes.push(table.kind[row] as u8);
        bytes.extend_from_slice(&ordered(table.sent_ns[row]));
        add_name(bytes, rest.detail.text(row));
        bytes.extend_from_slice(&table.content[row].to_be_bytes());
        let end = u32::try_from(bytes.len() - start).expect("names of one record stay below 4 GiB");
        for text in [
            rest.message.text(row),
            table.run.text(row),
            table.protocol.text(row),
            table.condition.text(row),
            table.host.text(row),
            rest.send_id.text(row),
        ] {
            add_text(bytes, text);
        }
        bytes.extend_from_slice(&table.nodes[row].to_le_bytes());
        bytes.extend_from_slice(&table.hop.get(row).to_le_bytes());
        add_optional(bytes, rest.sent_ns[row].map(i64::to_le_bytes));
        add_optional(bytes, rest.bytes[row].map(u64::to_le_bytes));
        add_optional(bytes, rest.propagation_time[row].map(f64::to_le_bytes));
        bytes.push(u8::from(table.float_timestamp.get(row)));
        bytes.extend_from_slice(&end.to_le_bytes());
    }

    /// Its round.
    pub(super) fn round(&self) -> u32 {
        u32::from_be_bytes(self.bytes[..4].try_into().expect("these are four bytes"))
    }

    /// Whether it says what this one says.
    pub(super) fn is_repeat_of(&self, other: &Self) -> bool {
        other.bytes.len() > TAIL && self.bytes[..self.end()] == other.bytes[..other.end()]
    }

    /// The record that it was; none where its bytes were changed.
    pub(super) fn record(&self) -> Option<Record<'_>> {
        let mut fields = Fields { bytes: &self.bytes };
        let round = u32::from_be_bytes(fields.array()?);
        let received_ns = from_ordered(fields.array()?);
        let process = fields.name()?;
        let seq = u64::from_be_bytes(fields.array()?);
        let (receiver_id, sender_id) = (fields.name()?, fields.name()?);
        let kind = *Kind::ALL.get(usize::from(fields.byte()?))?;
        let _sent: [u8; 8] = fields.array()?;
        let detail = fields.name()?;
        let _content: [u8; 16] = fields.array()?;
        Some(Record {
            message: fields.text()?,
            run_id: fields.text()?,
            protocol: fields.text()?,
            condition: fields.text()?,
            host: fields.text()?,
            send_id: fields.text()?,
            nodes: u32::from_le_bytes(fields.array()?),
            hop: u32::try_from(i32::from_le_bytes(fields.array()?)).ok(),
            sent_ns: fields.optional()?.map(i64::from_le_bytes),
            bytes: fields.optional()?.map(u64::from_le_bytes),
            propagation_time: fields.optional()?.map(f64::from_le_bytes),
            float_timestamp: fields.byte()? != 0,
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

/// Adds a text behind its length.
fn add_text(bytes: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).expect("a text of one record stays below 4 GiB");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
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

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let length = u32::from_le_bytes(self.array()?);
        std::str::from_utf8(self.take(length as usize)?).ok().map(Cow::Borrowed)
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

    use super::*;
    use crate::source::table::Keep;

    const RECORD: &str = r#"{"message":"a-1","sender_id":"n0","receiver_id":"n1","received_timestamp":5,"event_type":"received","run_id":"a","received_ns":"5"}"#;

    prop_compose! {
        /// Values that are often equal, so that each column decides sometimes.
        fn record()(
            round in 0..2_u32, received in -1..2_i64, process in "[ab\0]{0,2}", seq in 0..2_u64, nodes in ("[ab]{1,2}", "[ab]{1,2}"),
            kind in prop::sample::select(&Kind::ALL[..]), sent in prop::option::of(-1..2_i64), detail in "[ab\0]{0,2}",
            others in ("[ab\0]{0,2}", "[ab]{0,1}", "[ab]{0,1}", prop::option::of(0..3_u32), prop::option::of(0..2_u64)),
            propagation_time in prop::option::of(-1.5..1.5_f64), float_timestamp in any::<bool>(),
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
                ..Record::read_line(RECORD.as_bytes()).unwrap()
            }
        }
    }

    fn table(records: &[Record<'_>]) -> Table {
        let mut table = Table::new(Keep::Records);
        records.iter().for_each(|record| table.push(record));
        table
    }

    fn entry(table: &Table, row: usize) -> Entry {
        let mut entry = Entry::default();
        Entry::write(table, row, &mut entry.bytes);
        entry
    }

    proptest! {
        #[test]
        fn an_entry_gives_its_record_again(record in record()) {
            let table = table(std::slice::from_ref(&record));
            let entry = entry(&table, 0);
            prop_assert_eq!(entry.round(), record.round);
            prop_assert_eq!(entry.record(), Some(record));
            prop_assert!(!entry.is_repeat_of(&Entry::default()));
        }

        #[test]
        fn entries_sort_in_the_total_order(records in prop::collection::vec(record(), 2..40)) {
            let table = table(&records);
            let key = |row: &usize| {
                let record = &records[*row];
                let sent_ns = table.sent_ns[*row];
                let place = (record.round, record.received_ns, &record.process, record.seq);
                let copy = (&record.receiver_id, &record.sender_id, record.kind, sent_ns, &record.detail);
                (place, copy, table.content[*row])
            };
            let mut rows: Vec<usize> = (0..records.len()).collect();
            rows.sort_by(|one, other| key(one).cmp(&key(other)));
            let entries: Vec<Entry> = rows.iter().map(|row| entry(&table, *row)).collect();
            let order = |entry: &Entry| entry.bytes[..entry.end()].to_vec();
            prop_assert!(entries.is_sorted_by(|one, other| order(one) <= order(other)));
            for (pair, rows) in entries.windows(2).zip(rows.windows(2)) {
                prop_assert_eq!(pair[1].is_repeat_of(&pair[0]), table.content[rows[0]] == table.content[rows[1]]);
            }
        }

        #[test]
        fn changed_bytes_do_no_harm(record in record(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut entry = entry(&table(&[record]), 0);
            let at = at.index(entry.bytes.len());
            entry.bytes[at] = byte;
            let _ = entry.record();
        }
    }
}
