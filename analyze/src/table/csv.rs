//! RFC 4180 with LF line ends.

use csv::Writer;

use super::data::Table;

impl Table {
    /// RFC 4180 with LF: full precision, empty where there is no value.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut lines = Writer::from_writer(Vec::new());
        let written = "a record has a field for every column, and memory takes every byte";
        lines.write_record(self.columns.iter().map(|column| column.name)).expect(written);
        for row in &self.rows {
            lines.write_record(row.iter().map(|cell| cell.full().unwrap_or_default())).expect(written);
        }
        lines.into_inner().expect(written)
    }
}
