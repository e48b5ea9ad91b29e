//! A record as bytes that sort in a run's total order: what the order looks at comes first, then the rest of the record.
//! Texts that many records of a run share stand as numbers there.

use std::borrow::Cow;

use cnsim::event::{Kind, Record};
use memchr::memchr;

use crate::intern::Interner;
use crate::table::{Table, Texts};

/// How long the part that the order looks at is, is said in so many last bytes.
const TAIL: usize = 4;

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Round, received, process, seq, receiver, sender, type, sent, detail, and the hash of the content, which decides where
    /// all of these are equal; the other fields; where those begin.
    pub bytes: Vec<u8>,
}

/// The numbers that a run's shared texts have, for the rows of one table.
pub struct Shared {
    columns: [Vec<u32>; 5],
}

impl Shared {
    /// Numbers the texts of a table's columns in `names`.
    pub fn of(table: &Table, names: &mut Interner) -> Self {
        Self { columns: shared(table).map(|texts| names.absorb(texts.names())) }
    }

    fn numbers(&self, table: &Table, row: usize) -> [u32; 5] {
        let mut numbers = [0; 5];
        for ((number, texts), column) in numbers.iter_mut().zip(shared(table)).zip(&self.columns) {
            *number = column[texts.number(row) as usize];
        }
        numbers
    }
}

/// The columns whose texts many records of a run share.
fn shared(table: &Table) -> [&Texts; 5] {
    let rest = table.rest.as_ref().expect("whole records are kept");
    [&rest.message, &table.run, &table.protocol, &table.condition, &table.host]
}

impl Entry {
    /// Writes a row of whole records.
    pub fn write(table: &Table, shared: &Shared, row: usize, bytes: &mut Vec<u8>) {
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
        for number in shared.numbers(table, row) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&table.nodes[row].to_le_bytes());
        bytes.extend_from_slice(&table.hop.get(row).to_le_bytes());
        add_optional(bytes, rest.bytes[row].map(u64::to_le_bytes));
        add_optional(bytes, rest.propagation_time[row].map(f64::to_le_bytes));
        bytes.push(u8::from(rest.sent_ns[row].is_some()));
        bytes.push(u8::from(table.float_timestamp.get(row)));
        add_name(bytes, rest.send_id.text(row));
        bytes.extend_from_slice(&end.to_le_bytes());
    }

    /// Its round.
    pub fn round(&self) -> u32 {
        u32::from_be_bytes(self.bytes[..4].try_into().expect("these are four bytes"))
    }

    /// Whether it says what this one says.
    pub fn is_repeat_of(&self, other: &Self) -> bool {
        other.bytes.len() > TAIL && self.bytes[..self.end()] == other.bytes[..other.end()]
    }

    /// The record that it was, given the run's shared texts; none where its bytes were changed.
    pub fn record<'a>(&'a self, names: &'a Interner) -> Option<Record<'a>> {
        let mut fields = Fields { bytes: &self.bytes };
        let round = u32::from_be_bytes(fields.array()?);
        let received_ns = from_ordered(fields.array()?);
        let process = fields.name()?;
        let seq = u64::from_be_bytes(fields.array()?);
        let (receiver_id, sender_id) = (fields.name()?, fields.name()?);
        let kind = *Kind::ALL.get(usize::from(fields.byte()?))?;
        let sent_ns = from_ordered(fields.array()?);
        let detail = fields.name()?;
        let _content: [u8; 16] = fields.array()?;
        Some(Record {
            message: fields.shared(names)?,
            run_id: fields.shared(names)?,
            protocol: fields.shared(names)?,
            condition: fields.shared(names)?,
            host: fields.shared(names)?,
            nodes: u32::from_le_bytes(fields.array()?),
            hop: u32::try_from(i32::from_le_bytes(fields.array()?)).ok(),
            bytes: fields.optional()?.map(u64::from_le_bytes),
            propagation_time: fields.optional()?.map(f64::from_le_bytes),
            // Without a time of its own the record's is derived.
            sent_ns: (fields.byte()? != 0).then_some(sent_ns),
            float_timestamp: fields.byte()? != 0,
            send_id: fields.name()?,
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

    fn shared<'n>(&mut self, names: &'n Interner) -> Option<Cow<'n, str>> {
        let number = u32::from_le_bytes(self.array()?);
        ((number as usize) < names.len()).then(|| Cow::Borrowed(names.text(number)))
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
    use crate::table::Keep;

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

    fn entry(table: &Table, row: usize, names: &mut Interner) -> Entry {
        let (mut entry, shared) = (Entry::default(), Shared::of(table, names));
        Entry::write(table, &shared, row, &mut entry.bytes);
        entry
    }

    proptest! {
        #[test]
        fn an_entry_gives_its_record_again(record in record()) {
            let table = table(std::slice::from_ref(&record));
            let mut names = Interner::default();
            names.number("another", None);
            let entry = entry(&table, 0, &mut names);
            prop_assert_eq!(entry.round(), record.round);
            prop_assert_eq!(entry.record(&names), Some(record));
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
            let mut names = Interner::default();
            let entries: Vec<Entry> = rows.iter().map(|row| entry(&table, *row, &mut names)).collect();
            let order = |entry: &Entry| entry.bytes[..entry.end()].to_vec();
            prop_assert!(entries.is_sorted_by(|one, other| order(one) <= order(other)));
            for (pair, rows) in entries.windows(2).zip(rows.windows(2)) {
                prop_assert_eq!(pair[1].is_repeat_of(&pair[0]), table.content[rows[0]] == table.content[rows[1]]);
            }
        }

        #[test]
        fn changed_bytes_do_no_harm(record in record(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut names = Interner::default();
            let mut entry = entry(&table(&[record]), 0, &mut names);
            let at = at.index(entry.bytes.len());
            entry.bytes[at] = byte;
            let _ = entry.record(&names);
        }
    }
}
