//! JSON lines, as nodes log them.

use std::io::{self, Write};

use cnsim_records::table::Table;

use super::record::record;

/// Writes a line for each row.
pub(super) fn write(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    for row in 0..table.rows() {
        line.clear();
        record(table, row).write_line(&mut line);
        out.write_all(&line)?;
    }
    Ok(())
}
