//! An Arrow batch of a result's rows to records, slice by slice. Texts are read where the transport put them: a batch may
//! be as large as 128 MB.

use std::fmt::Display;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, StringArray};
use arrow_ipc::reader::StreamDecoder;
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::client::storage::Batch;
use cnsim_records::spool::SharedTexts;

use super::records::{ResultRecords, Row, RowError, Timestamps};

/// Rows that are read at once: their records wait in memory.
const ROWS: usize = 8192;

/// Some rows of a batch, which stays in memory as long as any of them.
#[derive(Debug)]
pub(super) struct Slice {
    rows: RecordBatch,
    timestamps: Timestamps,
    /// The stream's next message waits for it.
    _permit: Arc<Option<OwnedSemaphorePermit>>,
}

/// A batch's rows, in order. The schema is the session's.
pub(super) fn slices(
    schema: &Bytes,
    batch: Batch,
    timestamps: Timestamps,
) -> Result<impl Iterator<Item = Slice>, RowError> {
    let Batch { message, permit, .. } = batch;
    let (rows, permit) = (decoded(schema, message)?, Arc::new(permit));
    let count = rows.num_rows();
    let slice = move |from| {
        let rows = rows.slice(from, ROWS.min(count - from));
        Slice { rows, timestamps, _permit: Arc::clone(&permit) }
    };
    Ok((0..count).step_by(ROWS).map(slice))
}

fn decoded(schema: &Bytes, message: Bytes) -> Result<RecordBatch, RowError> {
    let mut decoder = StreamDecoder::new();
    decoder.decode(&mut schema.clone().into()).map_err(damaged)?;
    let batch = decoder.decode(&mut message.into()).map_err(damaged)?;
    batch.ok_or_else(|| RowError::Batch("it has no rows, or is cut off".to_owned()))
}

impl Slice {
    /// Its records.
    pub(super) fn records(&self, shared: &SharedTexts) -> Result<ResultRecords, RowError> {
        let (texts, received, copies) = (self.texts("record")?, self.numbers("received")?, self.numbers("copies")?);
        let mut result = ResultRecords::new(shared);
        for ((record, received_ns), copies) in texts.iter().zip(received).zip(copies) {
            let copies = copies.map_or(1, |copies| u64::try_from(copies).unwrap_or(1));
            let record = record.unwrap_or_default();
            result.push(Row { record, received_ns, copies, timestamps: self.timestamps })?;
        }
        Ok(result)
    }

    fn texts(&self, name: &str) -> Result<&StringArray, RowError> {
        let column = self.column(name)?;
        column.as_string_opt().ok_or_else(|| other_type(name, column))
    }

    fn numbers(&self, name: &str) -> Result<&PrimitiveArray<Int64Type>, RowError> {
        let column = self.column(name)?;
        column.as_primitive_opt().ok_or_else(|| other_type(name, column))
    }

    fn column(&self, name: &str) -> Result<&ArrayRef, RowError> {
        self.rows.column_by_name(name).ok_or_else(|| RowError::Batch(format!("it has no column {name}")))
    }
}

fn damaged(error: impl Display) -> RowError {
    RowError::Batch(error.to_string().replace('\n', " "))
}

fn other_type(name: &str, column: &ArrayRef) -> RowError {
    RowError::Batch(format!("its column {name} is of type {}", column.data_type()))
}

#[cfg(test)]
mod tests {
    use arrow_array::{Float64Array, Int64Array};
    use arrow_ipc::writer::StreamWriter;

    use cnsim_records::gather::Gather;

    use super::*;

    const LINES: &str = include_str!("../../../tests/fixtures/flood-n4/events.jsonl");

    /// A session's schema and a batch of these columns, as they are sent.
    fn sent(columns: Vec<(&str, ArrayRef)>) -> (Bytes, Bytes) {
        let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, rows)| (name, rows, true)));
        let rows = rows.unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema()).unwrap();
        let schema = writer.get_ref().len();
        writer.write(&rows).unwrap();
        let stream = Bytes::from(std::mem::take(writer.get_mut()));
        (stream.slice(..schema), stream.slice(schema..))
    }

    /// So many rows, of which every third has no number.
    fn result(rows: usize) -> Vec<(&'static str, ArrayRef)> {
        let records: StringArray = LINES.lines().cycle().take(rows).map(Some).collect();
        let received: Int64Array = (0..rows).map(|row| (row % 3 > 0).then_some(row as i64)).collect();
        let copies = Int64Array::from_value(3, rows);
        vec![("record", Arc::new(records)), ("received", Arc::new(received)), ("copies", Arc::new(copies))]
    }

    fn read(texts: &SharedTexts, schema: &Bytes, message: Bytes) -> Result<Vec<ResultRecords>, RowError> {
        let batch = Batch { message, rows: 1, permit: None };
        slices(schema, batch, Timestamps::Exact)?.map(|slice| slice.records(texts)).collect()
    }

    #[test]
    fn a_batch_gives_the_records_of_its_rows_in_order() {
        let (schema, message) = sent(result(ROWS + 5));
        let texts = SharedTexts::default();
        let found = read(&texts, &schema, message).unwrap();
        let mut expected = ResultRecords::new(&texts);
        for (row, record) in LINES.lines().cycle().take(ROWS + 5).enumerate() {
            let received_ns = (row % 3 > 0).then_some(row as i64);
            let row = Row { record, received_ns, copies: 3, timestamps: Timestamps::Exact };
            expected.push(row).unwrap();
        }
        assert_eq!(found.iter().map(|part| part.records.rows()).collect::<Vec<_>>(), [ROWS, 5]);
        let identities: Vec<u128> = found.iter().flat_map(|part| part.records.identities().to_vec()).collect();
        assert_eq!(identities, expected.records.identities());
    }

    #[test]
    fn texts_are_not_copied() {
        let (schema, message) = sent(result(100));
        let within = message.as_ptr_range();
        let rows = decoded(&schema, message).unwrap();
        assert!(within.contains(&rows.column(0).as_string::<i32>().value_data().as_ptr()));
    }

    #[test]
    fn a_batch_that_is_cut_off_anywhere_is_reported() {
        let (schema, message) = sent(result(11));
        for length in 0..message.len() {
            assert!(
                read(&SharedTexts::default(), &schema, message.slice(..length)).is_err(),
                "{length} of {}",
                message.len()
            );
        }
    }

    #[test]
    fn a_batch_with_other_columns_is_reported() {
        let mut without = result(2);
        without.pop();
        let (schema, message) = sent(without);
        let error = read(&SharedTexts::default(), &schema, message).unwrap_err().to_string();
        assert_eq!(error, "a batch of rows is not Arrow's: it has no column copies");
        let (schema, message) = sent(vec![("record", Arc::new(Float64Array::from_value(1.5, 2)))]);
        let error = read(&SharedTexts::default(), &schema, message).unwrap_err().to_string();
        assert_eq!(error, "a batch of rows is not Arrow's: its column record is of type Float64");
    }
}
