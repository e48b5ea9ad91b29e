//! A record as bytes that sort in a run's total order: what the order looks at comes first, then the record's text.

use crate::bigquery::records::{Row, RowError, Timestamps};
use crate::source::table::Table;

/// Where the text begins is said in so many last bytes.
const TAIL: usize = 4;

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Round, received, process, seq, receiver, sender, type, sent, detail, and the hash of the content, which decides where
    /// all of these are equal; whether the timestamp is a float; the text; where that begins.
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    /// Writes a row that was read from `text`.
    pub(super) fn write(table: &Table, row: usize, text: &str, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(&table.round[row].to_be_bytes());
        bytes.extend_from_slice(&ordered(table.received_ns[row]));
        add_text(bytes, table.process.text(row));
        bytes.extend_from_slice(&table.seq.get(row).to_be_bytes());
        add_text(bytes, table.node_names.text(table.receiver[row]));
        add_text(bytes, table.node_names.text(table.sender[row]));
        bytes.push(table.kind[row] as u8);
        bytes.extend_from_slice(&ordered(table.sent_ns[row]));
        add_text(bytes, table.rest.as_ref().map_or("", |rest| rest.detail.text(row)));
        bytes.extend_from_slice(&table.content[row].to_be_bytes());
        bytes.push(u8::from(table.float_timestamp.get(row)));
        let begin = u32::try_from(bytes.len() - start).expect("names of one record stay below 4 GiB");
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(&begin.to_be_bytes());
    }

    /// Its round.
    pub(super) fn round(&self) -> u32 {
        u32::from_be_bytes(self.bytes[..4].try_into().expect("these are four bytes"))
    }

    /// Whether it says what this one says.
    pub(super) fn is_repeat_of(&self, other: &Self) -> bool {
        other.bytes.len() > TAIL && self.bytes[..self.begin() - 1] == other.bytes[..other.begin() - 1]
    }

    /// The row that it was.
    pub(super) fn row(&self) -> Result<Row<'_>, RowError> {
        let (begin, end) = (self.begin(), self.bytes.len() - TAIL);
        let received = u64::from_be_bytes(self.bytes[4..12].try_into().expect("these are eight bytes"));
        let record = std::str::from_utf8(&self.bytes[begin..end])
            .map_err(|_| RowError::Batch("a temporary file was changed".to_owned()))?;
        let timestamps = if self.bytes[begin - 1] == 0 { Timestamps::Exact } else { Timestamps::Float };
        Ok(Row { record, received_ns: Some((received ^ SIGN) as i64), copies: 1, timestamps })
    }

    fn begin(&self) -> usize {
        let (_, tail) = self.bytes.split_at(self.bytes.len() - TAIL);
        u32::from_be_bytes(tail.try_into().expect("these are four bytes")) as usize
    }
}

const SIGN: u64 = 1 << 63;

/// Bytes whose order is that of the numbers.
fn ordered(number: i64) -> [u8; 8] {
    (number as u64 ^ SIGN).to_be_bytes()
}

/// Adds a text and its end, which sorts before every byte of a longer text: a zero within is marked with a byte that no
/// text has.
fn add_text(bytes: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(0xff);
        }
    }
    bytes.extend_from_slice(&[0, 0]);
}

#[cfg(test)]
mod tests {
    use cnsim::event::Record;
    use proptest::prelude::*;

    use super::super::write;
    use super::*;
    use crate::source::table::Keep;

    const RECORD: &str = r#"{"message":"a-1","sender_id":"n0","receiver_id":"n1","received_timestamp":5,"event_type":"received","run_id":"a","received_ns":"5"}"#;

    prop_compose! {
        /// Values that are often equal, so that each column decides sometimes.
        fn record()(
            round in 0..2_u32, received in -1..2_i64, process in "[ab\0]{0,2}", seq in 0..2_u64, nodes in ("[ab]{1,2}", "[ab]{1,2}"),
            kind in prop::sample::select(&cnsim::event::Kind::ALL[..]), sent in prop::option::of(-1..2_i64), detail in "[ab\0]{0,2}",
        ) -> Record<'static> {
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
                ..Record::read_line(RECORD.as_bytes()).unwrap()
            }
        }
    }

    fn entry(table: &Table, row: usize) -> Entry {
        let mut entry = Entry::default();
        Entry::write(table, row, "text", &mut entry.bytes);
        entry
    }

    proptest! {
        #[test]
        fn entries_sort_as_rows_do(records in prop::collection::vec(record(), 2..40)) {
            let mut table = Table::new(Keep::Records);
            records.iter().for_each(|record| table.push(record));
            let mut rows: Vec<u32> = (0..records.len() as u32).collect();
            write::sort(&table, &mut rows);
            let entries: Vec<Entry> = rows.iter().map(|row| entry(&table, *row as usize)).collect();
            prop_assert!(entries.is_sorted_by(|one, other| one.bytes <= other.bytes));
            for (pair, rows) in entries.windows(2).zip(rows.windows(2)) {
                let is_repeat = table.content[rows[0] as usize] == table.content[rows[1] as usize];
                prop_assert_eq!(pair[1].is_repeat_of(&pair[0]), is_repeat);
            }
        }
    }

    #[test]
    fn an_entry_gives_its_row_again() {
        let mut table = Table::new(Keep::Records);
        let mut record = Record::read_line(RECORD.as_bytes()).unwrap();
        for (received_ns, float_timestamp) in [(-7, false), (1_742_952_259_098_703_872, true)] {
            (record.received_ns, record.float_timestamp) = (received_ns, float_timestamp);
            table.push(&record);
        }
        let (exact, float) = (entry(&table, 0), entry(&table, 1));
        let row =
            |received_ns, timestamps| Row { record: "text", received_ns: Some(received_ns), copies: 1, timestamps };
        assert_eq!(exact.row().unwrap(), row(-7, Timestamps::Exact));
        assert_eq!(float.row().unwrap(), row(1_742_952_259_098_703_872, Timestamps::Float));
        assert_eq!(float.round(), 1);
        assert!(!exact.is_repeat_of(&Entry::default()));
    }
}
