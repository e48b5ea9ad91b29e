//! A table as data: a name, a caption, columns, and rows with a cell for every column.

use std::borrow::Cow;

use super::cell::Cell;
use super::column::Column;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The file's name without its ending.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub caption: Cow<'static, str>,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table whose rows have as many cells as there are columns, which the compiler checks.
    pub(crate) fn new<const N: usize>(
        name: &'static str,
        caption: impl Into<Cow<'static, str>>,
        columns: [Column; N],
        rows: impl IntoIterator<Item = [Cell; N]>,
    ) -> Self {
        Self {
            name,
            caption: caption.into(),
            columns: columns.to_vec(),
            rows: rows.into_iter().map(Vec::from).collect(),
        }
    }

    /// The rows whose cell in `column` is the text `value`: what `--origin` chooses.
    pub fn only(mut self, column: &str, value: &str) -> Self {
        let place = self.columns.iter().position(|candidate| candidate.name == column);
        let place = place.expect("callers name a column of this table");
        self.rows.retain(|row| matches!(&row[place], Cell::Text(text) if text == value));
        self
    }
}
