//! RFC 4180 with LF line ends.

use super::Table;

pub(super) fn bytes(table: &Table) -> Vec<u8> {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.name.to_owned()));
    for row in &table.rows {
        line(&mut out, row.iter().map(|cell| cell.full().unwrap_or_default()));
    }
    out.into_bytes()
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (position, field) in fields.enumerate() {
        if position > 0 {
            out.push(',');
        }
        if field.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push('\n');
}
