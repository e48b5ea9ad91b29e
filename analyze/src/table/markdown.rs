//! Markdown with pipes, as GitHub and Pandoc read it.

use super::column::Column;
use super::data::Table;

impl Table {
    /// A Markdown table with rounded numbers.
    pub fn to_markdown(&self) -> Vec<u8> {
        let mut out = String::new();
        line(&mut out, self.columns.iter().map(|column| column.name.to_owned()));
        let rule = |column: &Column| if column.is_left_aligned() { "---" } else { "---:" }.to_owned();
        line(&mut out, self.columns.iter().map(rule));
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            line(&mut out, cells.map(|(column, cell)| escape(&column.rounded(cell).unwrap_or_default())));
        }
        out.into_bytes()
    }
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
