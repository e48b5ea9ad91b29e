//! Parquet with the record's columns, whoever wrote it and in whichever types, record by record.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use cnsim::event::{Column, Draft, Value};
use polars::prelude::{
    DataType, Float64Chunked, Int64Chunked, ParquetReader, PolarsError, SerReader, Series, StringChunked,
};

use super::csv;
use super::error::{LineProblem, SourceError};
use super::open::Stream;
use super::table::Table;

/// What a Parquet file begins with.
pub(crate) const MAGIC: &[u8] = b"PAR1";
/// Bytes of a file that holds nothing: what it begins with, the length of its description, what it ends with.
pub(crate) const LENGTH_MIN: usize = 12;
/// Whether the timestamp came through a float64, as the texts of the record would say.
pub(crate) const FLOAT_TIMESTAMP: &str = "float_timestamp";

/// Reads a file with the record's columns, of whichever types, below `table`; gives its digest.
pub(crate) fn read(stream: Stream, head: Vec<u8>, table: &mut Table) -> Result<String, SourceError> {
    let name = stream.name.clone();
    let (bytes, sha256) = slurp(stream, head)?;
    let mut reader = open(&name, bytes)?;
    let schema = reader.schema().map_err(|error| damaged(&name, &error))?;
    let names: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    let columns: Vec<_> = names.iter().map(|name| Column::from_name(name)).collect();
    if let Some(missing) = csv::missing(&columns) {
        return Err(SourceError::Column { path: name, missing, found: names.join(", ") });
    }
    let known = names.iter().zip(&columns).filter(|(_, column)| column.is_some()).map(|(name, _)| name.clone());
    let wanted = known.chain(names.iter().filter(|name| *name == FLOAT_TIMESTAMP).cloned()).collect();
    let frame = reader.with_columns(Some(wanted)).set_rechunk(true).finish().map_err(|error| damaged(&name, &error))?;
    let floats = frame.column(FLOAT_TIMESTAMP).ok().and_then(|column| column.bool().ok().cloned());
    let cells: Vec<(Column, Cells)> = frame
        .columns()
        .iter()
        .filter_map(|column| Some((Column::from_name(column.name())?, Cells::of(column.as_materialized_series()))))
        .collect();
    for row in 0..frame.height() {
        let mut draft = Draft::default();
        for (column, cells) in &cells {
            draft.set(*column, cells.value(row));
        }
        let line = |problem: LineProblem| SourceError::Line { path: name.clone(), line: row as u64 + 1, problem };
        let mut record = draft.finish().map_err(|error| line(error.into()))?;
        record.float_timestamp |= floats.as_ref().and_then(|floats| floats.get(row)).unwrap_or(false);
        table.push(&record);
    }
    Ok(sha256)
}

/// The whole of a stream that begins with `head`, and its digest.
pub(crate) fn slurp(mut stream: Stream, head: Vec<u8>) -> Result<(Vec<u8>, String), SourceError> {
    let mut bytes = head;
    match stream.read_to_end(&mut bytes) {
        Ok(_) => Ok((bytes, stream.digest())),
        Err(error) => Err(stream.error(error)),
    }
}

/// A reader over a file's bytes.
pub(crate) fn open(name: &str, bytes: Vec<u8>) -> Result<ParquetReader<Cursor<Vec<u8>>>, SourceError> {
    if bytes.len() < LENGTH_MIN || !bytes.ends_with(MAGIC) {
        return Err(cut_off(name));
    }
    Ok(ParquetReader::new(Cursor::new(bytes)))
}

/// The error of a file whose end is missing.
pub(crate) fn cut_off(name: &str) -> SourceError {
    let reason = "it is cut off: its last bytes are not those of Parquet; fetch the file again".to_owned();
    SourceError::Parquet { path: name.to_owned(), reason }
}

/// The error of a file that Polars cannot read.
pub(crate) fn damaged(name: &str, error: &PolarsError) -> SourceError {
    SourceError::Parquet { path: name.to_owned(), reason: error.to_string().replace('\n', " ") }
}

/// A column's values by row.
enum Cells {
    Text(StringChunked),
    Whole(Int64Chunked),
    Float(Float64Chunked),
    Null,
    Other,
}

impl Cells {
    fn of(series: &Series) -> Self {
        let cast = |to: &DataType| series.strict_cast(to).ok();
        let dtype = series.dtype();
        let cells = if dtype.is_integer() {
            cast(&DataType::Int64).and_then(|cast| Some(Self::Whole(cast.i64().ok()?.clone())))
        } else if dtype.is_float() {
            cast(&DataType::Float64).and_then(|cast| Some(Self::Float(cast.f64().ok()?.clone())))
        } else if dtype.is_string() || dtype.is_categorical() || dtype.is_enum() {
            cast(&DataType::String).and_then(|cast| Some(Self::Text(cast.str().ok()?.clone())))
        } else {
            dtype.is_null().then_some(Self::Null)
        };
        cells.unwrap_or(Self::Other)
    }

    fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Text(cells) => cells.get(row).map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text))),
            Self::Whole(cells) => cells.get(row).map_or(Value::Null, Value::Whole),
            Self::Float(cells) => cells.get(row).map_or(Value::Null, Value::Float),
            Self::Null => Value::Null,
            Self::Other => Value::Other("a value of another kind"),
        }
    }
}
