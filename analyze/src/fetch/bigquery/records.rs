//! From a result's rows to records: each row is an entry's payload and how often the export wrote it.

use cnsim::event::{ReadError, Record};

use cnsim_records::gather::Gather;
use cnsim_records::spool::{Entries, SharedTexts};

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

/// A row of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// The payload as JSON.
    pub(crate) record: &'a str,
    /// Its `received_timestamp`, where that is a number.
    pub(crate) received_ns: Option<i64>,
    /// How often it is in the table.
    pub(crate) copies: u64,
    /// What its number of nanoseconds is.
    pub(crate) timestamps: Timestamps,
}

/// What a table's `received_timestamp` is. Its type tells and no text of a number: a float64 of nanoseconds is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timestamps {
    /// A float64, which is some hundred nanoseconds off.
    Float,
    /// As the node wrote it.
    Exact,
}

/// Records of a result, as they come.
#[derive(Debug)]
pub(crate) struct ResultRecords {
    pub(crate) records: Entries,
    /// Bytes of their payloads.
    pub(crate) bytes: u64,
}

impl ResultRecords {
    /// None yet; their texts are numbered in `texts`.
    pub(crate) fn new(texts: &SharedTexts) -> Self {
        Self { records: Entries::new(texts), bytes: 0 }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Row<'_>) -> Result<(), RowError> {
        let record = row.read()?;
        if row.copies > 1 {
            let place = (record.run_id.clone().into_owned(), record.round);
            *self.records.repeats.entry(place).or_default() += row.copies - 1;
        }
        self.records.push(&record);
        self.bytes += row.record.len() as u64;
        Ok(())
    }
}

impl<'a> Row<'a> {
    /// Its record.
    fn read(&self) -> Result<Record<'a>, RowError> {
        let mut record = Record::read_line(self.record.as_bytes())
            .map_err(|problem| RowError::Record { problem, shown: shown(self.record) })?;
        record.float_timestamp |= self.timestamps == Timestamps::Float && !has_nanoseconds(self.record);
        // A float in JSON may be read one step of a float64 off; a number of the result is what the table holds.
        if let (true, Some(received_ns)) = (record.float_timestamp, self.received_ns) {
            record.received_ns = received_ns;
        }
        Ok(record)
    }
}

/// Whether a payload has `received_ns`, which every node but those of the published system writes. Within a text the quotes
/// would be escaped.
fn has_nanoseconds(record: &str) -> bool {
    const KEY: &str = "\"received_ns\":";
    memchr::memmem::find(record.as_bytes(), KEY.as_bytes())
        .is_some_and(|at| !record[at + KEY.len()..].trim_start().starts_with("null"))
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
    use std::collections::BTreeMap;

    use super::*;

    /// As BigQuery writes a record of ours whose numbers went through float64.
    const SINK: &str = r#"{"bytes":62,"event_type":"received","hop":1,"message":"5e1f00d2-cubaan4-0","nodes":4,"propagation_time":0.319746,"receiver_id":"n0","received_ns":"1742869853000414345","received_timestamp":1.7428698530004142e18,"round":0,"run_id":"5e1f00d2-cubaan4","sender_id":"n1","sent_ns":"1742869853000094599","seq":1,"detail":null}"#;
    /// As it writes a record of the published system.
    const SEED: &str = r#"{"detail":"x","event_type":"duplicate","message":"4abf-cubaan50-7","propagation_time":null,"receiver_id":"a","received_timestamp":1.7429522590987039e18,"sender_id":"b"}"#;

    fn row(record: &str, copies: u64) -> Row<'_> {
        Row { record, received_ns: None, copies, timestamps: Timestamps::Exact }
    }

    #[test]
    fn a_float_timestamp_is_the_table_s_and_not_the_parser_s() {
        let read = |row: Row<'_>| row.read().unwrap().received_ns;
        let of_table = Some(1_742_952_259_098_703_872);
        assert_eq!(read(Row { received_ns: of_table, ..row(SEED, 1) }), 1_742_952_259_098_703_872);
        assert_eq!(read(Row { received_ns: Some(7), ..row(SINK, 1) }), 1_742_869_853_000_414_345);
    }

    #[test]
    fn nanoseconds_come_from_the_texts_and_only_floats_are_marked() {
        let [sink, seed] = [SINK, SEED].map(|record| row(record, 1).read().unwrap());
        assert_eq!((sink.received_ns, sink.float_timestamp), (1_742_869_853_000_414_345, false));
        assert!(seed.float_timestamp);
        assert_eq!((&*seed.run_id, seed.round, seed.nodes), ("4abf-cubaan50", 7, 50));
        assert_eq!((seed.hop, seed.seq), (None, None));
    }

    #[test]
    fn entries_that_were_written_again_are_counted_by_round() {
        let mut result = ResultRecords::new(&SharedTexts::default());
        for (record, copies) in [(SINK, 3), (SINK, 2), (SEED, 1)] {
            result.push(row(record, copies)).unwrap();
        }
        assert_eq!(result.records.repeats, BTreeMap::from([(("5e1f00d2-cubaan4".to_owned(), 0), 3)]));
        assert_eq!(result.records.rows(), 3);
    }

    #[test]
    fn a_whole_number_is_a_float_where_the_column_is_one_and_no_text_says_more() {
        let whole = |record: &str| record.replace("1.7429522590987039e18", "1742952259098703900");
        let from_float = Some(1_742_952_259_098_703_872);
        let rows = [
            (whole(SEED), from_float, Timestamps::Float),
            (whole(SEED).replace("\"detail\"", "\"received_ns\": null,\"detail\""), from_float, Timestamps::Float),
            (whole(SEED), Some(1_742_952_259_098_703_900), Timestamps::Exact),
            (SINK.to_owned(), from_float, Timestamps::Float),
        ];
        let found = rows.each_ref().map(|(record, received_ns, timestamps)| {
            let row = Row { received_ns: *received_ns, timestamps: *timestamps, ..row(record, 1) };
            let record = row.read().unwrap();
            (record.received_ns, record.float_timestamp)
        });
        let expected = [
            (1_742_952_259_098_703_872, true),
            (1_742_952_259_098_703_872, true),
            (1_742_952_259_098_703_900, false),
            (1_742_869_853_000_414_345, false),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_row_that_is_no_record_is_shown() {
        let row = row(r#"{"event_type":"received","message":"a-1"}"#, 1);
        let error = row.read().unwrap_err().to_string();
        assert_eq!(error, r#"field sender_id is missing, in the record {"event_type":"received","message":"a-1"}"#);
    }
}
