//! JSON lines, as nodes log them.

use std::io::{self, Write};

use cnsim::event::Record;

/// Writes a line for each row.
pub(super) fn write(records: &[Record<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    for record in records {
        line.clear();
        record.write_line(&mut line);
        out.write_all(&line)?;
    }
    Ok(())
}
