//! Parquet with the record's columns, whoever wrote it and in whichever types, record by record.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use cnsim::event::{Column, Draft, Value};
use polars::prelude::{
    DataFrame, DataType, Float64Chunked, Int64Chunked, PolarsError, PolarsResult, Series, StringChunked,
};
use polars_io::mmap::MmapBytesReader;
use polars_io::prelude::{ParquetReader, SerReader};
use rayon::prelude::*;

use crate::csv;
use crate::error::SourceError;
use crate::gather::{Gather, Reader, Take};
use crate::open::Stream;
use crate::schema::FLOAT_TIMESTAMP;

/// What a Parquet file begins with.
pub const MAGIC: &[u8] = b"PAR1";
/// Bytes of a file that holds nothing: what it begins with, the length of its description, what it ends with.
const LENGTH_MIN: u64 = 12;
/// Rows that one thread reads at once.
const PART: usize = 1 << 13;
/// Parts in the air at once.
const AT_ONCE: usize = 4;

/// Reads a file with the record's columns, of whichever types, a group of its rows at a time; gives its digest.
pub(crate) fn read<G: Gather, E: From<SourceError> + Send>(
    stream: Stream,
    head: Vec<u8>,
    reader: &mut Reader<'_, '_, G, E>,
) -> Result<String, E> {
    let Reader { new, take, .. } = reader;
    let name = stream.name.clone();
    match stream.plain.clone() {
        Some(path) => {
            let open = || File::open(&path).map_err(|source| SourceError::Io { path: name.clone(), source });
            let file = Rows { name: &name, open: &open, new: *new };
            let (read, sha256) = rayon::join(|| file.each(take), || digest(stream));
            read.and(sha256.map_err(E::from))
        }
        None => {
            let (bytes, sha256) = slurp(stream, head)?;
            let open = || Ok(Cursor::new(bytes.as_slice()));
            Rows { name: &name, open: &open, new: *new }.each(take)?;
            Ok(sha256)
        }
    }
}

/// The rows of a file, which is opened anew for each group, so that pages of groups that were read leave memory.
struct Rows<'a, F, G> {
    name: &'a str,
    open: &'a (dyn Fn() -> Result<F, SourceError> + Sync),
    new: &'a (dyn Fn(usize) -> G + Sync),
}

impl<F: MmapBytesReader, G: Gather> Rows<'_, F, G> {
    fn each<E: From<SourceError> + Send>(&self, take: &mut Take<'_, G, E>) -> Result<(), E> {
        let mut file = (self.open)()?;
        check_end(self.name, &mut file)?;
        let mut reader = ParquetReader::new(file);
        let schema = reader.schema().map_err(|error| damaged(self.name, &error))?;
        let wanted = wanted(self.name, &schema.iter_names().map(|name| name.to_string()).collect::<Vec<_>>())?;
        let groups = groups(&mut reader).map_err(|error| damaged(self.name, &error))?;
        let mut start = 0;
        for rows in groups {
            let reader = ParquetReader::new((self.open)()?).with_columns(Some(wanted.clone()));
            let frame = reader.with_slice(Some((start, rows))).set_rechunk(true).finish();
            let frame = frame.map_err(|error| damaged(self.name, &error))?;
            self.of_frame(&frame, start, take)?;
            start += rows;
        }
        Ok(())
    }

    /// Gives the records of rows that `before` others stand before. Some are read while the ones before them are taken.
    fn of_frame<E: From<SourceError> + Send>(
        &self,
        frame: &DataFrame,
        before: usize,
        take: &mut Take<'_, G, E>,
    ) -> Result<(), E> {
        let floats = frame.column(FLOAT_TIMESTAMP).ok().and_then(|column| column.bool().ok().cloned());
        let cells: Vec<(Column, Cells)> = frame
            .columns()
            .iter()
            .filter_map(|column| Some((Column::from_name(column.name())?, Cells::of(column.as_materialized_series()))))
            .collect();
        let part = |first: &usize| {
            let rows = *first..frame.height().min(first + PART);
            let mut records = (self.new)(rows.len());
            for row in rows {
                let mut draft = Draft::default();
                for (column, cells) in &cells {
                    draft.set(*column, cells.value(row));
                }
                let mut record = draft.finish().map_err(|error| {
                    let (path, line) = (self.name.to_owned(), (before + row) as u64 + 1);
                    SourceError::Line { path, line, problem: error.into() }
                })?;
                record.float_timestamp |= floats.as_ref().and_then(|floats| floats.get(row)).unwrap_or(false);
                records.push(&record);
            }
            Ok(records)
        };
        let firsts: Vec<usize> = (0..frame.height()).step_by(PART).collect();
        let mut read: Vec<Result<G, SourceError>> = Vec::new();
        for next in firsts.chunks(AT_ONCE).chain([&[][..]]) {
            let (taken, parts) = rayon::join(
                || read.into_iter().try_for_each(|part| take(part?)),
                || next.par_iter().map(part).collect(),
            );
            taken?;
            read = parts;
        }
        Ok(())
    }
}

/// The columns to read of those that there are.
fn wanted(name: &str, names: &[String]) -> Result<Vec<String>, SourceError> {
    let columns: Vec<_> = names.iter().map(|name| Column::from_name(name)).collect();
    if let Some(missing) = csv::missing(&columns) {
        return Err(SourceError::Column { path: name.to_owned(), missing, found: names.join(", ") });
    }
    let known = names.iter().zip(&columns).filter(|(_, column)| column.is_some()).map(|(name, _)| name.clone());
    Ok(known.chain(names.iter().filter(|name| *name == FLOAT_TIMESTAMP).cloned()).collect())
}

/// How many rows each group has.
pub fn groups<F: MmapBytesReader>(reader: &mut ParquetReader<F>) -> PolarsResult<Vec<usize>> {
    Ok(reader.get_metadata()?.row_groups.iter().map(|group| group.num_rows()).collect())
}

/// Refuses a file whose end is missing.
pub fn check_end(name: &str, file: &mut (impl Read + Seek)) -> Result<(), SourceError> {
    let io_error = |source| SourceError::Io { path: name.to_owned(), source };
    let length = file.seek(SeekFrom::End(0)).map_err(io_error)?;
    if length < LENGTH_MIN {
        return Err(cut_off(name));
    }
    let mut magic = [0; 4];
    file.seek(SeekFrom::End(-4)).and_then(|_| file.read_exact(&mut magic)).map_err(io_error)?;
    if magic == *MAGIC { Ok(()) } else { Err(cut_off(name)) }
}

/// The digest of a stream, read to its end.
pub fn digest(mut stream: Stream) -> Result<String, SourceError> {
    match io::copy(&mut stream, &mut io::sink()) {
        Ok(_) => Ok(stream.digest()),
        Err(error) => Err(stream.error(error)),
    }
}

/// The whole of a stream that begins with `head`, and its digest.
fn slurp(mut stream: Stream, head: Vec<u8>) -> Result<(Vec<u8>, String), SourceError> {
    let mut bytes = head;
    match stream.read_to_end(&mut bytes) {
        Ok(_) => Ok((bytes, stream.digest())),
        Err(error) => Err(stream.error(error)),
    }
}

/// The error of a file whose end is missing.
fn cut_off(name: &str) -> SourceError {
    let reason = "it is cut off: its last bytes are not those of Parquet; fetch the file again".to_owned();
    SourceError::Parquet { path: name.to_owned(), reason }
}

/// The error of a file that Polars cannot read.
pub fn damaged(name: &str, error: &PolarsError) -> SourceError {
    SourceError::Parquet { path: name.to_owned(), reason: error.to_string().replace('\n', " ") }
}

/// A column's values by row.
enum Cells {
    Text(StringChunked),
    Whole(Int64Chunked),
    Float(Float64Chunked),
    /// Decimals: whole where nothing stands behind their point, as in times that were kept as such.
    Decimal(Int64Chunked, Float64Chunked),
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
        } else if dtype.is_decimal() {
            let whole = cast(&DataType::Int64).and_then(|cast| Some(cast.i64().ok()?.clone()));
            let float = cast(&DataType::Float64).and_then(|cast| Some(cast.f64().ok()?.clone()));
            whole.zip(float).map(|(whole, float)| Self::Decimal(whole, float))
        } else if let DataType::Datetime(_, zone) = dtype {
            let ns = cast(&DataType::Datetime(polars::prelude::TimeUnit::Nanoseconds, zone.clone()));
            ns.and_then(|ns| Some(Self::Whole(ns.strict_cast(&DataType::Int64).ok()?.i64().ok()?.clone())))
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
            Self::Decimal(whole, float) => match (whole.get(row), float.get(row)) {
                (Some(whole), Some(float)) if float.fract() == 0.0 => Value::Whole(whole),
                (_, Some(float)) => Value::Float(float),
                (_, None) => Value::Null,
            },
            Self::Null => Value::Null,
            Self::Other => Value::Other("a value of another kind"),
        }
    }
}
