//! An Arrow batch of a result's rows to records, slice by slice.

use std::fmt::Display;
use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use polars_arrow::array::{Array, PrimitiveArray, Utf8Array};
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::io::ipc::read::{StreamReader, StreamState, read_stream_metadata};
use polars_arrow::record_batch::RecordBatch;
use tokio::sync::OwnedSemaphorePermit;

use super::client::storage::Batch;
use cnsim_records::spool::SharedTexts;

use super::records::{ResultRecords, Row, RowError, Timestamps};

/// Rows that are read at once: their records wait in memory.
const ROWS: usize = 8192;

/// Some rows of a batch, which stays in memory as long as any of them.
#[derive(Debug)]
pub(super) struct Slice {
    record: Utf8Array<i32>,
    received: PrimitiveArray<i64>,
    copies: PrimitiveArray<i64>,
    timestamps: Timestamps,
    /// The stream's next message waits for it.
    _permit: Arc<Option<OwnedSemaphorePermit>>,
}

/// A batch's rows, in order. The schema is the session's.
pub(super) fn slices(
    schema: &Bytes,
    batch: Batch,
    timestamps: Timestamps,
) -> Result<impl Iterator<Item = Slice> + use<>, RowError> {
    let Batch { message, permit, .. } = batch;
    let (rows, permit) = (Rows::of(schema, message)?, Arc::new(permit));
    let count = rows.record.len();
    let slice = move |from: usize| {
        let length = ROWS.min(count - from);
        Slice {
            record: rows.record.clone().sliced(from, length),
            received: rows.received.clone().sliced(from, length),
            copies: rows.copies.clone().sliced(from, length),
            timestamps,
            _permit: Arc::clone(&permit),
        }
    };
    Ok((0..count).step_by(ROWS).map(slice))
}

/// The columns of a batch.
struct Rows {
    record: Utf8Array<i32>,
    received: PrimitiveArray<i64>,
    copies: PrimitiveArray<i64>,
}

impl Rows {
    fn of(schema: &Bytes, message: Bytes) -> Result<Self, RowError> {
        let metadata = read_stream_metadata(&mut Cursor::new(schema)).map_err(damaged)?;
        let names: Vec<String> = metadata.schema.iter_names().map(|name| name.to_string()).collect();
        let mut message = Cursor::new(message);
        let batch = match StreamReader::new(&mut message, metadata, None).next() {
            // The reader skips what a batch ends with, whether or not it is there.
            Some(Ok(StreamState::Some(batch))) if message.position() <= message.get_ref().len() as u64 => batch,
            Some(Err(error)) => return Err(damaged(error)),
            Some(Ok(StreamState::Some(_) | StreamState::Waiting)) | None => {
                return Err(RowError::Batch("it has no rows, or is cut off".to_owned()));
            }
        };
        Ok(Self {
            record: column(&names, &batch, "record")?,
            received: column(&names, &batch, "received")?,
            copies: column(&names, &batch, "copies")?,
        })
    }
}

/// A column of a batch, whose values are shared with it.
fn column<A: Array + Clone + 'static>(names: &[String], batch: &RecordBatch, name: &str) -> Result<A, RowError> {
    let place = names.iter().position(|other| other == name);
    let array = place.and_then(|place| batch.arrays().get(place));
    let array = array.ok_or_else(|| RowError::Batch(format!("it has no column {name}")))?;
    // Times are numbers inside, and no numbers of ours.
    let is_plain = matches!(array.dtype(), ArrowDataType::Utf8 | ArrowDataType::Int64);
    let column = array.as_any().downcast_ref::<A>().filter(|_| is_plain).cloned();
    column.ok_or_else(|| RowError::Batch(format!("its column {name} is of type {:?}", array.dtype())))
}

impl Slice {
    /// Its records.
    pub(super) fn records(&self, shared: &SharedTexts) -> Result<ResultRecords, RowError> {
        let mut result = ResultRecords::new(shared);
        for ((record, received_ns), copies) in self.record.iter().zip(self.received.iter()).zip(self.copies.iter()) {
            let copies = copies.map_or(1, |copies| u64::try_from(*copies).unwrap_or(1));
            let (record, received_ns) = (record.unwrap_or_default(), received_ns.copied());
            result.push(Row { record, received_ns, copies, timestamps: self.timestamps })?;
        }
        Ok(result)
    }
}

fn damaged(error: impl Display) -> RowError {
    RowError::Batch(error.to_string().replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use cnsim_records::gather::Gather;
    use polars_arrow::datatypes::{ArrowSchema, Field};
    use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};

    use super::*;

    const LINES: &str = include_str!("../../../tests/fixtures/flood-n4/events.jsonl");

    /// A session's schema and a batch of these columns, as they are sent.
    fn sent(columns: Vec<(&str, Box<dyn Array>)>) -> (Bytes, Bytes) {
        let field = |(name, array): &(&str, Box<dyn Array>)| Field::new((*name).into(), array.dtype().clone(), true);
        let fields = columns.iter().map(field).map(|field| (field.name.clone(), field));
        let schema: Arc<ArrowSchema> = Arc::new(fields.collect());
        let (height, arrays) = (columns[0].1.len(), columns.into_iter().map(|(_, array)| array).collect());
        let rows = RecordBatch::new(height, Arc::clone(&schema), arrays);
        let mut writer = StreamWriter::new(Vec::new(), WriteOptions::default());
        writer.start(&schema, None).unwrap();
        let mut begun = StreamWriter::new(Vec::new(), WriteOptions::default());
        begun.start(&schema, None).unwrap();
        writer.write(&rows, None).unwrap();
        let schema = begun.into_inner().len();
        let stream = Bytes::from(writer.into_inner());
        (stream.slice(..schema), stream.slice(schema..))
    }

    /// So many rows, of which every third has no number.
    fn result(rows: usize) -> Vec<(&'static str, Box<dyn Array>)> {
        let records: Utf8Array<i32> = LINES.lines().cycle().take(rows).map(Some).collect();
        let received: PrimitiveArray<i64> = (0..rows).map(|row| (row % 3 > 0).then_some(row as i64)).collect();
        let copies = PrimitiveArray::from_vec(vec![3_i64; rows]);
        vec![("record", records.boxed()), ("received", received.boxed()), ("copies", copies.boxed())]
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
        let (schema, message) = sent(vec![("record", PrimitiveArray::from_vec(vec![1.5_f64; 2]).boxed())]);
        let error = read(&SharedTexts::default(), &schema, message).unwrap_err().to_string();
        assert_eq!(error, "a batch of rows is not Arrow's: its column record is of type Float64");
    }
}
