//! From a result's rows to records: each row is an entry's payload and how often the export wrote it.

use std::collections::BTreeMap;

use cnsim::event::{ReadError, Record};
use polars::prelude::PolarsError;

use crate::source::table::{Keep, Table};

/// Records of a result.
#[derive(Debug)]
pub(crate) struct Records {
    /// The records.
    pub(crate) table: Table,
    /// Entries that the export wrote again, by run and round.
    pub(crate) repeats: BTreeMap<(String, u32), u64>,
    /// The records as lines to be read again, by the run's number in the table and by round, where that is wanted.
    pub(crate) lines: BTreeMap<(u32, u32), Vec<u8>>,
}

/// A row that is no record.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// Its payload is none.
    #[error("{problem}, in the record {shown}")]
    Record {
        /// What is wrong.
        problem: ReadError,
        /// Its beginning.
        shown: String,
    },
    /// A batch is damaged.
    #[error("a batch of rows is not Arrow's: {0}")]
    Batch(String),
}

impl RowError {
    /// A batch that Polars cannot read.
    pub(crate) fn arrow(error: PolarsError) -> Self {
        Self::Batch(error.to_string().replace('\n', " "))
    }
}

/// A row of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// The payload as JSON.
    pub(crate) record: &'a str,
    /// Its `received_timestamp`, where that is a number.
    pub(crate) received_ns: Option<i64>,
    /// How often it is in the table.
    pub(crate) copies: u64,
}

impl Default for Records {
    fn default() -> Self {
        Self { table: Table::new(Keep::Records), repeats: BTreeMap::new(), lines: BTreeMap::new() }
    }
}

impl Records {
    /// Adds a row.
    pub(crate) fn push(&mut self, row: Row<'_>) -> Result<(), RowError> {
        let mut record = Record::read_line(row.record.as_bytes())
            .map_err(|problem| RowError::Record { problem, shown: shown(row.record) })?;
        // A float in JSON may be read one step of a float64 off; a number of the result is what the table holds.
        if let (true, Some(received_ns)) = (record.float_timestamp, row.received_ns) {
            record.received_ns = received_ns;
        }
        if row.copies > 1 {
            *self.repeats.entry((record.run_id.clone().into_owned(), record.round)).or_default() += row.copies - 1;
        }
        self.table.push(&record);
        Ok(())
    }

    /// Adds a row and keeps it as a line besides.
    pub(crate) fn push_and_keep(&mut self, row: Row<'_>) -> Result<(), RowError> {
        self.push(row)?;
        let last = self.table.rows() - 1;
        let lines = self.lines.entry((self.table.run.number(last), self.table.round[last])).or_default();
        if let Some(received_ns) = row.received_ns {
            lines.extend_from_slice(received_ns.to_string().as_bytes());
        }
        lines.push(b'\t');
        lines.extend_from_slice(row.record.as_bytes());
        lines.push(b'\n');
        Ok(())
    }

    /// Adds a line that was kept.
    pub(crate) fn push_line(&mut self, line: &[u8]) -> Result<(), RowError> {
        let damaged = || RowError::Batch("a temporary file was changed".to_owned());
        let line = std::str::from_utf8(line).map_err(|_| damaged())?;
        let (number, record) = line.trim_end_matches('\n').split_once('\t').ok_or_else(damaged)?;
        self.push(Row { record, received_ns: number.parse().ok(), copies: 1 })
    }

    /// Adds another result's rows, without their lines.
    pub(crate) fn append(&mut self, other: Self) {
        self.table.append(&other.table);
        for (round, count) in other.repeats {
            *self.repeats.entry(round).or_default() += count;
        }
    }
}

/// The beginning of a record, for messages.
fn shown(record: &str) -> String {
    const SHOWN: usize = 160;
    match record.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &record[..end]),
        None => record.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As BigQuery writes a record of ours whose numbers went through float64.
    const SINK: &str = r#"{"bytes":62,"event_type":"received","hop":1,"message":"5e1f00d2-cubaan4-0","nodes":4,"propagation_time":0.319746,"receiver_id":"n0","received_ns":"1742869853000414345","received_timestamp":1.7428698530004142e18,"round":0,"run_id":"5e1f00d2-cubaan4","sender_id":"n1","sent_ns":"1742869853000094599","seq":1,"detail":null}"#;
    /// As it writes a record of the published system.
    const SEED: &str = r#"{"detail":"x","event_type":"duplicate","message":"4abf-cubaan50-7","propagation_time":null,"receiver_id":"a","received_timestamp":1.7429522590987039e18,"sender_id":"b"}"#;

    fn row(record: &str, copies: u64) -> Row<'_> {
        Row { record, received_ns: None, copies }
    }

    #[test]
    fn a_float_timestamp_is_the_table_s_and_not_the_parser_s() {
        let mut records = Records::default();
        records.push(Row { received_ns: Some(1_742_952_259_098_703_872), ..row(SEED, 1) }).unwrap();
        records.push(Row { received_ns: Some(7), ..row(SINK, 1) }).unwrap();
        assert_eq!(records.table.received_ns, [1_742_952_259_098_703_872, 1_742_869_853_000_414_345]);
    }

    #[test]
    fn nanoseconds_come_from_the_texts_and_only_floats_are_marked() {
        let mut records = Records::default();
        for record in [SINK, SEED] {
            records.push(row(record, 1)).unwrap();
        }
        let table = &records.table;
        assert_eq!(table.received_ns[0], 1_742_869_853_000_414_345);
        assert_eq!([table.float_timestamp.get(0), table.float_timestamp.get(1)], [false, true]);
        assert_eq!((table.run.text(1), table.round[1], table.nodes[1]), ("4abf-cubaan50", 7, 50));
        assert_eq!((table.hop.get(1), table.seq.get(1)), (-1, 0));
    }

    #[test]
    fn entries_that_were_written_again_are_counted_by_round() {
        let mut records = Records::default();
        records.push(row(SINK, 3)).unwrap();
        let mut other = Records::default();
        other.push(row(SINK, 2)).unwrap();
        other.push(row(SEED, 1)).unwrap();
        records.append(other);
        assert_eq!(records.repeats, BTreeMap::from([(("5e1f00d2-cubaan4".to_owned(), 0), 3)]));
        assert_eq!(records.table.rows(), 3);
    }

    #[test]
    fn a_line_that_was_kept_gives_the_record_again() {
        let (mut records, mut again) = (Records::default(), Records::default());
        for (record, received_ns) in [(SINK, None), (SEED, Some(1_742_952_259_098_703_872))] {
            records.push_and_keep(Row { received_ns, ..row(record, 2) }).unwrap();
        }
        for line in records.lines.values().flat_map(|lines| lines.split_inclusive(|byte| *byte == b'\n')) {
            again.push_line(line).unwrap();
        }
        let sorted = |records: &Records| std::collections::BTreeSet::from_iter(records.table.content.clone());
        assert_eq!(sorted(&again), sorted(&records));
        assert!(again.repeats.is_empty());
        assert!(again.push_line(b"x").is_err());
    }

    #[test]
    fn a_row_that_is_no_record_is_shown() {
        let row = row(r#"{"event_type":"received","message":"a-1"}"#, 1);
        let error = Records::default().push(row).unwrap_err().to_string();
        assert_eq!(error, r#"field sender_id is missing, in the record {"event_type":"received","message":"a-1"}"#);
    }
}
