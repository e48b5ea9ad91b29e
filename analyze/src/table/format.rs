//! In which form a table is printed.

use super::data::Table;

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Columns of text.
    Text,
    /// One array of objects.
    Json,
    /// A header and a line for each row.
    Csv,
}

impl Table {
    /// The table in one of the forms in which commands print.
    pub fn printed(&self, format: TableFormat) -> Vec<u8> {
        match format {
            TableFormat::Text => self.to_text(),
            TableFormat::Json => self.to_json(),
            TableFormat::Csv => self.to_csv(),
        }
    }
}
