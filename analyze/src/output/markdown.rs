//! Markdown with pipes, as GitHub and Pandoc read it.

use super::Table;

pub(super) fn bytes(table: &Table) -> Vec<u8> {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.name.to_owned()));
    let rule = |column: &super::Column| if column.is_left_aligned() { "---" } else { "---:" }.to_owned();
    line(&mut out, table.columns.iter().map(rule));
    for row in &table.rows {
        let cells = table.columns.iter().zip(row);
        line(&mut out, cells.map(|(column, cell)| escape(&column.rounded(cell).unwrap_or_default())));
    }
    out.into_bytes()
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for field in fields {
        out.push_str("| ");
        out.push_str(&field);
        out.push(' ');
    }
    out.push_str("|\n");
}

/// A cell's words as they are: a pipe would end the cell, and the other marks would change their look.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '|' | '\\' | '*' | '_' | '`' | '<' | '[' => escaped.extend(['\\', char]),
            '\n' | '\r' => escaped.push(' '),
            _ => escaped.push(char),
        }
    }
    escaped
}
