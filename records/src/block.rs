//! A stream of lines as blocks of whole lines, parsed side by side and put together in order.

use std::io::{self, Read};

use cnsim::event::{ReadError, Record};
use memchr::{memchr, memchr_iter, memrchr};
use rayon::prelude::*;

use crate::csv::{self, Header};
use crate::error::{LineProblem, SourceError};
use crate::gather::{Gather, Parsed, Reader, Reject, Rejects, Take};
use crate::open::Stream;

/// Bytes that one task parses.
const BLOCK: usize = 1 << 21;
/// Blocks that are in the air at once.
const BATCH: usize = 8;
/// The longest row: behind it a closing quote must be missing.
const LONGEST_ROW: usize = 1 << 26;

/// How lines become records.
#[derive(Debug, Clone)]
enum Format {
    Csv(Header),
    JsonLines,
}

/// Reads a stream of lines, which begins with `head`, to its end; gives its digest.
pub(crate) fn read<G: Gather, E: From<SourceError> + Send>(
    mut stream: Stream,
    head: Vec<u8>,
    reader: &mut Reader<'_, '_, G, E>,
) -> Result<String, E> {
    let Reader { new, rejects, take } = reader;
    let (format, head, header_lines) = recognise(&stream.name, head)?;
    let name = stream.name.clone();
    let empty = rejects.emptied();
    let mut line = 1 + header_lines;
    let mut blocks = Blocks { reader: &mut stream, rest: head, spare: Vec::new(), format: &format, ended: false };
    let mut batch = blocks.batch();
    let mut parsed = Vec::new();
    loop {
        let unread = match batch {
            Ok(ref unread) => unread,
            Err(error) => {
                add(&name, parsed, &mut line, rejects, take)?;
                return Err(stream.error(error).into());
            }
        };
        if unread.is_empty() && parsed.is_empty() {
            break;
        }
        let (added, (next, now)) = rayon::join(
            || add(&name, parsed, &mut line, rejects, take),
            || {
                rayon::join(
                    || blocks.batch(),
                    || unread.par_iter().map(|block| parse(&format, block, new(lines(block)), empty.clone())).collect(),
                )
            },
        );
        added?;
        blocks.spare = std::mem::replace(&mut batch, next).unwrap_or_default();
        parsed = now;
    }
    Ok(stream.digest())
}

/// Gives blocks away, in order.
fn add<G, E: From<SourceError>>(
    name: &str,
    blocks: Vec<Parsed<G>>,
    line: &mut u64,
    rejects: &mut Rejects,
    take: &mut Take<'_, G, E>,
) -> Result<(), E> {
    for block in blocks {
        take(block.records)?;
        rejects.append(block.rejects, name, *line - 1);
        if let Some((within, problem)) = block.stop {
            return Err(SourceError::Line { path: name.to_owned(), line: *line + within - 1, problem }.into());
        }
        *line += block.lines;
    }
    Ok(())
}

/// What a stream that begins with `head` holds, and `head` without byte-order mark and header.
fn recognise(name: &str, mut head: Vec<u8>) -> Result<(Format, Vec<u8>, u64), SourceError> {
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    let end = memchr(b'\n', &head).unwrap_or(head.len());
    let claims_csv = [".csv", ".csv.gz", ".csv.zst"].iter().any(|ending| name.ends_with(ending));
    let first = match std::str::from_utf8(&head[..end]) {
        Ok(first) => first,
        Err(_) if claims_csv => {
            return Err(SourceError::Line { path: name.to_owned(), line: 1, problem: LineProblem::Utf8 });
        }
        Err(_) => return Ok((Format::JsonLines, head, 0)),
    };
    if first.trim_start().starts_with('{') || !(claims_csv || Header::is_one(first)) {
        return Ok((Format::JsonLines, head, 0));
    }
    let header = Header::parse(first).map_err(|csv::MissingColumn { missing, found }| SourceError::Column {
        path: name.to_owned(),
        missing,
        found,
    })?;
    head.drain(..head.len().min(end + 1));
    Ok((Format::Csv(header), head, 1))
}

/// How many lines a block has, the last one without an end among them.
fn lines(block: &[u8]) -> usize {
    memchr_iter(b'\n', block).count() + usize::from(!block.ends_with(b"\n"))
}

fn parse<G: Gather>(format: &Format, block: &[u8], records: G, rejects: Rejects) -> Parsed<G> {
    let mut parsed = Parsed { records, lines: 0, rejects, stop: None };
    match format {
        Format::Csv(header) => csv::parse(header, block, &mut parsed),
        Format::JsonLines => parse_json_lines(block, &mut parsed),
    }
    parsed
}

fn parse_json_lines<G: Gather>(block: &[u8], parsed: &mut Parsed<G>) {
    for line in block.strip_suffix(b"\n").unwrap_or(block).split(|byte| *byte == b'\n') {
        parsed.lines += 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let problem = match Record::read_line(line).or_else(|error| read_behind(line).ok_or(error)) {
            Ok(record) => {
                parsed.records.push(&record);
                continue;
            }
            Err(ReadError::NoEvent(_)) if line.starts_with(b"{") && std::str::from_utf8(line).is_err() => {
                LineProblem::Utf8
            }
            Err(ReadError::NoEvent(reason)) => {
                parsed.rejects.push(Reject::new(parsed.lines, reason, line));
                continue;
            }
            Err(error) => error.into(),
        };
        parsed.stop = Some((parsed.lines, problem));
        return;
    }
}

/// The record that a line ends with, where something else stands before it: zeroes of a log that was cut while it was written, or
/// what a log's reader puts before each line.
fn read_behind(line: &[u8]) -> Option<Record<'_>> {
    let at = memchr(b'{', line).filter(|at| *at > 0)?;
    Record::read_line(&line[at..]).ok()
}

/// Cuts a stream where lines end.
struct Blocks<'a> {
    reader: &'a mut Stream,
    /// What stands behind the last block's end.
    rest: Vec<u8>,
    /// Blocks that were parsed: memory for the next ones.
    spare: Vec<Vec<u8>>,
    format: &'a Format,
    ended: bool,
}

impl Blocks<'_> {
    /// The next few blocks; none at the end.
    fn batch(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(block) = self.next()?
        {
            batch.push(block);
        }
        Ok(batch)
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut block = self.spare.pop().unwrap_or_default();
        let mut filled = self.rest.len();
        block.resize(filled + BLOCK, 0);
        block[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        loop {
            if !self.ended {
                let count = fill(self.reader, &mut block[filled..])?;
                self.ended = count == 0;
                filled += count;
            }
            // A line without an end is read on: only quotes can be open by mistake.
            let is_too_long = matches!(self.format, Format::Csv(_)) && filled > LONGEST_ROW;
            if self.ended || is_too_long {
                block.truncate(filled);
                return Ok((!block.is_empty()).then_some(block));
            }
            let end = match self.format {
                Format::Csv(_) => csv::last_row_end(&block[..filled]),
                Format::JsonLines => memrchr(b'\n', &block[..filled]).map(|at| at + 1),
            };
            if let Some(end) = end {
                self.rest.extend_from_slice(&block[end..filled]);
                block.truncate(end);
                return Ok(Some(block));
            }
            block.resize(filled + BLOCK, 0);
        }
    }
}

/// Reads until the buffer is full or nothing is left; gives how many bytes came.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
