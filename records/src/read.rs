//! A file of any kind, read part by part.

use std::io::Read;

use crate::FileFacts;
use crate::block;
use crate::error::SourceError;
use crate::gather::{Gather, Reader};
use crate::open::Stream;
use crate::parquet;

/// Bytes that tell what a file holds.
const HEAD: u64 = 1 << 16;

/// Reads a file of any kind.
///
/// # Errors
/// Where the file cannot be read or holds no event, and those of who takes its records.
pub fn read<G: Gather, E: From<SourceError> + Send>(
    mut stream: Stream,
    Reader { new, rejects, take }: Reader<'_, '_, G, E>,
) -> Result<FileFacts, E> {
    let (name, rejected, mut rows) = (stream.name.clone(), rejects.count, 0);
    let mut counting = |part: G| {
        rows += part.rows() as u64;
        take(part)
    };
    let mut head = Vec::new();
    if let Err(error) = stream.by_ref().take(HEAD).read_to_end(&mut head) {
        return Err(stream.error(error).into());
    }
    if head.is_empty() {
        return Err(SourceError::Empty { path: name }.into());
    }
    let mut reader = Reader { new, rejects, take: &mut counting };
    let sha256 = if head.starts_with(parquet::MAGIC) {
        parquet::read(stream, head, &mut reader)?
    } else {
        block::read(stream, head, &mut reader)?
    };
    if rows == 0 {
        let none = match rejects.first_of(&name) {
            Some(first) if rejects.count > rejected => SourceError::NoEvents {
                path: name.clone(),
                rejected: rejects.count - rejected,
                line: first.line,
                reason: first.reason.to_owned(),
            },
            Some(_) | None => SourceError::NoRows { path: name },
        };
        return Err(none.into());
    }
    Ok(FileFacts { path: name, sha256, rows })
}
