//! The published system's CSV, and any other with a header of the record's columns: RFC 4180, with or without quotes.

use std::borrow::Cow;

use cnsim::event::{Column, Draft, Value};
use memchr::{memchr, memchr_iter};

use crate::error::LineProblem;
use crate::gather::{Gather, Parsed};

/// Which column stands where.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    columns: Vec<Option<Column>>,
}

/// A header that lacks a column.
#[derive(Debug)]
pub(crate) struct MissingColumn {
    /// The column.
    pub missing: Column,
    /// The columns that there are.
    pub found: String,
}

impl Header {
    /// Whether a line names a column of the record, as no other line does.
    pub(crate) fn is_one(line: &str) -> bool {
        names(line).iter().any(|name| Column::from_name(name).is_some())
    }

    /// The columns that a header line names.
    pub(crate) fn parse(line: &str) -> Result<Self, MissingColumn> {
        let names = names(line);
        let columns: Vec<_> = names.iter().map(|name| Column::from_name(name)).collect();
        match missing(&columns) {
            Some(missing) => Err(MissingColumn { missing, found: names.join(", ") }),
            None => Ok(Self { columns }),
        }
    }
}

/// A column that every event has and these columns lack.
pub(crate) fn missing(columns: &[Option<Column>]) -> Option<Column> {
    let has = |column: Column| columns.contains(&Some(column));
    let needed = [Column::Message, Column::SenderId, Column::ReceiverId, Column::EventType];
    let lacking = needed.into_iter().find(|column| !has(*column));
    let timed = has(Column::ReceivedTimestamp) || has(Column::ReceivedNs);
    lacking.or((!timed).then_some(Column::ReceivedTimestamp))
}

/// Reads a block of whole rows.
pub(crate) fn parse<G: Gather>(header: &Header, block: &[u8], parsed: &mut Parsed<G>) {
    let quotes = if memchr(b'"', block).is_some() { Quotes::Some } else { Quotes::None };
    let mut rest = match std::str::from_utf8(block) {
        Ok(text) => text,
        Err(error) => {
            let good = &block[..error.valid_up_to()];
            parsed.stop = Some((memchr_iter(b'\n', good).count() as u64 + 1, LineProblem::Utf8));
            return;
        }
    };
    let (mut line, mut draft) = (1, Draft::default());
    while !rest.is_empty() {
        draft.clear();
        let row = match quotes {
            Quotes::None => plain_row(header, rest, &mut draft),
            Quotes::Some => quoted_row(header, rest, &mut draft),
        };
        let pushed = row.and_then(|row| {
            if row.values == Values::Given {
                parsed.records.push(draft.complete()?);
            }
            Ok(row.taken)
        });
        match pushed {
            Ok(taken) => {
                line += match quotes {
                    Quotes::None => 1,
                    Quotes::Some => memchr_iter(b'\n', &rest.as_bytes()[..taken]).count() as u64,
                };
                rest = &rest[taken..];
            }
            Err(problem) => {
                parsed.stop = Some((line, problem));
                return;
            }
        }
    }
    parsed.lines = line - 1;
}

/// The end of the last whole row in `block`: a line end within quotes ends no row.
pub(crate) fn last_row_end(block: &[u8]) -> Option<usize> {
    if memchr(b'"', block).is_none() {
        return memchr::memrchr(b'\n', block).map(|at| at + 1);
    }
    let (mut end, mut at) = (None, 0);
    while at < block.len() {
        let (field_end, closed) = field_end(block, at);
        if !closed {
            break;
        }
        if block.get(field_end) == Some(&b'\n') {
            end = Some(field_end + 1);
        }
        at = field_end + 1;
    }
    end
}

#[derive(Clone, Copy)]
enum Quotes {
    None,
    Some,
}

/// What stood in a row.
struct Row {
    values: Values,
    /// Bytes that it took, its line end included.
    taken: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Given,
    /// The line is blank.
    None,
}

fn plain_row<'a>(header: &Header, rest: &'a str, draft: &mut Draft<'a>) -> Result<Row, LineProblem> {
    let end = memchr(b'\n', rest.as_bytes());
    let taken = end.map_or(rest.len(), |end| end + 1);
    let line = &rest[..end.unwrap_or(rest.len())];
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Ok(Row { values: Values::None, taken });
    }
    let (mut found, mut start) = (0, 0);
    for comma in memchr_iter(b',', line.as_bytes()).chain([line.len()]) {
        if let Some(Some(column)) = header.columns.get(found) {
            draft.set_cell(*column, &line[start..comma]);
        }
        (found, start) = (found + 1, comma + 1);
    }
    check(header, found)?;
    Ok(Row { values: Values::Given, taken })
}

fn quoted_row<'a>(header: &Header, rest: &'a str, draft: &mut Draft<'a>) -> Result<Row, LineProblem> {
    let bytes = rest.as_bytes();
    let (mut found, mut start) = (0, 0);
    loop {
        let (end, closed) = field_end(bytes, start);
        if !closed {
            return Err(LineProblem::Quote);
        }
        let last = bytes.get(end) != Some(&b',');
        let field = &rest[start..end];
        let field = if last { field.strip_suffix('\r').unwrap_or(field) } else { field };
        if last && found == 0 && field.is_empty() {
            return Ok(Row { values: Values::None, taken: end + usize::from(end < bytes.len()) });
        }
        if let Some(Some(column)) = header.columns.get(found) {
            draft.set(*column, Value::Text(unquoted(field)));
        }
        found += 1;
        start = end + 1;
        if last {
            check(header, found)?;
            return Ok(Row { values: Values::Given, taken: start.min(bytes.len()) });
        }
    }
}

fn check(header: &Header, found: usize) -> Result<(), LineProblem> {
    let wanted = header.columns.len();
    if found == wanted { Ok(()) } else { Err(LineProblem::Fields { found, wanted }) }
}

/// Where the field that begins at `start` ends, and whether its quotes are closed.
fn field_end(bytes: &[u8], start: usize) -> (usize, bool) {
    let mut at = start;
    if bytes.get(at) == Some(&b'"') {
        at += 1;
        loop {
            match memchr(b'"', &bytes[at..]) {
                None => return (bytes.len(), false),
                Some(quote) if bytes.get(at + quote + 1) == Some(&b'"') => at += quote + 2,
                Some(quote) => {
                    at += quote + 1;
                    break;
                }
            }
        }
    }
    (memchr::memchr2(b',', b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end), true)
}

fn unquoted(field: &str) -> Cow<'_, str> {
    match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
        None => Cow::Borrowed(field),
        Some(inner) if inner.contains('"') => Cow::Owned(inner.replace("\"\"", "\"")),
        Some(inner) => Cow::Borrowed(inner),
    }
}

fn names(line: &str) -> Vec<String> {
    line.trim_end().split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect()
}
